"""Whether an exam can be taken again, and whether a result that the test partner reports can be recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from ceportal.kernel.calendar import add_years
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book, Parameter

EXPERT_LAB, UNPROCTORED = "expert_lab", "unproctored"
HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class PastResult:
    """An earlier pass or fail of the same exam that stands: not superseded, not annulled, not disallowed."""

    taken_on: date
    passed: bool


@dataclass(frozen=True, slots=True)
class RetakeFacts:
    """What taking an exam, again or not, depends on by itself."""

    exam: str
    kind: str
    exam_on: date
    results: tuple[PastResult, ...] = ()
    # Of a lab: whether the certification that it earns is active on the booking day, and until when.
    certified: bool = False
    active_until: date | None = None


def assess_retake(facts: RetakeFacts, book: Book) -> Decision:
    """Whether the waits after earlier results of an exam are over, each with the first day it leaves (`opens_on`).

    A fail waits (EXAM-03; labs EXAM-04; unproctored exams EXAM-05), a pass too (EXAM-06); a lab is not taken again
    while the certification is active (EXAM-07). How often it was taken does not matter (EXAM-02). The value of the day
    of each result governs its own wait. What was taken after the exam day says nothing about it.
    """
    before = [each for each in facts.results if each.taken_on <= facts.exam_on]
    after_fail = _after_fail(facts, [each.taken_on for each in before if not each.passed], book)
    if facts.kind == EXPERT_LAB:
        return Decision((after_fail, _not_certified(facts)))
    return Decision((after_fail, _after_pass(facts, [each.taken_on for each in before if each.passed], book)))


@dataclass(frozen=True, slots=True)
class _Wait:
    """The wait that a result leaves: since when, the first day after it, and the value behind it."""

    since: date
    opens_on: date
    because: Parameter


def _longest(waits: list[_Wait]) -> _Wait | None:
    return max(waits, key=lambda wait: wait.opens_on, default=None)


def _after_fail(facts: RetakeFacts, failed_on: list[date], book: Book) -> Finding:
    """The wait after a fail, counted from the day after it: whole days, of hours as many as they fill."""
    clause, name = {
        EXPERT_LAB: ("EXAM-04", "retake.lab_wait_days"),
        UNPROCTORED: ("EXAM-05", "retake.unproctored_wait_hours"),
    }.get(facts.kind, ("EXAM-03", "retake.written_wait_days"))
    waits = []
    for day in failed_on:
        value = book.on(day)[name]
        if value.value is not None:
            days = math.ceil(value.value / HOURS_A_DAY) if facts.kind == UNPROCTORED else value.value
            waits.append(_Wait(day, day + timedelta(days=days + 1), value))
    wait = _longest(waits)
    return finding(
        clause,
        wait is None or facts.exam_on >= wait.opens_on,
        yes=_("The wait after the failed attempt of %(failed_on)s is over.")
        if wait
        else _("No failed attempt of this exam leaves a wait."),
        no=_("Exam %(exam)s was failed on %(failed_on)s, and the wait is not over."),
        next_step=_("You can take it again from %(opens_on)s."),
        because=(wait.because,) if wait else (),
        exam=facts.exam,
        failed_on=wait.since if wait else None,
        opens_on=wait.opens_on if wait else None,
    )


def _after_pass(facts: RetakeFacts, passed_on: list[date], book: Book) -> Finding:
    """The wait after a pass, counted from its own day."""
    values = [(day, book.on(day)["retake.after_pass_days"]) for day in passed_on]
    wait = _longest(
        [_Wait(day, day + timedelta(days=value.value), value) for day, value in values if value.value is not None]
    )
    return finding(
        "EXAM-06",
        wait is None or facts.exam_on >= wait.opens_on,
        yes=_("The pass of %(passed_on)s is long enough ago.") if wait else _("No pass of this exam leaves a wait."),
        no=_("Exam %(exam)s was passed on %(passed_on)s, and the wait is not over."),
        next_step=_("You can take it again under this number from %(opens_on)s."),
        because=(wait.because,) if wait else (),
        exam=facts.exam,
        passed_on=wait.since if wait else None,
        opens_on=wait.opens_on if wait else None,
    )


def _not_certified(facts: RetakeFacts) -> Finding:
    """A lab once passed is not taken again while what it earned is active, wherever the pass is on record (EXAM-07)."""
    return finding(
        "EXAM-07",
        not facts.certified,
        yes=_("You hold no active certification that this lab earns."),
        no=_("You have passed this lab, and the certification is active."),
        next_step=_("If it is not renewed, the lab can be booked again from %(opens_on)s.")
        if facts.active_until
        else _("It can be taken again only once the certification has lapsed."),
        exam=facts.exam,
        opens_on=facts.active_until,
    )


def pass_counts_until(passed_on: date, book: Book) -> date | None:
    """The day on which a written pass no longer counts, its anniversary (EXAM-01); None: it counts for good."""
    years: int | None = book.on(passed_on)["exams.pass_valid_years"].value
    return add_years(passed_on, years) if years is not None else None


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What opens a lab: the written exam, where one is named, and the last pass of it up to the exam day."""

    written: str
    passed_on: date | None
    exam_on: date


