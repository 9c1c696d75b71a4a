"""Whom the feed shows what happened to results and bookings, and what: no more than their reads do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ceportal.kernel.models import Event
from ceportal.partner_api.feed import Audience, to_candidate
from ceportal.partner_api.scopes import TEST_PARTNER
from exams.models import Attempt, Booking


def attempt_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the candidate, and to the test partner whose program reported the result (EXAM-08, EXAM-09)."""
    rows = Attempt.objects.select_related("exam", "candidate").in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        said = {
            "result_id": row.pk,
            "exam": row.exam.number,
            "taken_on": row.taken_on.isoformat(),
            "result": row.result,
            "corrects": row.supersedes_id,
        }
        yield to_candidate(event, row.candidate_id, scope="me:exams", subject=str(row.pk), **said)
        if row.reported_by:
            to_partner = {"candidate": row.candidate.number} | said
            yield Audience(
                event, TEST_PARTNER, row.reported_by, "results:read", str(row.pk), to_partner, row.candidate_id
            )


def booking_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whoever booked (LAB-05)."""
    return _to_whoever_booked([(event, event.subject_id) for event in events])


def desk_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whoever booked, what became of the booking on its day: they sat down, or a fault ended it (LAB-12, INC-02)."""
    return _to_whoever_booked([(event, event.payload["booking"]) for event in events])


def quote_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To whoever asked for another seat, that one is held (RSCH-01)."""
    return _to_whoever_booked([(event, event.payload["new"]) for event in events])


def _to_whoever_booked(told: Sequence[tuple[Event, int]]) -> Iterator[Audience]:
    """Audiences of events about bookings, each with the key of the one it is about."""
    places = Booking.objects.select_related("exam", "track", "seat__sitting__site")
    rows = places.in_bulk({key for _event, key in told})
    for event, key in told:
        row = rows[key]
        sitting = row.seat.sitting
        yield to_candidate(
            event,
            row.candidate_id,
            scope="me:bookings",
            subject=str(row.pk),
            booking=row.pk,
            exam=row.exam.number,
            track=row.track.code,
            site=sitting.site.code,
            day=sitting.day.isoformat(),
            status=row.status,
        )
