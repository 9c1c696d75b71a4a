"""Rosters that programs of providers hand in: reported as one uploaded on the page is, without anybody looking (CE-10).

The rows become the lines of a roster, which is checked as a whole and then reported chunk by chunk in the order of
completion, so that a training counts once whatever chunk its repetition is in (CR-04).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from catalog.models import Delivery, ProviderMember
from ceportal.kernel.decisions import Refused
from credits.models import Roster
from credits.rules.rosters import Entry, read_rows
from credits.services import rosters


@transaction.atomic
def hand_in_roster(*, member_id: int, delivery_id: int, rows: Sequence[Any], now: datetime) -> tuple[Roster, list[int]]:
    """Keep the rows of a run to be reported by word of a member; its lines in the order in which that is done (CE-10).

    Delivery.DoesNotExist where the run is not of the member's provider.
    """
    member = ProviderMember.objects.get(id=member_id)
    run = Delivery.objects.select_related("item").get(id=delivery_id, provider_id=member.provider_id)
    content = json.dumps(rows).encode()
    entries = read_rows(rows, item=run.item.code, delivery=run.code)
    roster = rosters.keep_roster(
        member,
        form_key=uuid4(),
        name=run.code,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        entries=entries,
        now=now,
    )
    return roster, [entry.line for entry in sorted(entries, key=_order)]


def _order(entry: Entry) -> tuple[date, int]:
    return entry.completed_on or date.max, entry.line


@transaction.atomic
def try_roster(*, member_id: int, delivery_id: int, rows: Sequence[Any], now: datetime) -> Roster:
    """The dry run of rows, for a caller that takes all of it back again."""
    roster, _lines = hand_in_roster(member_id=member_id, delivery_id=delivery_id, rows=rows, now=now)
    return rosters.check_roster(roster_id=roster.id, now=now)


@transaction.atomic
def report_chunk(*, roster_id: int, lines: Sequence[int], now: datetime) -> Roster:
    """Report these lines, which are the next of a roster; those that somebody has reported meanwhile are left alone.

    The first chunk has the roster checked. One of which nothing can be reported is put aside.
    """
    roster = rosters.check_roster(roster_id=roster_id, now=now)
    if roster.status == Roster.Status.CHECKED:
        try:
            roster = rosters.report_roster(roster_id=roster_id, member_id=roster.uploaded_by_id, now=now)
        except Refused:
            roster = rosters.discard_roster(roster_id=roster_id, now=now)
    rosters.report_lines(roster_id=roster_id, now=now, at_most=len(lines), among=lines)
    return roster
