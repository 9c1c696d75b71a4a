"""Whether a result that the test partner reports can be recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """A reported result, and what is on record for that exam and day."""

    exam: str
    taken_on: date
    reported_on: date
    result: str
    retires_on: date | None
    result_on_record: str | None  # of the same candidate, exam and day


@dataclass(frozen=True, slots=True)
class CorrectionFacts:
    """A correction of a result that the test partner reports."""

    result_on_record: str | None  # the one that counts now; None where there is none
    reason: str


def assess_correction(facts: CorrectionFacts) -> Decision:
    """Whether a result can be corrected: at any time, where there is one and it is said why (EXAM-09)."""
    return Decision(
        (
            finding(
                "EXAM-09",
                facts.result_on_record is not None,
                yes=_("A result of that exam and day is on record."),
                no=_("No result of that exam and day is on record."),
                next_step=_("Check the number and the day of the exam, or report the result first."),
            ),
            finding(
                "EXAM-09",
                bool(facts.reason.strip()),
                yes=_("It is said why the result was wrong."),
                no=_("A result is not corrected without saying why it was wrong."),
                next_step=_("Name the evidence: misconduct, a scoring error or abnormal answers."),
            ),
        )
    )


def assess_attempt(facts: AttemptFacts) -> Decision:
    """A result is recorded once, for a day that has come, of an exam that had not retired by then."""
    return Decision(
        (
            finding(
                "EXAM-11",
                facts.retires_on is None or facts.taken_on < facts.retires_on,
                yes=_("Exam %(exam)s could be taken on %(taken_on)s."),
                no=_("Exam %(exam)s retired on %(retires_on)s and could not be taken on %(taken_on)s."),
                next_step=_("Check the number and the day of the exam with the test partner."),
                exam=facts.exam,
                taken_on=facts.taken_on,
                retires_on=facts.retires_on,
            ),
            finding(
                "EXAM-09",
                facts.taken_on <= facts.reported_on,
                yes=_("The exam was taken on %(taken_on)s."),
                no=_("%(taken_on)s has not come yet, so there is no official result."),
                next_step=_("Check the day of the exam with the test partner."),
                taken_on=facts.taken_on,
            ),
            finding(
                "EXAM-09",
                facts.result_on_record in {None, facts.result},
                yes=_("No other result of that exam and day is on record."),
                no=_("Another result of that exam and day is on record: %(result_on_record)s."),
                next_step=_("Report a correction, which says why the first result was wrong."),
                result_on_record=facts.result_on_record,
            ),
        )
    )


def assess_retirement(*, retires_on: date | None, day: date) -> Decision:
    """Whether the day on which an exam retires can be set or moved: not any more once it has retired (EXAM-11)."""
    return Decision(
        (
            finding(
                "EXAM-11",
                retires_on is None or day < retires_on,
                yes=_("The exam has not retired yet."),
                no=_("The exam retired on %(retires_on)s."),
                next_step=_("Enter the exam that replaces it under its own number."),
                retires_on=retires_on,
            ),
        )
    )
