"""More dated stories: what happens in an unusual order, late, on the very day, or to several certifications at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from catalog.models import Item, Provider
from ceportal import nightly
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from credits.models import AdministrativeFee, Claim, Cycle, Entry, Recertification
from credits.services import claims, fees, reports, reviews
from emeritus.services import import_emeritus
from exams.services import record_attempt
from payments.models import Order, Payment, Refund
from payments.services.orders import complete_order
from tests import factories
from tests.reference_data import load_reference
from tests.story import Story, day, refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]
    load_reference()


@pytest.fixture
def story() -> Story:
    return Story(factories.CandidateFactory.create())


@pytest.fixture
def professional_2021(story: Story) -> Story:
    """An enrolled professional of 2021, valid until 1 June 2023."""
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    return story


@pytest.fixture
def fee_due_2020(story: Story) -> Story:
    """An expert with a hundred credits on 10 February 2020, for whom only the fee is left."""
    story.to("2019-06-01").certify("ccie-security", "2018-09-01")
    story.enroll()
    story.report("ilt-64", "2019-05-20")
    story.to("2020-02-10").report("ilt-40", "2020-02-08")
    return story


def refused(clause: str, act: Callable[[], object]) -> None:
    """The act is refused with the clause, and nothing comes of it."""
    before = (Event.objects.count(), Entry.objects.count())
    with pytest.raises(Refused) as refusal:
        act()
    assert clause in refused_with(refusal.value)
    assert (Event.objects.count(), Entry.objects.count()) == before


def cycles_of(story: Story) -> list[tuple[str, str, str]]:
    rows = Cycle.objects.filter(candidate=story.candidate, withdrawn_at__isnull=True).order_by("started_on")
    return [(str(row.started_on), str(row.ended_on), row.end_reason) for row in rows]


def import_in_emeritus(story: Story, until: str) -> None:
    import_emeritus(
        candidate_id=story.candidate.id,
        track_code="ccie-security",
        certified_on=day("2005-03-01"),
        until=day(until),
        now=story.now,
    )


def published_late(story: Story, exam: str, taken_on: str) -> None:
    record_attempt(
        candidate_id=story.candidate.id, exam_number=exam, taken_on=day(taken_on), result="pass", now=story.now
    )


class TestImports:
    """CR-02: records come in one by one, in any order."""

    @pytest.mark.parametrize("highest_first", [True, False])
    def test_the_order_does_not_matter(self, story: Story, *, highest_first: bool) -> None:
        records = [("ccie-security", "2019-05-01"), ("ccie-data-center", "2020-03-01"), ("ccna", "2020-12-01")]
        for track, certified_on in records if highest_first else reversed(records):
            story.to("2021-01-10").certify(track, certified_on)
        assert cycles_of(story) == [("2020-03-01", "None", "")]

    def test_a_claim_that_an_import_puts_before_the_first_cycle_is_not_approved(self, story: Story) -> None:
        story.to("2021-01-10").certify("ccna", "2020-09-01")
        story.enroll()
        story.claim("ilt-40", "2020-11-20")
        story.to("2021-01-11").certify("ccnp-enterprise", "2020-12-01")
        assert story.cycle_started_on() == "2020-12-01"

        refused("CR-06", story.decide)
        assert story.decide(outcome="reject").status == "rejected"

    def test_one_that_had_lapsed_on_record_ends_no_cycle(self, story: Story) -> None:
        story.to("2021-01-10").certify("ccie-security", "2016-05-01", "2016-05-01")
        assert (story.status("ccie-security"), story.cycle_started_on()) == ("inactive", None)
        story.certify("ccnp-enterprise", "2018-09-01")
        story.enroll()
        story.report("ilt-40", "2021-01-08")
        story.to("2021-02-01")
        assert cycles_of(story) == [("2018-09-01", "None", "")]
        assert story.balance().available == 40

    def test_a_lower_one_earned_on_the_first_day_of_a_higher_starts_no_cycle(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.certify("ccna")
        assert cycles_of(story) == [("2021-03-01", "None", "")]

    def test_an_entry_level_certification_starts_and_ends_no_cycle(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.sit("100-150")
        assert cycles_of(story) == [("2021-03-01", "None", "")]


class TestATermBoughtAhead:
    """CE-09: what is earned while a bought term waits is judged on the day on which it begins."""

    def test_it_may_begin_after_the_change_of_2020(self, story: Story) -> None:
        """Then the renewal of that day takes the place of the bought term, since its basis is the requirement date."""
        story.to("2019-06-01").certify("ccie-security", "2018-05-01")
        story.sit("400-007")
        story.to("2020-03-02").sit("400-007")
        assert Recertification.objects.count() == 1

        story.to("2020-05-01")

        assert Recertification.objects.latest("requirement_on").requirement_on == day("2020-05-01")
        assert story.lapses_on("ccie-security") == "2023-05-01"
        assert story.cycle_started_on() == "2020-05-02"

    def test_a_late_record_at_the_level_does_not_wait_for_it(self, story: Story) -> None:
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.enroll()
        story.report("ilt-64", "2018-01-08")
        story.report("ilt-40", "2018-01-09")
        story.to("2018-02-01").pay_fee()
        story.to("2018-02-03").certify("ccie-data-center", "2017-01-01")
        story.to("2018-04-02").report("path-50", "2018-03-01")
        story.report("dig-40", "2018-03-02")
        story.report("boot-16", "2018-04-01")
        story.pay_fee()
        assert story.lapses_on("ccie-data-center") == "2021-01-01"
        assert story.lapses_on("ccie-security") == "2020-05-01"


class TestTheFeeThatIsNotDueAnyMore:
    """CE-06, CE-08: a page left open is paid when nothing is owed; the money goes back and the cycle bears no fee."""

    def _paid(self, story: Story, order: Order, hour: int = 12) -> None:
        moment = clock.at(story.now.date(), hour)
        order.refresh_from_db()
        payment = Payment.objects.create(
            order=order,
            amount_cents=order.total_cents,
            session_id=f"cs_{order.id}",
            status=Payment.Status.SUCCEEDED,
            paid_at=moment,
            created_at=moment,
            expires_at=moment,
            next_check_at=moment,
        )
        complete_order(payment.order, paid_at=moment, now=moment)

    def _order(self, story: Story) -> Order:
        return fees.request_fee(candidate_id=story.candidate.id, now=story.now)

    def test_the_last_day_of_the_fee(self, fee_due_2020: Story) -> None:
        fee_due_2020.to("2020-02-23").pay_fee()
        assert fee_due_2020.lapses_on("ccie-security") == "2023-09-01"
        assert not Refund.objects.exists()

    def test_a_day_later(self, fee_due_2020: Story) -> None:
        order = self._order(fee_due_2020.to("2020-02-23"))
        self._paid(fee_due_2020.to("2020-02-24"), order)
        assert Refund.objects.get().payment.order == order
        assert not AdministrativeFee.objects.exists()
        assert not Recertification.objects.exists()

    def test_renewed_by_an_exam_on_the_same_day(self, fee_due_2020: Story) -> None:
        order = self._order(fee_due_2020.to("2020-02-12"))
        fee_due_2020.sit("400-007")
        self._paid(fee_due_2020, order)
        assert Refund.objects.count() == 1
        assert not AdministrativeFee.objects.exists()

    def test_inactive_since_midnight(self, story: Story) -> None:
        """The night has not been run yet; the day has come all the same."""
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.enroll()
        story.report("ilt-64", "2018-01-08")
        story.report("ilt-40", "2018-01-09")
        order = self._order(story.to("2019-04-30"))
        story.today = day("2019-05-01")
        self._paid(story, order, hour=1)
        assert Refund.objects.count() == 1
        assert cycles_of(story) == [("2016-05-01", "2019-04-30", "inactive")]


class TestWhoIsHighest:
    def test_when_emeritus_ends_the_credits_renew_the_lower_one_as_of_that_day(self, story: Story) -> None:
        """CE-07, CR-03, EMR-05: Emeritus and its grace can be renewed; the day they end, eighty credits are enough."""
        story.to("2020-06-01").certify("ccnp-enterprise", "2019-06-01")
        import_in_emeritus(story, "2021-03-01")
        story.enroll()
        story.to("2020-09-02").report("dig-40", "2020-09-01")
        story.report("ilt-40", "2020-08-31")
        assert story.to("2021-02-28").balance().available == 80

        assert story.to("2021-03-01").status("ccie-security") == "grace"
        assert not Recertification.objects.exists()
        story.to("2021-05-01")

        assert story.status("ccie-security") == "inactive"
        assert Recertification.objects.get().requirement_on == day("2021-05-01")
        assert story.lapses_on("ccnp-enterprise") == "2024-05-01"

    def test_of_two_at_the_level_the_path_with_the_fewest_credits_is_taken(self, story: Story) -> None:
        """CR-06: the exam came after one certification's renewal and before the other's."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-11-01")
        story.certify("ccnp-security", "2020-03-01")
        story.enroll()
        published_late(story, "300-410", "2020-06-01")
        story.report("ilt-64", "2021-01-09")
        renewal = Recertification.objects.get()
        assert (renewal.credits_used, story.lifetime().used) == (40, 40)
        assert story.lapses_on("ccnp-enterprise") == story.lapses_on("ccnp-security") == "2024-01-09"

    def test_a_lower_lapse_ends_no_cycle_of_a_higher_one(self, story: Story) -> None:
        """CR-03: though neither level was eligible yet."""
        story.to("2018-01-10").certify("ccnp-enterprise", "2017-01-01")
        story.certify("ccna", "2015-06-01")
        story.to("2018-06-02")
        assert story.status("ccna") == "inactive"
        assert cycles_of(story) == [("2017-01-01", "None", "")]


