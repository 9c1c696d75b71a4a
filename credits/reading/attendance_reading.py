"""A candidate's sessions at events as they are read: what each has earned, or why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _

from candidates.models import Candidate
from catalog.models import Gathering
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Attendance, Entry
from credits.reading.claim_reading import Tab
from credits.reading.wording import credits_text

PER_PAGE = 25
EARNED, NOTHING = "earned", "nothing"


@dataclass(frozen=True, slots=True)
class Row:
    """A session that somebody attended."""

    attendance: Attendance
    state: str  # earned, cut, refused
    label: str
    credits: int  # what it has earned beside the others (LIVE-06)
    why: Explanation


@dataclass(frozen=True, slots=True)
class EventRows:
    """The sessions of a page that belong to one event."""

    gathering: Gathering
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class CapReached:
    """How far the cap of the running cycle is filled (LIVE-06)."""

    counted: int
    cap: int


def events_page(candidate: Candidate, query: QueryDict, *, day: date) -> dict[str, Any]:
    """A page of the list, narrowed by the address: to what earned or did not, or to one attendance."""
    state = query.get("state", "")
    known = Attendance.objects.filter(candidate=candidate)
    counts = known.aggregate(all=Count("id"), earned=Count("id", filter=Q(earned=True)))
    shown = known.select_related("session_time__session__gathering").order_by(
        "-attended_on", "-session_time__starts_at"
    )
    if state in {EARNED, NOTHING}:
        shown = shown.filter(earned=state == EARNED)
    if (one := query.get("attendance", "")).isdecimal():
        shown = shown.filter(id=one)
    paginator = Paginator(shown, PER_PAGE)
    page: Page[Attendance] = paginator.get_page(query.get("page"))
    return {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "events": _by_event(page.object_list),
        "tabs": _tabs(counts, state),
        "any": counts["all"] > 0,
        "narrowed": bool(one),
        "cap": cap_reached(candidate.id, day=day),
    }


def cap_reached(candidate_id: int, *, day: date) -> CapReached | None:
    """Where the running cycle stands with the cap; None where the day's book knows none, or nothing runs."""
    cap = BOOK.on(day)["live.cycle_cap"].value
    cycle = queries.current_cycle(queries.cycles_of(candidate_id))
    if cap is None or cycle is None:
        return None
    inside = Attendance.objects.filter(candidate_id=candidate_id, earned=True, attended_on__gte=cycle.started_on)
    return CapReached(sum(kept_of(inside).values()), cap)


def _tabs(counts: Mapping[str, int], state: str) -> list[Tab]:
    earned, everything = counts["earned"], counts["all"]
    named = [
        ("", _("All"), everything),
        (EARNED, _("Earned"), earned),
        (NOTHING, _("Earned nothing"), everything - earned),
    ]
    return [
        Tab(label, f"?{urlencode({'state': name})}" if name else "?", name == state, count)
        for name, label, count in named
    ]


def _by_event(attendances: Iterable[Attendance]) -> list[EventRows]:
    attendances = list(attendances)
    kept = kept_of(attendances)
    events: list[EventRows] = []
    for attendance in attendances:
        gathering = attendance.session_time.session.gathering
        if not events or events[-1].gathering != gathering:
            events.append(EventRows(gathering, []))
        events[-1].rows.append(_row(attendance, kept.get(attendance.id, 0)))
    return events


def _row(attendance: Attendance, kept: int) -> Row:
    why = explain(Decision.from_json(attendance.decision))
    if not attendance.earned:
        return Row(attendance, "refused", _("earned nothing"), 0, why)
    if attendance.credits is not None and kept < attendance.credits:
        label = _("cut: %(kept)s of %(credits)s") % {"kept": kept, "credits": credits_text(attendance.credits)}
        return Row(attendance, "cut", label, kept, why)
    return Row(attendance, "earned", _("earned"), kept, why)


def kept_of(attendances: Iterable[Attendance]) -> dict[int, int]:
    """What attendances have earned by the ledger, after the cap; what was used or expired since counts as earned."""
    kinds = Entry.Kind
    moved = Q(kind__in=[kinds.EARNED, kinds.CUT, kinds.CORRECTED, kinds.VOIDED])
    restored = Q(kind=kinds.RESTORED, corrects__kind__in=[kinds.CUT, kinds.VOIDED])
    entries = Entry.objects.filter(moved | restored, grant__attendance__in=attendances)
    return dict(entries.order_by().values_list("grant__attendance").annotate(Sum("amount")))
