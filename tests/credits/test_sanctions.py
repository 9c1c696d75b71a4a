"""A sanction and the credit programme: what it bars, and what goes on by its dates until it is lifted (CAND-02)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from candidates.models import Candidate
from ceportal import nightly
from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.models import Event
from credits.models import AdministrativeFee, Claim, CompletionReport, Enrollment, Grant, Recertification
from credits.services import fees
from credits.services.development import record_authored_items, record_workshop
from payments.models import Refund
from tests import factories
from tests.credits.live_world import attend, unmet
from tests.factories import day
from tests.story import Story

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scenario_world")]


@pytest.fixture
def story() -> Story:
    """A professional of June 2020, enrolled in March 2026's cycle, with a claim that waits and one that came back."""
    story = Story(factories.CandidateFactory.create()).to("2026-05-01")
    story.certify("ccnp-enterprise", "2024-06-01")
    story.enroll()
    story.claim("ilt-40", "2026-04-28", "waiting")
    story.claim("ilt-30", "2026-04-29", "returned")
    story.decide("returned", "return")
    return story


def claim(story: Story, label: str) -> Claim:
    return Claim.objects.get(id=story.labels[label])


def author(story: Story) -> Any:
    return record_authored_items(
        candidate_id=story.candidate.id,
        reference="X-1",
        kind="core",
        accepted=2,
        direct=True,
        accepted_on=story.now.date(),
        staff_id=None,
        now=story.now,
    )


def workshop(story: Story) -> Any:
    return record_workshop(
        candidate_id=story.candidate.id,
        reference="W-1",
        kind="jta",
        level="expert",
        days=1,
        held_on=story.now.date(),
        staff_id=None,
        now=story.now,
    )


def test_it_bars_every_act_until_it_is_lifted(story: Story) -> None:
    """One that is for exams only bars none of them."""
    later: list[Callable[[], Any]] = [
        lambda: story.claim("vilt-24", "2026-05-02", "new"),
        lambda: story.claim("ilt-30", "2026-04-29", "returned"),
        lambda: story.decide("waiting", "approve"),
        lambda: story.report("boot-16", "2026-05-02"),
        lambda: author(story),
        lambda: workshop(story),
    ]
    refused: list[Callable[[], Any]] = [
        lambda: story.decide("waiting", "reject"),
        lambda: story.decide("waiting", "return"),
        lambda: story.report("ilt-40", "2026-04-28"),  # which waits as a claim
        *later,
    ]
    story.to("2026-05-03").sanction(permanent=False)
    before = (Grant.objects.count(), CompletionReport.objects.count(), Event.objects.count())
    for act in refused:
        with pytest.raises(Refused) as refusal:
            act()
        # Others than the candidate are not told what was broken.
        assert refusal.value.decision.clauses_unmet in {("CAND-02",), ("CAND-02", "CERT-08")}
    assert (Grant.objects.count(), CompletionReport.objects.count(), Event.objects.count()) == before
    assert (claim(story, "waiting").status, claim(story, "returned").status) == ("submitted", "returned")

    story.lift()
    story.sanction(exams_only=True)
    for act in later:
        act()
    assert Grant.objects.count() == 4


def test_it_bars_from_enrolling(story: Story) -> None:
    other = Story(factories.CandidateFactory.create(), story.today)
    other.certify("ccna", "2025-01-01")
    other.sanction(permanent=False)
    with pytest.raises(Refused, match="CAND-02"):
        other.enroll()
    assert not Enrollment.objects.filter(candidate=other.candidate).exists()
    other.lift()
    other.enroll()


def test_attendance_is_kept_and_earns_once_it_is_reported_again(story: Story) -> None:
    story.to("2026-06-01").sanction(permanent=False)
    attendance = attend(story, "BRKSEC-2020", "2026-06-01")
    assert (attendance.earned, unmet(attendance)) == (False, ("CAND-02",))

    story.to("2026-06-02").lift()
    again = attend(story, "BRKSEC-2020", "2026-06-01")
    assert (again.id, again.earned, story.balance().available) == (attendance.id, True, 2)


def test_providers_do_not_learn_why(story: Story) -> None:
    story.sanction("CERT-08")
    for act in (lambda: story.decide("waiting"), lambda: story.report("boot-16", "2026-05-01")):
        with pytest.raises(Refused) as refusal:
            act()
        told = str(refusal.value.decision.as_json())
        assert "CERT-08" not in told
        assert "sanction" not in told.lower()


def test_a_claim_that_waited_counts_by_its_day_and_its_promise_is_made_anew(story: Story) -> None:
    """CE-10: nobody could answer meanwhile, so nothing is late; then there is as long as for a new claim."""
    story.to("2026-05-02").sanction()
    story.to("2026-08-01")
    assert claim(story, "waiting").escalated_on is None
    assert story.notices("claim_escalated") == 0

    story.lift()
    waiting = claim(story, "waiting")
    assert waiting.answer_due_on == day("2026-08-01") + timedelta(days=10)
    story.decide("waiting")
    assert (waiting.submitted_on, Grant.objects.get().earned_on) == (day("2026-05-01"), day("2026-04-28"))
    assert story.status("ccnp-enterprise") == "active"