class TestLapses:
    def test_a_lab_published_after_the_lapse_renews_as_of_its_day(self, story: Story) -> None:
        """CR-02: earned on a day of the old cycle, it ends that cycle; what was completed later is in the next."""
        story.to("2020-09-01").certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2021-06-11").report("dig-40", "2021-06-08")
        story.to("2021-06-14").report("ilt-30", "2021-06-13")
        story.to("2021-06-16")
        assert story.lifetime().expired == 70

        published_late(story, "lab-ccie-security", "2021-06-10")

        assert story.lapses_on("ccnp-enterprise") == story.lapses_on("ccie-security") == "2024-06-10"
        assert cycles_of(story) == [("2018-06-15", "2021-06-10", "renewed"), ("2021-06-11", "None", "")]
        assert (story.balance().available, story.lifetime().expired) == (30, 40)
        assert story.ledger_is_sound()

    def test_a_lower_exam_published_after_the_lapse_keeps_the_cycle(self, story: Story) -> None:
        """CR-03: an eligible certification was held when the highest lapsed, so the cycle had passed to it."""
        story.to("2020-09-01").certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2021-06-11").report("dig-40", "2021-06-08")
        story.to("2021-06-16")
        assert story.cycle_started_on() is None

        published_late(story, "200-301", "2021-06-14")

        assert story.status("ccna") == "active"
        assert Recertification.objects.get().requirement_on == day("2021-06-15")  # thirty credits of an associate
        assert story.lifetime().used == 30
        assert story.ledger_is_sound()

    def test_regaining_starts_a_cycle_with_nothing_in_it(self, story: Story) -> None:
        story.to("2020-09-01").certify("ccna", "2018-06-15")
        story.enroll()
        story.to("2021-02-02").report("boot-16", "2021-02-01")
        story.to("2021-08-01").sit("200-301")
        assert story.cycle_started_on() == "2021-08-01"
        assert (story.balance().available, story.lifetime().expired) == (0, 16)

    def test_a_renewal_found_after_its_own_term_has_ended(self, story: Story) -> None:
        """CE-15 and CR-03: the restored certification has lapsed again, so no cycle is left open."""
        story.to("2020-09-01").certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2020-10-05").report("dig-40", "2020-10-01")
        story.to("2021-06-01").claim("ilt-40", "2021-05-20")
        story.report("ilt-30", "2021-05-25")

        story.to("2024-06-01").decide()

        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("inactive", "2024-05-20")
        assert cycles_of(story)[1:] == [("2021-05-21", "2024-05-19", "inactive")]
        assert (story.lifetime().available, story.lifetime().used, story.lifetime().expired) == (0, 80, 30)

    @pytest.mark.parametrize("nights", ["daily", "late"])
    def test_a_pause_of_the_nights_changes_nothing(self, story: Story, nights: str) -> None:
        """CR-03: expired by the book of the day on which the expert lapsed, though found after the change of 2020."""
        story.to("2019-06-01").certify("ccie-security", "2017-02-10")
        story.certify("ccnp-enterprise", "2018-09-01")
        story.enroll()
        story.report("ilt-40", "2019-05-20")
        if nights == "daily":
            story.to("2020-04-01")
        else:
            story.today = day("2020-04-01")
            nightly.run_night(day=story.today)
        assert cycles_of(story) == [
            ("2017-02-10", "2020-02-09", "inactive"),
            ("2020-02-10", "None", ""),
        ]
        assert Entry.objects.get(kind="expired").counts_from == day("2020-02-10")

    @pytest.mark.parametrize("nights", ["daily", "late"])
    def test_what_had_expired_before_the_cycle_ended_expired_by_its_date(self, story: Story, nights: str) -> None:
        """CR-06: before they expire or within the cycle, whichever is earlier, though both are found in one night."""
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.to("2018-03-20").sit("400-007")
        story.enroll()
        story.to("2018-04-12").report("ilt-40", "2018-04-10")
        story.to("2018-06-12").report("ilt-30", "2018-06-10")
        if nights == "daily":
            story.to("2021-05-02")
        else:
            story.today = day("2021-05-02")
            nightly.run_night(day=story.today)
        expired = Entry.objects.filter(kind="expired").order_by("counts_from").values_list("counts_from", "clause")
        assert list(expired) == [(day("2021-04-10"), "CR-01"), (day("2021-05-01"), "CR-03")]

    def test_a_claim_is_lost_from_the_first_minute_of_the_inactive_day(self, story: Story) -> None:
        """CE-15: whether or not the night has been run."""
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.enroll()
        claim = story.to("2019-04-20").claim("ilt-64", "2019-04-10")
        other = story.claim("ilt-40", "2019-04-10")
        member = factories.ProviderMemberFactory.create(provider=claim.provider)

        def approve(claim: Claim, hours: int) -> None:
            moment = clock.at(day("2019-05-01"), 0) + timedelta(hours=hours)
            reviews.decide_claim(claim_id=claim.id, member_id=member.id, outcome="approve", now=moment)

        approve(claim, -1)
        with pytest.raises(Refused) as refusal:
            approve(other, 1)
        assert "CE-15" in refused_with(refusal.value)


