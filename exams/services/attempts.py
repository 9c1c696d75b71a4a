"""Results of exams: recorded, corrected; and exams that retire."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from candidates.services import earn_certification, lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused, require
from ceportal.kernel.outbox import emit
from exams import queries, rules
from exams.models import Attempt, Exam


@transaction.atomic
def record_attempt(*, candidate_id: int, exam_number: str, taken_on: date, result: str, now: datetime) -> Attempt:
    """Record a result that the test partner reports; the same report again gives the attempt on record.

    Where the exam alone earns a certification, a pass earns it. Refused (EXAM-11) on or after the exam's
    retirement, and (EXAM-09) for a day to come or where another result of that day is on record.
    """
    lock_candidate(candidate_id)
    exam = Exam.objects.select_related("earns").get(number=exam_number)
    on_record = Attempt.objects.filter(
        candidate_id=candidate_id, exam=exam, taken_on=taken_on, supersedes__isnull=True
    ).first()
    require(
        rules.assess_attempt(
            rules.AttemptFacts(
                exam=exam.number,
                taken_on=taken_on,
                reported_on=clock.day_of(now),
                result=result,
                retires_on=exam.retires_on,
                result_on_record=on_record.result if on_record else None,
            )
        )
    )
    if on_record is not None:
        return on_record

    attempt = Attempt.objects.create(
        candidate_id=candidate_id, exam=exam, taken_on=taken_on, result=result, recorded_at=now
    )
    _earn(attempt, now=now)
    emit(
        "exams.attempt_recorded",
        attempt,
        now=now,
        exam=exam.number,
        kind=exam.kind,
        result=result,
        taken_on=taken_on.isoformat(),
    )
    return attempt


@transaction.atomic
def correct_attempt(
    *, candidate_id: int, exam_number: str, taken_on: date, result: str, reason: str, now: datetime
) -> Attempt:
    """Put another result in the place of one on record, or refuse and say why; the same again changes nothing.

    The old result stays, superseded (EXAM-09). What rested on it falls, and what the new one brings is judged, by
    those who react to exams.attempt_corrected.
    """
    lock_candidate(candidate_id)
    exam = Exam.objects.select_related("earns").get(number=exam_number)
    standing = queries.standing_attempt(candidate_id, exam.pk, taken_on)
    decision = rules.assess_correction(rules.CorrectionFacts(standing.result if standing else None, reason))
    if standing is None or not decision.granted:
        raise Refused(decision)
    if standing.result == result:
        return standing
    attempt = Attempt.objects.create(
        candidate_id=candidate_id,
        exam=exam,
        taken_on=taken_on,
        result=result,
        supersedes=standing,
        reason=reason.strip(),
        recorded_at=now,
    )
    _earn(attempt, now=now)
    emit(
        "exams.attempt_corrected",
        attempt,
        now=now,
        exam=exam.number,
        before=standing.result,
        result=result,
        taken_on=taken_on.isoformat(),
    )
    return attempt


@transaction.atomic
def retire_exam(*, exam_number: str, retires_on: date, now: datetime) -> Exam:
    """Let an exam retire on a day: from then on nobody takes it (EXAM-11). The day can be moved until it has come.

    Refused (EXAM-11) once it has retired. Emits exams.exam_retired.
    """
    exam = Exam.objects.select_for_update(no_key=True).get(number=exam_number)
    if exam.retires_on == retires_on:
        return exam
    require(rules.assess_retirement(retires_on=exam.retires_on, day=clock.day_of(now)))
    exam.retires_on = retires_on
    exam.save(update_fields=["retires_on"])
    emit("exams.exam_retired", exam, now=now, exam=exam.number, retires_on=retires_on.isoformat())
    return exam


def _earn(attempt: Attempt, *, now: datetime) -> None:
    """Certify the candidate where the exam alone earns a certification (CERT-04).

    That comes before the result is told: whoever hears of a pass may rest a renewal on what it earned.
    """
    if attempt.exam.earns is not None and attempt.result == Attempt.Result.PASS:
        earn_certification(
            candidate_id=attempt.candidate_id,
            track_code=attempt.exam.earns.code,
            earned_on=attempt.taken_on,
            source=f"exams.attempt:{attempt.pk}",
            now=now,
        )
