"""Whom the feed shows what happened to claims, rosters and credits, and what: no more than their reads do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from candidates.feed import to_holder_and_partner
from candidates.models import Candidate
from candidates.services.accesses import note_access
from catalog.models import Gathering
from ceportal.kernel.models import Event
from ceportal.partner_api.feed import Audience, to_candidate, write_for
from ceportal.partner_api.models import Application, FeedEntry
from ceportal.partner_api.scopes import ORGANISER, PROVIDER
from credits.exam_team import EXAM_TEAM, may_look
from credits.models import AuthoredItems, Claim, CompletionReport, Cycle, Recertification, Roster, Workshop

SETTLED = "credits.attendance_settled"
EXPIRED = "credits.credits_expired"
MOVES_CREDITS = {"credits.claim_approved": "credits", "credits.claim_voided": "credits_voided"}


def _subjects(rows: Any, events: Sequence[Event]) -> Iterator[tuple[Event, Any]]:
    """Each event with the row it is about."""
    found = rows.in_bulk({event.subject_id for event in events})
    return ((event, found[event.subject_id]) for event in events)


def claim_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the provider who answers a claim, and to whoever made it; without the words of either (CE-10)."""
    for event, claim in _subjects(Claim.objects.select_related("item", "provider", "delivery"), events):
        assert claim.item is not None and claim.provider is not None  # what is handed in is complete
        said = {"claim": claim.number, "status": claim.status, "item": claim.item.code}
        to_provider = said | {
            "delivery": claim.delivery.code if claim.delivery else None,
            "completed_on": claim.completed_on.isoformat(),
            "answer_due_on": claim.answer_due_on.isoformat(),
        }
        yield Audience(
            event, PROVIDER, claim.provider.code, "claims:read", claim.number, to_provider, claim.candidate_id
        )
        yield to_candidate(
            event, claim.candidate_id, scope="me:claims", subject=claim.number, **said, credits=claim.credits
        )
        if event.topic in MOVES_CREDITS:
            moved = {"claim": claim.number, MOVES_CREDITS[event.topic]: claim.credits}
            yield _to_earner(event, claim.candidate_id, claim.number, moved)


def roster_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the provider whose roster it is."""
    for event, roster in _subjects(Roster.objects.select_related("provider"), events):
        said = {
            "roster": str(roster.form_key),
            "status": roster.status,
            "lines_reported": event.payload.get("reported"),
        }
        yield Audience(event, PROVIDER, roster.provider.code, "rosters:read", str(roster.form_key), said)


# ── Credits ───────────────────────────────────────────────────────────────────────────────────────
def report_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whom a provider reported a completion of."""
    told = CompletionReport.objects.select_related("item").only("candidate", "completed_on", "item__code")
    for event, report in _subjects(told, events):
        said = {"item": report.item.code, "completed_on": report.completed_on.isoformat()}
        yield _to_earner(event, report.candidate_id, report.item.code, said)


def attendance_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whoever was at a session that earns something, or did until others were reported; to its organiser (LIVE-06).

    The events say nearly all of it: thousands of scans are told with two queries, or one where no organiser's program
    reads along.
    """
    codes = {event.payload["gathering"] for event in events}
    organisers = dict(Gathering.objects.filter(code__in=codes).exclude(organiser="").values_list("code", "organiser"))
    people = {event.candidate_id or 0 for event in events if event.payload["gathering"] in organisers}
    numbers = dict(Candidate.objects.filter(pk__in=people).values_list("pk", "number")) if people else {}
    for event in events:
        assert event.candidate_id is not None  # of the attendance
        said = {name: event.payload[name] for name in ("gathering", "session", "credits")}
        if said["credits"] or event.topic == SETTLED:
            yield _to_earner(event, event.candidate_id, said["session"], said)
        if said["gathering"] in organisers:
            to_organiser = {"attendance": event.subject_id, "candidate": numbers[event.candidate_id]} | said
            organiser, subject = organisers[said["gathering"]], str(event.subject_id)
            yield Audience(event, ORGANISER, organiser, "scans:read", subject, to_organiser, event.candidate_id)


def tell_expired(expired: Iterable[tuple[int, int, date]], *, now: datetime) -> None:
    """Tell those who can read it, by a login, which of their credits expired: candidate, credits and day of each.

    A night expires them by the hundred thousand and has no events for it, so these entries are written without.
    """
    sums: dict[tuple[int, date], int] = {}
    for candidate_id, credits, day in expired:
        sums[candidate_id, day] = sums.get((candidate_id, day), 0) + credits
    people = Candidate.objects.filter(pk__in={who for who, _day in sums}, user__isnull=False)
    told = set(people.values_list("pk", flat=True))
    event = Event(topic=EXPIRED, occurred_at=now)
    write_for(
        _to_earner(event, who, day.isoformat(), {"expired_on": day.isoformat(), "credits_expired": credits})
        for (who, day), credits in sums.items()
        if who in told
    )


def authored_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whoever wrote the exam items, and to the exam team (XDEV-01)."""
    for event, items in _subjects(AuthoredItems.objects.select_related("candidate"), events):
        yield from _to_author_and_team(event, items, earned_on=items.accepted_on, accepted=items.accepted)


