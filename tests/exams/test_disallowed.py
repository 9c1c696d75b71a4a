"""What the rules forbid is kept as disallowed and counts for nothing; what cannot be right is not kept (EXAM-08)."""

from __future__ import annotations

from typing import Any

import pytest

from candidates import services as people
from candidates.models import Acceptance, Candidate, Case, Certification, Sanction, User
from ceportal.kernel import relay
from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.models import Event
from exams import queries, services
from exams.may_sit import may_sit
from exams.models import Attempt, Exam
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam() -> Exam:
    """One that alone earns a certification."""
    track = factories.TrackFactory.create(code="ccna", level="associate")
    return factories.ExamFactory.create(number="200-301", kind="associate", earns=track)


def report(candidate: Candidate, exam: Exam, on: str, result: str = "pass", **other: Any) -> Attempt:
    arguments = {"taken_on": day(on), "result": result, "now": noon(on), **other}
    return services.record_attempt(candidate_id=candidate.pk, exam_number=exam.number, **arguments)


def correct(candidate: Candidate, exam: Exam, on: str, result: str, now: str) -> Attempt:
    return services.correct_attempt(
        candidate_id=candidate.pk,
        exam_number=exam.number,
        taken_on=day(on),
        result=result,
        reason="a scoring error",
        now=noon(now),
    )


def unmet(attempt: Attempt) -> tuple[str, ...]:
    return Decision.from_json(attempt.decision or ()).clauses_unmet


def topics() -> list[str]:
    return list(Event.objects.filter(topic__startswith="exams.").values_list("topic", flat=True))


def sanction(candidate: Candidate, on: str, **how_far: bool) -> Sanction:
    proposing, deciding = factories.UserFactory.create_batch(2, staff=True)
    proposed = people.propose_sanction(
        candidate_id=candidate.pk,
        clause="CAND-02",
        statement="Sold the questions.",
        staff_id=proposing.pk,
        now=noon(on),
        **how_far,
    )
    return people.confirm_sanction(sanction_id=proposed.pk, staff_id=deciding.pk, now=noon(on))