class TestClaims:
    def test_a_returned_claim_corrected_to_a_later_completion_has_its_own_ninety_days(
        self, professional_2021: Story
    ) -> None:
        """CE-14: the first submission came before that completion and cannot have been in time for it."""
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05", "first")
        story.decide("first", "return")
        story.to("2021-09-01")
        refused("CE-14", lambda: _hand_in_again(story, "2021-03-01"))
        assert _hand_in_again(story, "2021-06-03").submitted_on == day("2021-09-01")

    def test_nobody_reports_a_completion_of_their_own(self, professional_2021: Story) -> None:
        """CE-10: a report would otherwise approve the reporter's own claim."""
        story = professional_2021
        claim = story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.candidate.user = factories.UserFactory.create()
        story.candidate.save()
        own = factories.ProviderMemberFactory.create(provider=claim.provider, user=story.candidate.user)
        colleague = factories.ProviderMemberFactory.create(provider=claim.provider)

        def report(member_id: int) -> None:
            reports.report_completion(
                provider_id=own.provider_id,
                candidate_id=story.candidate.id,
                item_code="ilt-40",
                completed_on=day("2021-02-05"),
                member_id=member_id,
                now=story.now,
            )

        refused("CE-10", lambda: report(own.id))
        report(colleague.id)
        claim.refresh_from_db()
        assert (claim.status, claim.decided_by) == ("approved", colleague)

    def test_a_report_of_a_returned_claim_is_the_word_of_the_reporter(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.decide(outcome="return")
        story.report("ilt-40", "2021-02-05")
        claim = Claim.objects.get()
        assert (claim.status, claim.decided_by, claim.reason) == ("approved", None, "")

    def test_an_older_draft_of_a_returned_claim_hands_that_claim_in(self, professional_2021: Story) -> None:
        """CR-04: two drafts of one completion were open when the first was returned."""
        story = professional_2021
        item, provider = Item.objects.get(code="ilt-40"), Provider.objects.get(code="acme")
        form = claims.ClaimForm(item_id=item.id, provider_id=provider.id, completed_on=day("2021-02-05"))
        drafts = [
            claims.save_draft(
                candidate_id=story.to("2021-02-10").candidate.id, form_key=uuid4(), form=form, now=story.now
            )
            for _each in range(2)
        ]
        story.labels["claim"] = drafts[0].id
        claims.submit_claim(candidate_id=story.candidate.id, claim_id=drafts[0].id, now=story.now)
        story.decide(outcome="return")

        handed_in = claims.submit_claim(candidate_id=story.candidate.id, claim_id=drafts[1].id, now=story.now)

        assert (handed_in.id, handed_in.status) == (drafts[0].id, "submitted")
        assert not Claim.objects.filter(status__in=["draft", "returned"]).exists()


def _hand_in_again(story: Story, completed_on: str) -> Claim:
    claim = Claim.objects.get(status="returned")
    form = claims.ClaimForm(completed_on=day(completed_on))
    claims.save_draft(candidate_id=story.candidate.id, form_key=claim.form_key, form=form, now=story.now)
    return claims.submit_claim(candidate_id=story.candidate.id, claim_id=claim.id, now=story.now)
