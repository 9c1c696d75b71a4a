"""Results come in once, earn what they earn, and are refused where the exam could not be taken."""

from __future__ import annotations

from typing import Any

import pytest

from candidates.models import Candidate, Certification
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from exams import queries, services
from exams.models import Attempt, Exam
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def core() -> Exam:
    return factories.ExamFactory.create(number="350-701", kind="core")


def record(candidate: Candidate, exam: Exam, **changes: Any) -> Attempt:
    arguments = {
        "candidate_id": candidate.pk,
        "exam_number": exam.number,
        "taken_on": day("2021-05-05"),
        "result": "pass",
        "now": noon("2021-05-05"),
    }
    return services.record_attempt(**arguments | changes)


def recorded() -> list[dict[str, Any]]:
    return list(Event.objects.filter(topic="exams.attempt_recorded").values_list("payload", flat=True))


def test_a_result_is_recorded(alice: Candidate, core: Exam) -> None:
    attempt = record(alice, core)
    assert (attempt.result, attempt.recorded_at) == ("pass", noon("2021-05-05"))
    assert recorded() == [{"exam": "350-701", "kind": "core", "result": "pass", "taken_on": "2021-05-05"}]
    assert Event.objects.get(topic="exams.attempt_recorded").candidate_id == alice.pk


def test_reported_twice_it_is_recorded_once(alice: Candidate, core: Exam) -> None:
    assert record(alice, core) == record(alice, core, now=noon("2021-05-07"))
    assert len(recorded()) == 1


@pytest.mark.parametrize(
    ("_case", "retires_on", "changes", "clause"),
    [
        ("the last day", "2021-05-06", {}, None),
        ("the day it retires", "2021-05-05", {}, "EXAM-11"),
        ("after it retired", "2021-05-04", {}, "EXAM-11"),
        ("a day to come", None, {"taken_on": day("2021-05-06")}, "EXAM-09"),
        ("reported later", None, {"now": noon("2021-08-01")}, None),
    ],
)
def test_refusals(
    alice: Candidate, core: Exam, _case: str, retires_on: str | None, changes: dict[str, Any], clause: str | None
) -> None:
    core.retires_on = day(retires_on) if retires_on else None
    core.save()
    if clause is None:
        record(alice, core, **changes)
        return
    with pytest.raises(Refused) as refusal:
        record(alice, core, **changes)
    assert refusal.value.decision.clauses_unmet == (clause,)
    assert not Attempt.objects.exists()
    assert recorded() == []


def test_another_result_of_that_day_needs_a_correction(alice: Candidate, core: Exam) -> None:
    record(alice, core, result="fail")
    with pytest.raises(Refused, match="EXAM-09"):
        record(alice, core, result="pass")
    assert [attempt.result for attempt in Attempt.objects.all()] == ["fail"]


@pytest.mark.parametrize(("result", "earned"), [("pass", 1), ("fail", 0)])
def test_a_pass_earns_what_the_exam_alone_gives(alice: Candidate, result: str, earned: int) -> None:
    track = factories.TrackFactory.create(code="ccna", level="associate")
    exam = factories.ExamFactory.create(number="200-301", kind="associate", earns=track)
    attempt = record(alice, exam, result=result)
    assert Certification.objects.filter(candidate=alice, track=track, status="active").count() == earned
    assert Event.objects.filter(topic="candidates.certification_earned").count() == earned
    if earned:
        term = Certification.objects.get().terms.get()
        assert (term.source, term.starts_on) == (f"exams.attempt:{attempt.pk}", day("2021-05-05"))
        assert list(Event.objects.values_list("topic", flat=True))[-1] == "exams.attempt_recorded"


def test_passes_are_those_that_no_correction_superseded(alice: Candidate, core: Exam) -> None:
    first = record(alice, core, taken_on=day("2020-05-05"))
    wrong = record(alice, core)
    record(alice, core, taken_on=day("2021-04-05"), result="fail")
    Attempt.objects.create(
        candidate=alice,
        exam=core,
        taken_on=wrong.taken_on,
        result="fail",
        supersedes=wrong,
        reason="Scoring error",
        recorded_at=noon("2021-06-01"),
    )
    assert queries.passes_of(alice.pk) == [
        queries.PassFacts(attempt_id=first.pk, exam_number="350-701", kind="core", taken_on=day("2020-05-05"))
    ]


def test_an_exam_retires_on_a_day(alice: Candidate, core: Exam) -> None:
    """EXAM-11: the day can be moved until it has come, and what is taken before it counts."""
    noon_before = noon("2021-05-01")
    services.retire_exam(exam_number=core.number, retires_on=day("2021-05-05"), now=noon_before)
    services.retire_exam(exam_number=core.number, retires_on=day("2021-06-01"), now=noon_before)
    services.retire_exam(exam_number=core.number, retires_on=day("2021-06-01"), now=noon("2021-07-01"))  # told again

    assert Event.objects.filter(topic="exams.exam_retired").count() == 2
    assert record(alice, core, taken_on=day("2021-05-31"), now=noon("2021-06-02")).result == "pass"
    with pytest.raises(Refused, match="EXAM-11"):
        record(alice, core, taken_on=day("2021-06-01"), now=noon("2021-06-02"))


def test_an_exam_that_has_retired_stays_retired(core: Exam) -> None:
    services.retire_exam(exam_number=core.number, retires_on=day("2021-05-05"), now=noon("2021-05-05"))
    with pytest.raises(Refused, match="EXAM-11"):
        services.retire_exam(exam_number=core.number, retires_on=day("2022-05-05"), now=noon("2021-05-05"))
    core.refresh_from_db()
    assert core.retires_on == day("2021-05-05")
    assert Event.objects.filter(topic="exams.exam_retired").count() == 1
