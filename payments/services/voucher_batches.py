"""Vouchers issued from a file: looked at line by line as a dry run, then issued all together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from candidates.models import Candidate
from candidates.services import lock_candidates
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Finding, Refused
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.sheets import Trouble
from payments import voucher_rules
from payments.models import Voucher
from payments.services.vouchers import issue_voucher
from payments.voucher_files import Entry, read_entries

# The column of a file that an unmet clause of the issue speaks of.
COLUMN_OF_CLAUSE: Mapping[str, str] = {"VCH-01": "reference", "VCH-02": "expires_on"}


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of the file would do: a voucher for a candidate, nothing since it was issued before, or what is
    wrong, by column.
    """

    number: int
    given: Mapping[str, str]
    candidate: Candidate | None
    expires_on: date | None
    issued_before: bool
    troubles: Mapping[str, Trouble]

    @property
    def issues(self) -> bool:
        """Whether a voucher would be issued."""
        return not self.troubles and not self.issued_before

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is wrong: the column, and a sentence in the reader's language."""
        return [
            (column, f"{gettext(each.sentence) % each.facts} {gettext(each.next_step)}")
            for column, each in self.troubles.items()
        ]


def look_at_vouchers(*, content: bytes, now: datetime) -> list[Line]:
    """What a file would do, line by line; nothing is issued. kernel.sheets.Unreadable where it cannot be read."""
    entries = read_entries(content)
    numbers = {entry.given["candidate"] for entry in entries}
    references = {entry.given["reference"] for entry in entries} - {""}
    people = {each.number: each for each in Candidate.objects.filter(number__in=numbers)}
    issued = dict(Voucher.objects.filter(reference__in=references).values_list("reference", "candidate_id"))
    return [_look(entry, people, issued, clock.day_of(now)) for entry in entries]


def _look(entry: Entry, people: Mapping[str, Candidate], issued: Mapping[str, int], day: date) -> Line:
    candidate = people.get(entry.given["candidate"])
    holder = issued.get(entry.given["reference"])
    before = candidate is not None and holder == candidate.pk
    troubles = dict(entry.troubles)
    if candidate is None and "candidate" not in troubles:
        nobody = _("There is no candidate with this number.")
        troubles["candidate"] = Trouble(nobody, _("Compare it with the certification records."), {})
    if entry.expires_on is not None and not before:
        another = holder is not None and candidate is not None
        found = voucher_rules.assess_issue(expires_on=entry.expires_on, day=day, issued_to_another=another)
        for each in found.unmet:
            troubles[COLUMN_OF_CLAUSE[each.clause]] = Trouble(each.sentence, each.next_step, each.facts)
    return Line(entry.line, entry.given, candidate, entry.expires_on, before, troubles)


@transaction.atomic
def issue_vouchers(*, content: bytes, staff_id: int | None, now: datetime) -> Sequence[Voucher]:
    """Issue every voucher that a file asks for and that was not issued under its reference before (VCH-01).

    Refused as a whole where a line is wrong (VCH-01, VCH-02): the dry run says which. Handed in again it issues nothing
    more. kernel.sheets.Unreadable where it cannot be read.
    """
    wanted = look_at_vouchers(content=content, now=now)
    lock_candidates(line.candidate.pk for line in wanted if line.candidate is not None)
    lines = look_at_vouchers(content=content, now=now)  # as things stand under the locks
    wrong = [line for line in lines if line.troubles]
    if wrong:
        sentence = _("Line %(line)s cannot be done, so no voucher was issued.")
        step = _("Look at the file again: what is wrong stands beside each line.")
        raise Refused(Decision((Finding("VCH-01", False, sentence, {"line": wrong[0].number}, next_step=step),)))
    return [
        issue_voucher(
            candidate_id=line.candidate.pk,
            expires_on=line.expires_on,
            reference=line.given["reference"],
            issued_by_id=staff_id,
            now=now,
        )
        for line in lines
        if line.issues and line.candidate is not None and line.expires_on is not None
    ]