def test_what_comes_too_early_is_kept_and_counts_for_nothing(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    early = report(alice, exam, "2021-03-06")

    assert (early.result, early.reported, unmet(early)) == ("disallowed", "pass", ("EXAM-03",))
    assert not Certification.objects.exists()
    assert queries.passes_of(alice.pk) == []
    assert topics() == ["exams.attempt_recorded", "exams.attempt_disallowed"]
    case = Case.objects.get()
    assert (case.kind, case.clause, case.candidate) == ("disallowed_result", "EXAM-08", alice)
    assert case.subject == f"exams.attempt:{early.pk}"
    assert Decision.from_json(case.facts["decision"]).clauses_unmet == ("EXAM-03",)
    assert may_sit(candidate_id=alice.pk, exam_number=exam.number, day=day("2021-03-07")).decision.granted


def test_the_candidate_is_told_what_does_not_count_and_what_was_corrected(alice: Candidate, exam: Exam) -> None:
    """CE-13, EXAM-09: one message each, however often it is reported."""
    report(alice, exam, "2021-03-01", "fail")
    for _time in range(2):
        report(alice, exam, "2021-03-06")
    correct(alice, exam, "2021-03-01", "annulled", now="2021-03-20")
    while due := relay.take_due(now=noon("2021-03-20")):
        for each in due:
            assert relay.deliver(delivery_id=each, now=noon("2021-03-20"))

    disallowed = alice.notices.get(kind="result_disallowed")
    assert "Exam 200-301 was failed on 1 March 2021, and the wait is not over. (EXAM-03)" in disallowed.body
    corrected = alice.notices.get(kind="result_corrected")
    assert corrected.subject == "Your result of exam 200-301 was corrected"
    assert "Why: a scoring error" in corrected.body
    assert f"/exams/results/{Attempt.objects.get(result='annulled').pk}/" in corrected.body


def test_a_disallowed_fail_starts_no_wait(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    assert report(alice, exam, "2021-03-06", "fail").result == "disallowed"
    assert report(alice, exam, "2021-03-07").result == "pass"


def test_the_same_report_is_kept_once(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    early = report(alice, exam, "2021-03-06")
    assert report(alice, exam, "2021-03-06", now=noon("2021-04-01")) == early
    assert (Attempt.objects.count(), Case.objects.count(), len(topics())) == (2, 1, 2)


def test_once_the_rules_allow_it_the_same_report_counts(alice: Candidate, exam: Exam) -> None:
    """EXAM-09: an annulled result leaves no wait, not even for what was taken meanwhile."""
    report(alice, exam, "2021-03-01", "fail")
    early = report(alice, exam, "2021-03-06")
    correct(alice, exam, "2021-03-01", "annulled", now="2021-03-20")

    counted = report(alice, exam, "2021-03-06", now=noon("2021-03-21"))
    assert (counted.result, counted.taken_on) == ("pass", day("2021-03-06"))
    assert Certification.objects.get().first_certified_on == day("2021-03-06")
    early.refresh_from_db()
    assert early.result == "disallowed"
    assert report(alice, exam, "2021-03-06", now=noon("2021-03-22")) == counted


def test_beside_what_counts_a_disallowed_report_is_another_result_of_the_day(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    report(alice, exam, "2021-03-06")
    correct(alice, exam, "2021-03-01", "annulled", now="2021-03-20")
    assert report(alice, exam, "2021-03-06", "fail", now=noon("2021-03-21")).result == "fail"
    with pytest.raises(Refused, match="EXAM-09"):
        report(alice, exam, "2021-03-06", now=noon("2021-03-22"))


def test_a_disallowed_attempt_can_be_corrected_where_nothing_forbids_it_any_more(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    early = report(alice, exam, "2021-03-06", "fail")
    with pytest.raises(Refused) as refusal:
        correct(alice, exam, "2021-03-06", "pass", now="2021-03-20")
    assert refusal.value.decision.clauses_unmet == ("EXAM-08", "EXAM-03")

    correct(alice, exam, "2021-03-01", "annulled", now="2021-03-20")
    corrected = correct(alice, exam, "2021-03-06", "pass", now="2021-03-20")
    assert (corrected.result, corrected.supersedes) == ("pass", early)
    assert [each.taken_on for each in queries.passes_of(alice.pk)] == [day("2021-03-06")]


def test_a_disallowed_attempt_that_was_annulled_does_not_come_back(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    report(alice, exam, "2021-03-06")
    annulled = correct(alice, exam, "2021-03-06", "annulled", now="2021-03-20")
    correct(alice, exam, "2021-03-01", "annulled", now="2021-03-20")
    assert report(alice, exam, "2021-03-06", now=noon("2021-03-21")) == annulled
    assert queries.passes_of(alice.pk) == []


# ── Who may be tested, and where ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("_case", "person", "held_in", "clause"),
    [
        ("a child", {"born": day("2008-03-02")}, "", "CAND-04"),
        ("on the thirteenth birthday, without a guardian", {"born": day("2008-03-01")}, "", "CAND-05"),
        ("the day before coming of age", {"born": day("2003-03-02")}, "", "CAND-05"),
        ("of age on that day", {"born": day("2003-03-01")}, "", None),
        ("an embargoed country", {"country": "IR"}, "TR", "CAND-07"),
        ("an embargoed region", {"country": "UA", "region": "UA-43"}, "PL", "CAND-07"),
        ("at home where one is tested abroad only", {"country": "SD"}, "", "CAND-08"),
        ("and abroad", {"country": "SD"}, "KE", None),
    ],
)
def test_who_may_be_tested(exam: Exam, _case: str, person: dict[str, Any], held_in: str, clause: str | None) -> None:
    candidate = factories.CandidateFactory.create(**person)
    attempt = report(candidate, exam, "2021-03-01", held_in=held_in)
    assert attempt.result == ("disallowed" if clause else "pass")
    assert attempt.held_in == held_in
    if clause:
        assert clause in unmet(attempt)
    assert Certification.objects.exists() is (clause is None)


def test_a_result_told_late_is_judged_by_the_day_it_was_taken(exam: Exam) -> None:
    """CAND-07: the list of the exam day, not of the day of the report."""
    candidate = factories.CandidateFactory.create(country="RU")
    assert report(candidate, exam, "2022-03-02", "fail", now=noon("2022-04-01")).result == "fail"
    assert unmet(report(candidate, exam, "2022-03-08", now=noon("2022-04-01"))) == ("CAND-07",)


# ── The agreement ─────────────────────────────────────────────────────────────────────────────────
def test_sitting_accepts_the_agreement_of_its_day(alice: Candidate, exam: Exam) -> None:
    """CAND-01: told late, it is still the version that was on the screen that day."""
    signed = factories.AgreementFactory.create(kind="agreement", version="1")
    factories.AgreementFactory.create(kind="agreement", version="2", effective_on=day("2021-03-10"))
    report(alice, exam, "2021-03-01", now=noon("2021-03-20"))
    acceptance = Acceptance.objects.get()
    assert acceptance.agreement == signed
    assert acceptance.accepted_at.date() == day("2021-03-01")


def test_who_refuses_the_agreement_ends_the_attempt(alice: Candidate, exam: Exam) -> None:
    factories.AgreementFactory.create(kind="agreement", version="1")
    ended = report(alice, exam, "2021-03-01", "fail", accepts=False)
    assert (ended.result, unmet(ended)) == ("disallowed", ("CAND-01",))
    assert not Acceptance.objects.exists()
    assert report(alice, exam, "2021-03-02").result == "pass", "it left no wait"


def test_what_was_accepted_before_stands(alice: Candidate, exam: Exam) -> None:
    factories.AgreementFactory.create(kind="agreement", version="1")
    people.accept_agreement(candidate_id=alice.pk, kind="agreement", ip_address=None, now=noon("2021-02-01"))
    assert report(alice, exam, "2021-03-01", accepts=False).result == "pass"
    factories.AgreementFactory.create(kind="agreement", version="2", effective_on=day("2021-04-01"))
    second = factories.ExamFactory.create(number="350-701")
    assert unmet(report(alice, second, "2021-04-01", accepts=False)) == ("CAND-01",)


# ── Sanctions ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("how_far", [{"permanent": True}, {"permanent": False}, {"exams_only": True}])
def test_under_a_sanction_nothing_counts(alice: Candidate, exam: Exam, how_far: dict[str, bool]) -> None:
    sanction(alice, "2021-03-01", **how_far)
    assert unmet(report(alice, exam, "2021-03-01")) == ("CAND-02",)
    assert not Certification.objects.exists()


def test_a_result_of_an_earlier_day_comes_in_once_the_sanction_is_lifted(
    alice: Candidate, exam: Exam, dan: User
) -> None:
    """CAND-02: it bars results, and when it is lifted everything is as the dates say."""
    imposed = sanction(alice, "2021-03-10", permanent=False)
    with pytest.raises(Refused) as refusal:
        report(alice, exam, "2021-03-09", now=noon("2021-03-12"))
    assert refusal.value.decision.clauses_unmet == ("CAND-02",)
    assert not Attempt.objects.exists() and not Case.objects.exists() and topics() == []

    people.lift_sanction(sanction_id=imposed.pk, reason="It was another.", staff_id=dan.pk, now=noon("2021-04-01"))
    assert report(alice, exam, "2021-03-09", now=noon("2021-04-01")).result == "pass"
    assert unmet(report(alice, exam, "2021-03-20", now=noon("2021-04-01")))[0] == "EXAM-06"


# ── Out of order ──────────────────────────────────────────────────────────────────────────────────
def test_a_fail_told_after_a_later_pass_puts_that_before_staff(alice: Candidate, exam: Exam) -> None:
    """EXAM-08: the pass was in order by what was known; taking it back is a correction, which a person decides."""
    passed = report(alice, exam, "2021-03-04")
    far_later = report(alice, exam, "2021-09-01", "fail")
    failed = report(alice, exam, "2021-03-01", "fail", now=noon("2021-09-05"))

    assert failed.result == "fail"
    assert [each.attempt_id for each in queries.passes_of(alice.pk)] == [passed.pk]
    case = Case.objects.get()
    assert (case.kind, case.subject) == ("late_breach", f"exams.attempt:{passed.pk}")
    assert case.facts["records"] == [f"exams.attempt:{failed.pk}"]
    assert far_later.result == "fail"

    correct(alice, exam, "2021-03-04", "annulled", now="2021-09-06")
    assert not Certification.objects.filter(status="active").exists()


def test_a_fail_told_late_counts_for_what_comes_next(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail", now=noon("2021-03-04"))
    assert unmet(report(alice, exam, "2021-03-06")) == ("EXAM-03",)
    assert not Case.objects.filter(kind="late_breach").exists()


def test_another_result_of_the_day_is_refused_with_the_wait_it_breaks(alice: Candidate, exam: Exam) -> None:
    report(alice, exam, "2021-03-01", "fail")
    with pytest.raises(Refused) as refusal:
        report(alice, exam, "2021-03-01")
    assert refusal.value.decision.clauses_unmet == ("EXAM-09", "EXAM-03")
    assert Attempt.objects.count() == 1
