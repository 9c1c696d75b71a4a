"""When an exam can be taken again (EXAM-03 to EXAM-07), what opens a lab (EXAM-01, LAB-03), and both for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candidates.models import Candidate
from ceportal.kernel.decisions import Decision
from ceportal.kernel.policy import BOOK
from exams import services
from exams.may_sit import may_sit
from exams.models import Exam
from exams.rules import attempts as rules
from exams.rules.attempts import OpeningFacts, PastResult, RetakeFacts
from tests import factories
from tests.factories import day, noon

WRITTEN = ("entry", "associate", "concentration", "core", "expert_written")


def retake(kind: str, exam_on: str, *results: tuple[str, bool], **lab: Any) -> Decision:
    past = tuple(PastResult(day(taken_on), passed) for taken_on, passed in results)
    return rules.assess_retake(RetakeFacts("x", kind, day(exam_on), past, **lab), BOOK)


@pytest.mark.parametrize(
    ("_case", "kinds", "passed", "taken_on", "opens_on", "clause"),
    [
        ("a written fail", WRITTEN, False, "2021-03-01", "2021-03-07", "EXAM-03"),
        ("across the end of the year", WRITTEN, False, "2020-12-28", "2021-01-03", "EXAM-03"),
        ("across 29 February", WRITTEN, False, "2024-02-27", "2024-03-04", "EXAM-03"),
        ("before the book's first day", WRITTEN, False, "2016-03-01", "2016-03-07", "EXAM-03"),
        ("a failed lab", ["expert_lab"], False, "2026-03-02", "2026-04-02", "EXAM-04"),
        ("a failed lab in a leap year", ["expert_lab"], False, "2024-02-01", "2024-03-03", "EXAM-04"),
        ("an unproctored fail", ["unproctored"], False, "2021-03-01", "2021-03-04", "EXAM-05"),
        ("a pass", [*WRITTEN, "unproctored"], True, "2021-03-01", "2021-08-28", "EXAM-06"),
        ("a pass across 29 February", [*WRITTEN, "unproctored"], True, "2023-10-01", "2024-03-29", "EXAM-06"),
    ],
)
def test_the_wait_after_a_result(
    _case: str, kinds: list[str], passed: bool, taken_on: str, opens_on: str, clause: str
) -> None:
    last_day_of_wait = str(day(opens_on) - timedelta(days=1))
    for kind in kinds:
        refused = retake(kind, last_day_of_wait, (taken_on, passed))
        assert refused.clauses_unmet == (clause,), kind
        assert refused.unmet[0].facts["opens_on"] == day(opens_on)
        assert retake(kind, opens_on, (taken_on, passed)).granted, kind
        assert not retake(kind, taken_on, (taken_on, passed)).granted, "on the day itself"


@pytest.mark.parametrize(
    ("_case", "exam_on", "results", "unmet"),
    [
        ("the later of two fails", "2021-03-11", [("2021-03-01", False), ("2021-03-07", False)], ["EXAM-03"]),
        ("and after it", "2021-03-13", [("2021-03-07", False), ("2021-03-01", False)], []),
        ("a fail after a pass", "2021-08-30", [("2021-03-01", True), ("2021-08-28", False)], ["EXAM-03"]),
        ("both waits at once", "2021-03-08", [("2021-03-01", True), ("2021-03-05", False)], ["EXAM-03", "EXAM-06"]),
        ("a result of a later day", "2021-03-03", [("2021-03-04", False)], []),
        ("nothing taken yet", "2021-03-03", [], []),
    ],
)
def test_several_results(_case: str, exam_on: str, results: list[tuple[str, bool]], unmet: list[str]) -> None:
    assert list(retake("core", exam_on, *results).clauses_unmet) == unmet


def test_a_lab_can_be_failed_as_often_as_its_waits_allow() -> None:
    """EXAM-02: within the validity of the written pass their number is not limited."""
    fails = [(str(day("2021-03-01") + timedelta(days=31 * number)), False) for number in range(30)]
    assert retake("expert_lab", str(day("2021-03-01") + timedelta(days=31 * 30)), *fails).granted


@pytest.mark.parametrize(
    ("hours", "opens_on"), [(24, "2021-03-03"), (25, "2021-03-04"), (48, "2021-03-04"), (72, "2021-03-05")]
)
def test_hours_fill_whole_days_from_the_day_after(hours: int, opens_on: str) -> None:
    with BOOK.overlaid({"retake.unproctored_wait_hours": hours}):
        assert retake("unproctored", "2021-03-02", ("2021-03-01", False)).unmet[0].facts["opens_on"] == day(opens_on)


def test_where_the_book_has_no_such_wait_there_is_none() -> None:
    with BOOK.overlaid({"retake.written_wait_days": None, "retake.after_pass_days": None}):
        assert retake("core", "2021-03-01", ("2021-03-01", False), ("2021-03-01", True)).granted


def test_a_lab_is_not_taken_again_while_its_certification_is_active() -> None:
    """EXAM-07: the 180 days of other exams are none of its business."""
    assert retake("expert_lab", "2026-03-03", ("2026-03-02", True)).granted
    refused = retake("expert_lab", "2026-09-07", certified=True, active_until=day("2029-03-02"))
    assert refused.clauses_unmet == ("EXAM-07",)
    assert refused.unmet[0].facts["opens_on"] == day("2029-03-02")
    assert retake("core", "2026-09-07", certified=True).granted


@pytest.mark.parametrize(
    ("_case", "passed_on", "exam_on", "opened"),
    [
        ("the day before the third anniversary", "2023-05-06", "2026-05-05", True),
        ("the anniversary", "2023-05-06", "2026-05-06", False),
        ("passed on 29 February", "2024-02-29", "2027-02-27", True),
        ("its anniversary is 28 February", "2024-02-29", "2027-02-28", False),
        ("the day of the pass itself", "2023-05-06", "2023-05-06", True),
        ("never passed", None, "2023-05-06", False),
    ],
)
def test_a_written_pass_opens_the_lab_for_three_years(
    _case: str, passed_on: str | None, exam_on: str, opened: bool
) -> None:
    facts = OpeningFacts("350-701", day(passed_on) if passed_on else None, day(exam_on))
    decision = rules.assess_opening(facts, BOOK)
    assert decision.clauses_unmet == (() if opened else ("LAB-03",))


# ── For a candidate and a day ─────────────────────────────────────────────────────────────────────
@pytest.fixture
def core(db: None) -> Exam:
    return factories.ExamFactory.create(number="350-701", kind="core")


@pytest.fixture
def lab(core: Exam) -> Exam:
    return factories.ExamFactory.create(
        number="lab-ccie-security", kind="expert_lab", opened_by=core, earns=factories.TrackFactory.create()
    )


def take(candidate: Candidate, exam: Exam, on: str, result: str) -> None:
    services.record_attempt(
        candidate_id=candidate.pk, exam_number=exam.number, taken_on=day(on), result=result, now=noon(on)
    )


def correct(candidate: Candidate, exam: Exam, on: str, result: str) -> None:
    services.correct_attempt(
        candidate_id=candidate.pk,
        exam_number=exam.number,
        taken_on=day(on),
        result=result,
        reason="scoring error",
        now=noon("2021-03-02"),
    )


def asked(candidate: Candidate, exam: Exam, on: str) -> tuple[tuple[str, ...], str | None]:
    """The clauses that forbid an exam on a day, and from when it could be taken."""
    answer = may_sit(candidate_id=candidate.pk, exam_number=exam.number, day=day(on))
    return answer.decision.clauses_unmet, str(answer.opens_on) if answer.opens_on else None


@pytest.mark.parametrize(
    ("first", "corrected", "clauses", "opens_on"),
    [
        ("fail", None, ("EXAM-03",), "2021-03-07"),
        ("pass", "fail", ("EXAM-03",), "2021-03-07"),
        ("fail", "pass", ("EXAM-06",), "2021-08-28"),
        ("fail", "annulled", (), "2021-03-02"),
        ("pass", "annulled", (), "2021-03-02"),
    ],
)
def test_a_wait_follows_the_result_that_stands(
    alice: Candidate, core: Exam, first: str, corrected: str | None, clauses: tuple[str, ...], opens_on: str
) -> None:
    """EXAM-09: a correction to a fail starts its wait on the exam day, an annulled result leaves none."""
    take(alice, core, "2021-03-01", first)
    if corrected:
        correct(alice, core, "2021-03-01", corrected)
    assert asked(alice, core, "2021-03-02") == (clauses, opens_on)


def test_another_exam_and_another_candidate_wait_for_nothing(alice: Candidate, core: Exam) -> None:
    take(alice, core, "2021-03-01", "fail")
    other = factories.ExamFactory.create(number="350-401", kind="core")
    assert asked(alice, other, "2021-03-02") == ((), "2021-03-02")
    assert asked(factories.CandidateFactory.create(), core, "2021-03-02") == ((), "2021-03-02")


def test_the_latest_of_the_waits_opens_it(alice: Candidate, core: Exam) -> None:
    """CAND-05 beside EXAM-03: of age on the day after the wait."""
    take(alice, core, "2021-03-01", "fail")
    Candidate.objects.update(born=day("2003-03-08"))
    assert asked(alice, core, "2021-03-02") == (("EXAM-03", "CAND-05"), "2021-03-08")
    assert asked(alice, core, "2021-03-08") == ((), "2021-03-08")


def test_what_no_date_opens_has_no_first_day(alice: Candidate, core: Exam) -> None:
    take(alice, core, "2021-03-01", "fail")
    services.retire_exam(exam_number=core.number, retires_on=day("2021-03-05"), now=noon("2021-03-01"))
    assert asked(alice, core, "2021-03-02") == (("EXAM-03",), None), "it retires before the wait is over"
    Candidate.objects.update(country="IR")
    assert asked(alice, core, "2021-03-02") == (("EXAM-03", "CAND-07"), None)


def test_where_it_is_taken_can_be_said(alice: Candidate, core: Exam) -> None:
    """CAND-08: without a place, somewhere that is allowed is meant."""
    Candidate.objects.update(country="SD")
    for held_in, clauses in {"": (), "KE": (), "SD": ("CAND-08",)}.items():
        answer = may_sit(candidate_id=alice.pk, exam_number=core.number, day=day("2021-03-01"), held_in=held_in)
        assert answer.decision.clauses_unmet == clauses


def test_a_lab_wants_its_written_exam_and_no_active_certification(alice: Candidate, core: Exam, lab: Exam) -> None:
    assert asked(alice, lab, "2021-03-01") == (("LAB-03",), None)
    take(alice, core, "2021-03-01", "pass")
    assert asked(alice, lab, "2021-03-01") == ((), "2021-03-01")
    take(alice, lab, "2021-03-10", "pass")
    assert asked(alice, lab, "2024-01-01") == (("EXAM-07",), None), "by the lapse the written pass no longer counts"
    take(alice, core, "2024-01-10", "pass")
    assert asked(alice, lab, "2024-01-11") == (("EXAM-07",), "2024-03-10")
    assert asked(alice, lab, "2024-03-10") == ((), "2024-03-10")


def test_a_pass_counts_until_its_anniversary_unless_it_was_taken_back(alice: Candidate, core: Exam, lab: Exam) -> None:
    """EXAM-01, LAB-03: the written pass opens the lab for so long."""
    take(alice, core, "2021-03-01", "pass")
    assert asked(alice, lab, "2024-02-29") == ((), "2024-02-29")
    assert asked(alice, lab, "2024-03-01") == (("LAB-03",), None)
    assert asked(alice, lab, "2021-02-28") == (("LAB-03",), None), "before it was passed"
    correct(alice, core, "2021-03-01", "annulled")
    assert asked(alice, lab, "2021-03-02") == (("LAB-03",), None)
