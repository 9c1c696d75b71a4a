"""Whether a candidate may sit an exam on a day: everything that speaks for and against, and from when it could be.

The agreement refuses nobody beforehand: sitting asks for it, and this says so (CAND-01). Seats and their payment are no
part of it, which bookings ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from candidates.models import Agreement, Candidate
from candidates.queries import current_agreement, testing_facts
from candidates.rules import TestingFacts, assess_testing
from ceportal.kernel.decisions import Decision
from ceportal.kernel.policy import BOOK
from exams import queries
from exams.models import Exam
from exams.rules import attempts as rules


@dataclass(frozen=True, slots=True)
class MaySit:
    """Every finding, and the first possible day: the one asked for where none is unmet, None where no date opens it."""

    decision: Decision
    opens_on: date | None


def may_sit(*, candidate_id: int, exam_number: str, day: date, held_in: str = "") -> MaySit:
    """Whether an exam may be sat on a day, and the first day from then on when it may if nothing but time passes.

    `held_in` is the country where it would be taken; empty, somewhere that is allowed. A lab is judged as if it were
    booked on that day, too. Exam.DoesNotExist where no exam has the number.
    """
    exam = Exam.objects.select_related("opened_by").get(number=exam_number)
    return may_sit_each(candidate_id=candidate_id, exams=[exam], day=day, held_in=held_in)[exam.pk]


def may_sit_each(*, candidate_id: int, exams: Iterable[Exam], day: date, held_in: str = "") -> dict[int, MaySit]:
    """As `may_sit`, of several exams, by their keys; it asks the database no more than for one."""
    record = queries.exam_record(candidate_id)
    tested = testing_facts(candidate_id, exam_on=day, held_in=held_in)
    asked = _agreement(candidate_id, day)
    answers = {exam.pk: _first_day(record, tested, exam, day) for exam in exams}
    return {key: replace(answer, decision=answer.decision + asked) for key, answer in answers.items()}


def _agreement(candidate_id: int, day: date) -> Decision:
    """Whether the agreement in force on a day is signed, or will be asked for."""
    agreement = current_agreement(Agreement.Kind.AGREEMENT, day)
    if agreement is None:
        return rules.assess_asked(version="", accepted=False)
    accepted = Candidate(pk=candidate_id).acceptances.filter(agreement=agreement).exists()
    return rules.assess_asked(version=agreement.version, accepted=accepted)


def _first_day(record: queries.ExamRecord, tested: TestingFacts, exam: Exam, day: date) -> MaySit:
    asked = decision = _decide(record, tested, exam, day)
    opens_on = day
    while not decision.granted:
        waits = [each.facts.get("opens_on") for each in decision.unmet]
        later = max((wait for wait in waits if wait is not None), default=opens_on)
        if None in waits or later <= opens_on:
            return MaySit(asked, None)
        # Another day may have another value of the book: what opens on it is judged again.
        opens_on = later
        decision = _decide(record, tested, exam, opens_on)
    return MaySit(asked, opens_on)


def _decide(record: queries.ExamRecord, tested: TestingFacts, exam: Exam, day: date) -> Decision:
    """All that taking an exam on a day depends on. The book of the exam day governs who may be tested."""
    decision = rules.assess_offered(exam=exam.number, retires_on=exam.retires_on, exam_on=day)
    decision += rules.assess_retake(record.retake_facts(exam, exam_on=day, booked_on=day), BOOK)
    if exam.kind == Exam.Kind.EXPERT_LAB:
        decision += rules.assess_opening(record.opening_facts(exam, exam_on=day), BOOK)
    return decision + assess_testing(replace(tested, exam_on=day), BOOK.on(day))
