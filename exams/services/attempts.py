"""Results of exams: recorded or disallowed, and corrected; and exams that retire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from candidates import queries as candidates_queries
from candidates.models import Candidate, Case
from candidates.rules import assess_testing
from candidates.services import accept_agreement, earn_certification, lock_candidate, open_case
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Refused, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import queries
from exams.models import Attempt, Exam
from exams.rules import attempts as rules

AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class _Sitting:
    """An exam that was sat: who, what, when and where, and the day on which a lab was booked."""

    candidate: Candidate
    exam: Exam
    taken_on: date
    held_in: str
    booked_on: date
    reported_by: str = ""


class NoLongerStandsError(Exception):
    """The result that was to be corrected does not stand: it was corrected meanwhile, or another one counts."""


@transaction.atomic
def record_attempt(
    *,
    candidate_id: int,
    exam_number: str,
    taken_on: date,
    result: str,
    now: datetime,
    held_in: str = "",
    accepts: bool = True,
    sections: Iterable[Mapping[str, Any]] = (),
    booked_on: date | None = None,
    reported_by: str = "",
) -> Attempt:
    """Record a pass or fail that is reported, judged by the day it was taken; the same report again changes nothing.

    `held_in` is the country in which it was taken, that of residence if it is not said (CAND-08); `accepts` says that
    the candidate accepted the agreement there, which is recorded (CAND-01); `sections` is the report: title and percent
    (EXAM-10); `booked_on` is the day on which a lab was booked, by which EXAM-07 judges; `reported_by` is the code of
    the test partner whose program reports it.

    *Refused*, and nothing is kept, is what cannot be right as reported or comes at the wrong time: a day to come,
    another result of that day or another test partner's report of it (EXAM-09), an exam that had retired (EXAM-11), an
    earlier day's result while a sanction runs (CAND-02). *Disallowed* and kept, with its decision and a case, is what
    happened against the rules: a wait not over (EXAM-03 to EXAM-05), a pass too young or still standing (EXAM-06,
    EXAM-07), the agreement refused (CAND-01), a sanction (CAND-02), age, guardian, residence or place (CAND-04 to
    CAND-08). It is given back with `result` "disallowed": it earns nothing, starts no wait, and stands in the way of
    nothing, not even of the same report once the rules allow it (EXAM-08).

    Where the exam alone earns a certification, a pass earns it. Emits exams.attempt_recorded or
    exams.attempt_disallowed.
    """
    candidate = lock_candidate(candidate_id)
    exam = Exam.objects.select_related("earns").get(number=exam_number)
    of_day = queries.attempts_of_day(candidate_id, exam.pk, taken_on)
    standing = queries.standing_among(of_day)
    _require_own(standing, reported_by)
    if standing is not None and result in queries.reported_of(standing, of_day):
        return standing
    if accepts:
        _accept(candidate, taken_on, now=now)
    sitting = _Sitting(candidate, exam, taken_on, held_in, booked_on or taken_on, reported_by)
    report = _judge_report(sitting, result, standing, today=clock.day_of(now))
    decision = report + _judge(sitting)
    if not report.granted:
        raise Refused(decision)
    if not decision.granted:
        return _disallow(sitting, result, of_day, decision, list(sections), now=now)

    attempt = _keep(sitting, decision, list(sections), now=now, result=result)
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
    _find_late_breaches(sitting, attempt, now=now)
    return attempt


@transaction.atomic
def correct_attempt(
    *,
    candidate_id: int,
    exam_number: str,
    taken_on: date,
    result: str,
    reason: str,
    now: datetime,
    sections: Iterable[Mapping[str, Any]] = (),
    attempt_id: int | None = None,
) -> Attempt:
    """Put another result in the place of one on record, or refuse and say why; the same again changes nothing.

    `attempt_id` is the row that is meant: NoLongerStandsError where it is not the one that stands now.

    The old result stays, superseded (EXAM-09). What rested on it falls, and what the new one brings is judged, by
    those who react to exams.attempt_corrected. A disallowed attempt can be annulled; a pass or fail it becomes only
    where nothing forbids it any more (EXAM-08).
    """
    candidate = lock_candidate(candidate_id)
    exam = Exam.objects.select_related("earns").get(number=exam_number)
    of_day = queries.attempts_of_day(candidate_id, exam.pk, taken_on)
    standing = queries.standing_among(of_day) or queries.disallowed_among(of_day)
    decision = rules.assess_correction(rules.CorrectionFacts(standing.result if standing else None, reason))
    if standing is None or not decision.granted:
        raise Refused(decision)
    repeated = standing.result == result
    if attempt_id not in {None, standing.pk, standing.supersedes_id if repeated else None}:
        raise NoLongerStandsError
    if repeated:
        return standing
    if standing.result == Attempt.Result.DISALLOWED and result != Attempt.Result.ANNULLED:
        judged = _judge(_Sitting(candidate, exam, taken_on, standing.held_in, taken_on))
        decision = require(decision + rules.assess_lifting(judged) + judged)
    attempt = Attempt.objects.create(
        candidate_id=candidate_id,
        exam=exam,
        taken_on=taken_on,
        result=result,
        held_in=standing.held_in,
        reported_by=standing.reported_by,
        sections=list(sections) or None,
        decision=decision.as_json(),
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


# ── Judging ───────────────────────────────────────────────────────────────────────────────────────
def _judge_report(sitting: _Sitting, result: str, standing: Attempt | None, *, today: date) -> Decision:
    """Whether the report can be right and come now; what is amiss here is not kept."""
    bar = candidates_queries.bar_on(sitting.candidate.pk)
    return rules.assess_report(
        rules.ReportFacts(
            exam=sitting.exam.number,
            taken_on=sitting.taken_on,
            reported_on=today,
            result=result,
            retires_on=sitting.exam.retires_on,
            result_on_record=standing.result if standing else None,
        )
    ) + rules.assess_bar_came_first(barred_on=bar.since if bar else None, exam_on=sitting.taken_on)


def _judge(sitting: _Sitting) -> Decision:
    """Whether the rules allowed the sitting: the agreement, the waits, and who may be tested there on that day."""
    candidate, exam, day = sitting.candidate, sitting.exam, sitting.taken_on
    agreed = rules.assess_agreed(
        in_force=candidates_queries.current_agreement(AGREEMENT, day) is not None,
        accepted=candidates_queries.has_accepted_current(candidate, AGREEMENT, day),
    )
    retake = queries.retake_facts(candidate.pk, exam, exam_on=day, booked_on=sitting.booked_on)
    tested = candidates_queries.testing_facts(candidate.pk, exam_on=day, held_in=sitting.held_in or candidate.country)
    # Waits take the value of the day of the result that leaves them; who may be tested, that of the exam day.
    return agreed + rules.assess_retake(retake, BOOK) + assess_testing(tested, BOOK.on(day))


def _accept(candidate: Candidate, day: date, *, now: datetime) -> None:
    """Record that the agreement in force on the exam day was accepted there; where none was, there is nothing to."""
    if day <= clock.day_of(now) and candidates_queries.current_agreement(AGREEMENT, day) is not None:
        accept_agreement(candidate_id=candidate.pk, kind=AGREEMENT, ip_address=None, accepted_on=day, now=now)


# ── What follows ──────────────────────────────────────────────────────────────────────────────────
def _disallow(
    sitting: _Sitting,
    result: str,
    of_day: list[Attempt],
    decision: Decision,
    sections: list[Mapping[str, Any]],
    *,
    now: datetime,
) -> Attempt:
    """Keep what the rules forbid, with its decision, and put it before staff; once a report (EXAM-08)."""
    on_record = next((each for each in of_day if each.reported == result), None)
    _require_own(on_record, sitting.reported_by)
    if on_record is not None:
        return on_record
    disallowed = Attempt.Result.DISALLOWED
    attempt = _keep(sitting, decision, sections, now=now, result=disallowed, reported=result)
    _open_case(Case.Kind.DISALLOWED_RESULT, attempt, decision, [], now=now)
    emit(
        "exams.attempt_disallowed",
        attempt,
        now=now,
        exam=sitting.exam.number,
        reported=result,
        taken_on=sitting.taken_on.isoformat(),
        clauses=list(decision.clauses_unmet),
    )
    return attempt


def _keep(
    sitting: _Sitting, decision: Decision, sections: list[Mapping[str, Any]], *, now: datetime, **values: str
) -> Attempt:
    return Attempt.objects.create(
        candidate=sitting.candidate,
        exam=sitting.exam,
        taken_on=sitting.taken_on,
        held_in=sitting.held_in,
        reported_by=sitting.reported_by,
        sections=sections or None,
        decision=decision.as_json(),
        recorded_at=now,
        **values,
    )


def _require_own(on_record: Attempt | None, reported_by: str) -> None:
    """Refuse a test partner what another has reported (EXAM-09); staff report what they like."""
    another = on_record is not None and bool(reported_by) and on_record.reported_by not in {"", reported_by}
    require(rules.assess_reporter(another=another))


def _find_late_breaches(sitting: _Sitting, attempt: Attempt, *, now: datetime) -> None:
    """Put results of later days before staff that were taken within the wait that this one leaves (EXAM-08).

    They were in order by what was known when they came in, and others may rest on them: taking one back is a
    correction, which a person decides (EXAM-09).
    """
    wait = (rules.PastResult(attempt.taken_on, attempt.result == Attempt.Result.PASS),)
    for later in queries.standing_after(sitting.candidate.pk, sitting.exam, sitting.taken_on):
        facts = rules.RetakeFacts(sitting.exam.number, sitting.exam.kind, later.taken_on, wait)
        decision = rules.assess_retake(facts, BOOK)
        if not decision.granted:
            _open_case(Case.Kind.LATE_BREACH, later, decision, [attempt], now=now)


def _open_case(kind: Case.Kind, attempt: Attempt, decision: Decision, others: list[Attempt], *, now: datetime) -> None:
    open_case(
        key=f"{kind}:exams.attempt:{attempt.pk}",
        kind=kind,
        clause="EXAM-08",
        candidate_id=attempt.candidate_id,
        subject=f"exams.attempt:{attempt.pk}",
        facts={"decision": decision.as_json(), "records": [f"exams.attempt:{each.pk}" for each in others]},
        now=now,
    )


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