def workshop_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whoever took part in a workshop of the exam team, and to the exam team (XDEV-03)."""
    for event, workshop in _subjects(Workshop.objects.select_related("candidate"), events):
        yield from _to_author_and_team(event, workshop, earned_on=workshop.held_on, days=workshop.days)


def _to_author_and_team(
    event: Event, record: AuthoredItems | Workshop, *, earned_on: date, **reported: int
) -> Iterator[Audience]:
    """To whose record it is, and to the programs of the exam team, whoever reported it: there is one team."""
    said = {"credits": record.credits, "earned_on": earned_on.isoformat()}
    yield _to_earner(event, record.candidate_id, str(record.pk), said)
    to_team = {
        "record": record.pk,
        "reference": record.reference,
        "candidate": record.candidate.number,
        "kind": record.kind,
        **reported,
        **said,
    }
    yield Audience(event, ORGANISER, EXAM_TEAM, "authored-items:read", str(record.pk), to_team, record.candidate_id)


def acts_for_exam_team(application: Application) -> bool:
    """Whether whoever answers for a program of the exam team may look at its records still; others need nobody."""
    return application.tenant != EXAM_TEAM or may_look(application.responsible)


def note_seen_by_exam_team(application: Application, entries: Sequence[FeedEntry], *, page: str, now: datetime) -> None:
    """Write down, in one row, about whom the exam team's program is told: its people are staff (CAND-09)."""
    if application.tenant != EXAM_TEAM:
        return
    note_access(
        user_id=application.responsible_id,
        candidate_ids=[entry.candidate_id for entry in entries if entry.candidate_id],
        record_type=FeedEntry._meta.label_lower,
        record_ids=[entry.pk for entry in entries],
        page=page,
        now=now,
    )


def cycle_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whose cycle it was: what expired with it (CR-03)."""
    for event, cycle in _subjects(Cycle.objects, events):
        said = {"ended_on": cycle.ended_on.isoformat(), "credits_expired": event.payload["expired"]}
        yield _to_earner(event, cycle.candidate_id, cycle.ended_on.isoformat(), said)


def reopening_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whose cycle goes on after all: what expired with it is there again (CR-03)."""
    for event, cycle in _subjects(Cycle.objects, events):
        said = {"started_on": cycle.started_on.isoformat()}
        yield _to_earner(event, cycle.candidate_id, cycle.started_on.isoformat(), said)


def _to_earner(event: Event, candidate_id: int, subject: str, said: dict[str, Any]) -> Audience:
    return to_candidate(event, candidate_id, scope="me:credits", subject=subject, **said)


# ── Renewals ──────────────────────────────────────────────────────────────────────────────────────
def reversal_events(events: Sequence[Event]) -> Iterator[Audience]:
    """As `renewal_events`; and to the holder that the credits are again as if it had not been made (EXAM-09)."""
    yield from renewal_events(events)
    for event in events:
        assert event.candidate_id is not None  # of the certification
        said = {"renewed_on": event.payload["renewed_on"]}
        yield _to_earner(event, event.candidate_id, event.payload["renewed_on"], said)


def renewal_events(events: Sequence[Event]) -> Iterable[Audience]:
    """To holders whose certifications were renewed, or are not after all, and to their partner."""
    return to_holder_and_partner([(event, event.payload["certifications"]) for event in events])


def recertification_events(events: Sequence[Event]) -> Iterator[Audience]:
    """As `renewal_events`; and to the holder which credits it took (CE-09)."""
    yield from renewal_events(events)
    for event, recertification in _subjects(Recertification.objects, events):
        said = {
            "requirement_on": event.payload["requirement_on"],
            "credits_used": recertification.credits_used,
        }
        yield _to_earner(event, recertification.candidate_id, event.payload["requirement_on"], said)
