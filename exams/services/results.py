"""Results of labs: published as a pass or a fail, and followed where they are corrected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from ceportal.kernel.decisions import Decision, Refused, require
from ceportal.kernel.outbox import emit
from exams import desk_queries as queries
from exams.models import Attempt, Booking
from exams.rules import rereads as rules
from exams.services.attempts import record_attempt
from exams.services.rereads import give_up_reread
from exams.services.states import lock_booking, move_to

PASSED, FAILED = Booking.Status.PASSED, Booking.Status.FAILED


def publish_result(
    *,
    booking_id: int,
    result: str,
    rereadable: bool = True,
    topics: Iterable[str] = (),
    publisher_id: int | None,
    now: datetime,
) -> Booking:
    """Publish the result of a lab that was sat: a pass or a fail, a fail with the topic areas it names (LAB-19).

    `rereadable` says of a fail whether it could turn to a pass (RRD-05). The attempt is that of the exam day, in the
    country of the site. Published before with the same result, nothing changes. Refused where no result is awaited
    (LAB-19, and why), while the clock of a fault is running (INC-01), and while a sanction keeps results back
    (CAND-02). One that the rules forbid is kept as disallowed and counts for nothing, also though this refuses
    (EXAM-08). Emits exams.result_published.
    """
    booking, forbidden = _publish(booking_id, result, rereadable, tuple(topics), publisher_id=publisher_id, now=now)
    if forbidden is not None:
        raise Refused(forbidden)  # outside the transaction, which keeps the disallowed attempt
    return booking


@transaction.atomic
def _publish(
    booking_id: int, result: str, rereadable: bool, topics: tuple[str, ...], *, publisher_id: int | None, now: datetime
) -> tuple[Booking, Decision | None]:
    booking = lock_booking(booking_id)
    if booking.attempt is not None and booking.attempt.result == result:
        return booking, None
    require(
        rules.assess_result(
            rules.ResultFacts(
                status=booking.status,
                result=result,
                fault_running=queries.running_fault(booking.pk) is not None,
                topics=topics,
            )
        )
    )
    sitting = booking.seat.sitting
    attempt = record_attempt(
        candidate_id=booking.candidate_id,
        exam_number=booking.exam.number,
        taken_on=sitting.day,
        result=result,
        held_in=sitting.site.country,
        booked_on=queries.day_at_site(booking, booking.booked_at),
        now=now,
    )
    disallowed = attempt.result == Attempt.Result.DISALLOWED
    failed = disallowed or attempt.result == Attempt.Result.FAIL
    move_to(
        booking,
        FAILED if failed else PASSED,
        now=now,
        attempt=attempt,
        rereadable=(rereadable and not disallowed) if failed else None,
        topics=list(topics),
    )
    if disallowed:
        return booking, Decision.from_json(attempt.decision or [])
    emit(
        "exams.result_published",
        booking,
        now=now,
        track=booking.track.code,
        result=attempt.result,
        by=publisher_id,
    )
    return booking, None


@transaction.atomic
def follow_correction(*, attempt_id: int, now: datetime) -> Booking | None:
    """Let a booking say what its corrected result says (EXAM-09); None where the result is not of a booking.

    What is annulled is no pass any more; a re-read that was only asked for is given up where nothing is left to be read
    (RRD-01). Emits exams.booking_corrected.
    """
    attempt = Attempt.objects.select_related("supersedes").get(id=attempt_id)
    found = Booking.objects.filter(attempt=attempt.supersedes).first() if attempt.supersedes else None
    if found is None:
        return None
    booking = lock_booking(found.pk)
    status = PASSED if attempt.result == Attempt.Result.PASS else FAILED
    if booking.status == status:
        booking.attempt = attempt
        booking.save(update_fields=["attempt"])
    else:
        move_to(booking, status, now=now, attempt=attempt)
    give_up_reread(booking, now=now)
    emit("exams.booking_corrected", booking, now=now, track=booking.track.code, result=attempt.result)
    return booking