def assess_opening(facts: OpeningFacts, book: Book) -> Decision:
    """Whether a written pass still counts on the day of a lab (LAB-03). The value of the day of the pass governs."""
    counts_until = pass_counts_until(facts.passed_on, book) if facts.passed_on else None
    counts = facts.passed_on is not None and (counts_until is None or facts.exam_on < counts_until)
    if facts.passed_on is not None:
        no = _("Your pass of %(written)s of %(passed_on)s counted until the day before %(counts_until_on)s.")
    elif facts.written:
        no = _("There is no pass of %(written)s, which opens this lab.")
    else:
        no = _("No written exam opens this lab at present.")
    return Decision(
        (
            finding(
                "LAB-03",
                counts,
                yes=_("You passed %(written)s on %(passed_on)s, and that counts on the exam day."),
                no=no,
                next_step=_("Pass %(written)s first.") if facts.written else _("Ask the programme which one will."),
                because=(book.on(facts.passed_on)["exams.pass_valid_years"],) if facts.passed_on else (),
                written=facts.written,
                passed_on=facts.passed_on,
                counts_until_on=counts_until,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A result as the test partner reports it, and what is on record for that exam and day."""

    exam: str
    taken_on: date
    reported_on: date
    result: str
    retires_on: date | None
    result_on_record: str | None  # that counts, of the same candidate, exam and day


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


def assess_lifting(attempt: Decision) -> Decision:
    """Whether an attempt that was disallowed can count after all: once nothing forbids it any more (EXAM-08)."""
    return Decision(
        (
            finding(
                "EXAM-08",
                attempt.granted,
                yes=_("Nothing forbids the attempt any more."),
                no=_("The rules forbid this attempt, and no correction makes it count."),
                next_step=_("Put right first what the other findings name."),
            ),
        )
    )


def assess_offered(*, exam: str, retires_on: date | None, exam_on: date) -> Decision:
    """Whether an exam is still offered on a day: before the day it retires (EXAM-11)."""
    return Decision(
        (
            finding(
                "EXAM-11",
                retires_on is None or exam_on < retires_on,
                yes=_("Exam %(exam)s is offered on that day."),
                no=_("Exam %(exam)s retired on %(retires_on)s."),
                next_step=_("Take the exam that replaces it."),
                exam=exam,
                retires_on=retires_on,
            ),
        )
    )


def assess_report(facts: ReportFacts) -> Decision:
    """Whether a report can be right: of a day that has come, an exam not retired by then, once (EXAM-09, EXAM-11)."""
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


def assess_reporter(*, another: bool) -> Decision:
    """Whether a test partner can report a result: not where another has, whose record it does not learn (EXAM-09)."""
    return Decision(
        (
            finding(
                "EXAM-09",
                not another,
                yes=_("No other test partner has reported that exam and day."),
                no=_("Another test partner has reported that exam and day."),
                next_step=_(
                    "Check the candidate and the day of the exam; if they are right, ask the programme's staff."
                ),
            ),
        )
    )


def assess_agreed(*, in_force: bool, accepted: bool) -> Decision:
    """Whether the agreement in force on the exam day was accepted: refusing it ends the attempt (CAND-01)."""
    return Decision(
        (
            finding(
                "CAND-01",
                accepted or not in_force,
                yes=_("The certification and confidentiality agreement is accepted.")
                if in_force
                else _("No agreement was in force on that day."),
                no=_("Without the certification and confidentiality agreement nobody sits an exam: the attempt ended."),
                next_step=_("Accept the agreement when you sit the exam again. The attempt is not refunded."),
            ),
        )
    )


def assess_asked(*, version: str, accepted: bool) -> Decision:
    """That sitting asks for the agreement in force on the day; nobody is refused earlier for want of it (CAND-01)."""
    if not version:
        return Decision(())
    said = (
        _("You have signed the agreement that is in force, version %(version)s.")
        if accepted
        else _("Version %(version)s of the agreement is asked for before the exam begins; you can read it now.")
    )
    return Decision((Finding("CAND-01", True, said, {"version": version}),))


def assess_bar_came_first(*, barred_on: date | None, exam_on: date) -> Decision:
    """Whether no bar began since the exam day: while one runs, results of earlier days are kept back (CAND-02)."""
    return Decision(
        (
            finding(
                "CAND-02",
                barred_on is None or barred_on <= exam_on,
                yes=_("No sanction keeps the result back."),
                no=_("A sanction runs since %(barred_on)s, and no result comes in until it ends."),
                next_step=_("Report the result again once the sanction has been lifted."),
                barred_on=barred_on,
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
