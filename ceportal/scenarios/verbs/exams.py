"""Exams and their results, as the test partner reports them."""

from __future__ import annotations

from datetime import date

from ceportal.kernel.decisions import Decision, Refused
from ceportal.scenarios.binding import Act, does
from exams.models import Attempt
from exams.services import correct_attempt, record_attempt, retire_exam


@does("sit")
def sit(act: Act, *, exam: str, result: str, country: str = "", accept: bool = True) -> None:
    """Sit an exam on this day, whose result is reported at once; one that is disallowed stays, and is refused."""
    attempt = record_attempt(
        candidate_id=act.candidate.pk,
        exam_number=exam,
        taken_on=act.day,
        result=result,
        held_in=country,
        accepts=accept,
        now=act.now,
    )
    if attempt.result == Attempt.Result.DISALLOWED:
        raise Refused(Decision.from_json(attempt.decision or ()))


@does("correct")
def correct(act: Act, *, exam: str, taken_on: date, result: str, reason: str = "The test partner says so.") -> None:
    """Have the partner put another result in the place of one on record."""
    correct_attempt(
        candidate_id=act.candidate.pk, exam_number=exam, taken_on=taken_on, result=result, reason=reason, now=act.now
    )


@does("retire")
def retire(act: Act, *, exam: str) -> None:
    """Let an exam retire on this day."""
    retire_exam(exam_number=exam, retires_on=act.day, now=act.now)