def test_what_was_late_before_stays_late(story: Story) -> None:
    story.to("2026-05-12").sanction()
    escalated_on = claim(story, "waiting").escalated_on
    assert escalated_on == day("2026-05-12")
    story.to("2026-06-01").lift()
    assert claim(story, "waiting").answer_due_on == day("2026-05-11")


def test_what_was_completed_under_it_counts_once_it_is_lifted(story: Story) -> None:
    """CAND-02: then everything is as the dates say, and the dates say that the certification was active."""
    story.sanction()
    story.to("2026-05-20").lift()
    story.claim("vilt-24", "2026-05-10", "under it")
    story.decide("under it")
    assert story.balance().available == 24


class TestDatesGoOn:
    def test_credits_expire_with_a_term_that_ends_under_it(self, story: Story) -> None:
        story.report("ilt-64", "2026-05-01")
        story.to("2026-06-01").sanction()
        story.to("2027-05-31")
        assert (story.status("ccnp-enterprise"), story.balance().available) == ("revoked", 64)
        story.to("2027-06-01")
        assert (story.status("ccnp-enterprise"), story.balance().available) == ("revoked", 0)

        story.to("2027-07-01").lift()
        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("inactive", "2027-06-01")
        assert story.lifetime().expired == 64
        assert story.ledger_is_sound()

    def test_a_claim_that_waited_can_undo_the_lapse(self, story: Story) -> None:
        """CE-15: pending when the certification expired, decided after the lifting."""
        story.report("ilt-64", "2026-05-01")
        story.to("2026-06-01").sanction()
        story.to("2027-07-01").lift()
        assert story.status("ccnp-enterprise") == "inactive"
        story.decide("waiting")

        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("active", "2029-05-01")
        assert story.ledger_is_sound()

    def test_a_path_that_a_date_opens_is_found_when_it_is_lifted(self) -> None:
        """CE-09: renewed as of the day that opened the path, which came under the sanction."""
        story = Story(factories.CandidateFactory.create()).to("2018-06-10")
        story.certify("ccie-security", "2018-05-01")
        story.enroll()
        story.report("ilt-64", "2018-06-10")
        story.report("path-50", "2018-06-10")
        story.report("boot-16", "2018-06-10")
        story.to("2020-01-10").sanction()
        story.to("2020-03-01")
        assert not Recertification.objects.exists()

        story.lift()
        assert Recertification.objects.get().requirement_on == day("2020-02-24")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2023-02-24")
        assert story.ledger_is_sound()

    def test_a_record_that_comes_in_under_it_has_its_cycle(self) -> None:
        story = Story(factories.CandidateFactory.create()).to("2026-01-10")
        story.sanction()
        story.certify("ccnp-enterprise", "2025-06-01")
        assert story.cycle_started_on() == "2025-06-01"
        story.to("2026-01-11").lift()
        story.enroll()
        story.report("ilt-40", "2026-01-11")
        assert story.balance().available == 40

    def test_a_result_that_falls_under_it_is_judged_by_its_day(self) -> None:
        """EXAM-09: what it had renewed is again what it was, beneath the sanction."""
        story = Story(factories.CandidateFactory.create()).to("2021-01-10")
        story.certify("ccnp-enterprise", "2020-06-01")
        story.to("2021-05-05").sit("350-401")
        story.sanction()
        story.to("2021-07-01").correct("350-401", "2021-05-05")
        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("revoked", "2023-06-01")
        story.lift()
        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("active", "2023-06-01")


class TestTheFee:
    @pytest.fixture
    def expert(self) -> Story:
        """An expert of 2018 whose credits are there; the fee is what is left."""
        story = Story(factories.CandidateFactory.create()).to("2018-06-10")
        story.certify("ccie-security", "2017-09-01")
        story.enroll()
        story.report("ilt-64", "2018-06-10")
        story.report("ilt-40", "2018-06-10")
        return story

    def test_it_cannot_be_paid_and_then_can(self, expert: Story) -> None:
        expert.sanction(permanent=False)
        with pytest.raises(Refused) as refusal:
            expert.pay_fee()
        assert refusal.value.decision.clauses_unmet == ("CAND-02", "CERT-08")
        expert.to("2018-07-01").lift()
        expert.pay_fee()
        assert Recertification.objects.get().requirement_on == day("2018-07-01")

    def test_what_was_paid_under_it_goes_back(self, expert: Story) -> None:
        """The card page had been opened before; the money came in after the second signature."""
        order = fees.request_fee(candidate_id=expert.candidate.id, now=expert.now)
        expert.sanction(permanent=False)
        expert.pay_fee(order)

        assert not AdministrativeFee.objects.exists()
        assert not Recertification.objects.exists()
        assert "CAND-02" in Refund.objects.get().reason


def test_the_night_runs_twice_and_changes_nothing_more(story: Story) -> None:
    story.to("2026-06-01").sanction()
    story.to("2027-06-01")
    before = (Event.objects.count(), Candidate.objects.get(id=story.candidate.id).notices.count())
    nightly.run_night(day=day("2027-06-01"))
    assert (Event.objects.count(), Candidate.objects.get(id=story.candidate.id).notices.count()) == before


def test_a_decision_that_is_kept_says_that_nothing_barred(story: Story) -> None:
    story.decide("waiting")
    kept = Decision.from_json(claim(story, "waiting").decision)
    assert [each.met for each in kept.findings if each.clause == "CAND-02"] == [True]
