"""The main job, told as dated stories through the services, in both eras of the programme."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from candidates.models import Agreement
from candidates.services import accept_agreement
from catalog.models import Item
from catalog.services import decide_listing, hold_review
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from credits.models import AdministrativeFee, Claim, Cycle, Enrollment, Entry, Grant, Recertification
from credits.services import fees
from emeritus.services import import_emeritus
from payments.models import Order
from tests import factories
from tests.factories import day
from tests.reference_data import load_reference
from tests.story import Story, refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]
    load_reference()


@pytest.fixture
def story() -> Story:
    return Story(factories.CandidateFactory.create())


@pytest.fixture
def expert_2018(story: Story) -> Story:
    """An enrolled expert of 2018, whose active period ends on 1 May 2018 and who is inactive on 1 May 2019."""
    story.to("2018-01-10").certify("ccie-security", "2016-05-01")
    story.enroll()
    return story


@pytest.fixture
def professional_2021(story: Story) -> Story:
    """An enrolled professional of 2021, valid until 1 June 2023."""
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    return story


def refused(clause: str, act: Callable[[], object]) -> None:
    """The act is refused with the clause, and nothing comes of it."""
    before = (Event.objects.count(), Entry.objects.count())
    with pytest.raises(Refused) as refusal:
        act()
    assert clause in refused_with(refusal.value)
    assert (Event.objects.count(), Entry.objects.count()) == before


def approved(story: Story, item: str, completed_on: str, *, filed: str, decided: str) -> None:
    story.to(filed).claim(item, completed_on, item)
    story.to(decided).decide(item)


class TestTheFeeOf2017:
    """CE-06 to CE-09: a hundred credits and the fee; the new term starts when the old active period ends."""

    def test_renewal_by_credits_and_fee(self, expert_2018: Story) -> None:
        story = expert_2018
        approved(story, "ilt-64", "2018-02-09", filed="2018-02-10", decided="2018-02-12")
        assert story.balance().available == 64
        refused("CE-08", story.to("2018-02-13").pay_fee)

        approved(story, "ilt-40", "2018-03-09", filed="2018-03-10", decided="2018-03-14")
        nearest = story.nearest()
        assert nearest is not None
        assert (nearest.credits_missing, nearest.fee_due) == (0, True)
        assert story.notices("fee_due") == 1
        assert not Recertification.objects.exists()

        story.to("2018-03-20").pay_fee()

        assert story.lapses_on("ccie-security") == "2020-05-01"
        assert story.cycle_started_on() == "2018-03-21"
        assert (story.balance().available, story.lifetime().used, story.lifetime().expired) == (0, 100, 4)
        assert story.notices("renewed") == 1
        assert story.ledger_is_sound()
        story.to("2020-02-25")
        assert story.lapses_on("ccie-security") == story.inactive_on("ccie-security") == "2021-05-01"

    def test_the_fee_is_charged_once_a_cycle(self, expert_2018: Story) -> None:
        story = expert_2018
        approved(story, "ilt-64", "2018-02-09", filed="2018-02-10", decided="2018-02-12")
        approved(story, "ilt-40", "2018-03-09", filed="2018-03-10", decided="2018-03-14")
        first = fees.request_fee(candidate_id=story.candidate.id, now=story.now)
        again = fees.request_fee(candidate_id=story.candidate.id, now=story.now)
        assert first == again
        assert first.total_cents == 30_000
        story.pay_fee()

        refused("CE-09", story.to("2018-03-21").pay_fee)
        assert Order.objects.count() == AdministrativeFee.objects.count() == 1

    def test_a_suspended_expert_renews_from_the_old_date(self, story: Story) -> None:
        story.to("2018-06-15").certify("ccie-data-center", "2016-05-01")
        story.enroll()
        approved(story, "ilt-64", "2018-06-10", filed="2018-06-15", decided="2018-06-18")
        approved(story, "ilt-40", "2018-07-01", filed="2018-07-02", decided="2018-07-10")
        assert story.status("ccie-data-center") == "suspended"

        story.to("2018-07-11").pay_fee()

        assert story.status("ccie-data-center") == "active"
        assert story.lapses_on("ccie-data-center") == "2020-05-01"

    def test_what_is_earned_while_a_bought_term_waits_is_judged_when_it_begins(self, expert_2018: Story) -> None:
        """CE-09: until it begins no further renewal is made; then an exam passed meanwhile renews at once."""
        story = expert_2018
        story.to("2018-02-01").sit("400-007")
        assert story.lapses_on("ccie-security") == "2020-05-01"
        factories.ExamFactory.create(number="400-101", kind="expert_written")
        story.to("2018-03-01").sit("400-101")
        story.to("2018-04-30")
        assert Recertification.objects.count() == 1

        story.to("2018-05-01")

        assert Recertification.objects.latest("requirement_on").requirement_on.isoformat() == "2018-05-01"
        assert story.lapses_on("ccie-security") == "2023-05-01"  # begun in 2020: three years

    def test_credits_earned_in_vain_expire_with_the_certification(self, expert_2018: Story) -> None:
        story = expert_2018
        approved(story, "ilt-64", "2018-02-09", filed="2018-02-10", decided="2018-02-12")
        story.to("2019-04-30")
        assert (story.status("ccie-security"), story.balance().available) == ("suspended", 64)

        story.to("2019-05-01")

        assert (story.status("ccie-security"), story.balance().available) == ("inactive", 0)
        assert story.lifetime().expired == 64
        assert story.cycle_started_on() is None
        refused("CE-03", lambda: story.to("2019-05-02").claim("ilt-40", "2019-05-02"))
        refused("CE-06", story.pay_fee)

    def test_a_claim_pending_at_expiry_was_lost(self, expert_2018: Story) -> None:
        story = expert_2018
        story.to("2019-04-20").claim("ilt-64", "2019-04-10")
        story.to("2019-05-03")

        refused("CE-15", story.decide)
        assert Claim.objects.get().status == "submitted"

    def test_since_the_change_of_2020_a_hundred_credits_are_not_enough(self, story: Story) -> None:
        """The requirement date's book governs: after 24 February 2020 no fee path is left, and 120 are needed."""
        story.to("2020-01-10").certify("ccie-security", "2019-05-01")
        story.enroll()
        story.report("ilt-64", "2020-01-08")
        story.to("2020-02-02").report("ilt-40", "2020-02-01")
        story.to("2020-02-24")
        nearest = story.nearest()
        assert nearest is not None
        assert (nearest.credits_missing, nearest.fee) == (16, False)
        refused("CE-08", story.pay_fee)


class TestSince2020:
    def test_approval_renews_as_of_the_completion_and_all_below(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccna", "2020-09-01")
        story.certify("ccnp-enterprise", "2021-03-01")
        assert story.lapses_on("ccna") == story.lapses_on("ccnp-enterprise") == "2024-03-01"
        story.to("2021-03-02").enroll()
        approved(story, "dig-40", "2021-06-01", filed="2021-06-10", decided="2021-06-12")
        approved(story, "ilt-40", "2022-02-01", filed="2022-02-05", decided="2022-02-10")

        assert story.lapses_on("ccnp-enterprise") == story.lapses_on("ccna") == "2025-02-01"
        assert story.cycle_started_on() == "2022-02-02"
        assert (story.balance().available, story.lifetime().used) == (0, 80)
        assert not Order.objects.exists()

    def test_forty_credits_and_one_exam(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccnp-enterprise", "2021-03-01")
        story.to("2021-03-02").enroll()
        story.to("2021-05-05").sit("300-410")
        nearest = story.nearest()
        assert nearest is not None
        assert nearest.credits_missing == 40
        story.to("2021-07-02").report("dig-40", "2021-07-01")

        assert story.lapses_on("ccnp-enterprise") == "2024-07-01"
        assert story.lifetime().used == 40

    def test_the_same_exam_counts_once_and_only_after_the_last_renewal(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-01").sit("300-410")
        story.to("2021-09-01").sit("300-410")
        assert not Recertification.objects.exists()
        story.to("2021-10-01").sit("300-415")
        assert Recertification.objects.get().requirement_on.isoformat() == "2021-10-01"
        # Both were used up by that renewal: one more does not renew again.
        story.to("2021-11-01").sit("300-420")
        assert Recertification.objects.count() == 1

    def test_used_credits_serve_no_other_track_or_level(self, story: Story) -> None:
        """CR-05: eighty credits renew the professional level and all below it (CERT-06); nothing is left for more."""
        story.to("2021-03-01").certify("ccna", "2020-09-01")
        story.certify("ccnp-enterprise", "2020-12-01")
        story.certify("ccnp-security", "2020-10-01")
        story.enroll()
        story.to("2021-05-12").report("dig-40", "2021-05-01")
        story.report("ilt-40", "2021-05-10")

        assert {story.lapses_on(track) for track in ("ccna", "ccnp-enterprise", "ccnp-security")} == {"2024-05-10"}
        assert (Recertification.objects.count(), story.lifetime().used, story.balance().available) == (1, 80, 0)
        story.to("2021-06-12").report("ilt-30", "2021-06-10")
        assert Recertification.objects.count() == 1

    def test_a_lower_certification_alone_starts_no_cycle(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccna", "2020-09-01")
        story.certify("ccnp-enterprise", "2020-12-01")
        story.enroll()
        story.to("2021-04-12").report("ilt-40", "2021-04-10")
        story.to("2021-09-07").sit("200-301")

        assert story.lapses_on("ccna") == "2024-09-07"
        assert story.lapses_on("ccnp-enterprise") == "2023-12-01"
        assert (story.balance().available, story.cycle_started_on()) == (40, "2020-12-01")

    def test_a_pending_claim_brings_the_certification_back(self, story: Story) -> None:
        """CE-15: approved after the lapse it counts as of its completion, and the expiry is reversed."""
        story.to("2020-09-01").certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2020-10-05").report("dig-40", "2020-10-01")
        story.to("2021-06-01").claim("ilt-40", "2021-05-20")
        story.to("2021-06-15")
        assert story.status("ccnp-enterprise") == "inactive"
        assert story.lifetime().expired == 40

        story.to("2021-06-20").decide()

        assert story.status("ccnp-enterprise") == "active"
        assert story.lapses_on("ccnp-enterprise") == "2024-05-20"
        assert (story.lifetime().used, story.lifetime().expired) == (80, 0)
        assert Entry.objects.get(kind="restored").corrects is not None
        assert story.ledger_is_sound()

    def test_a_pending_claim_that_completes_nothing_expires_with_the_cycle(self, story: Story) -> None:
        story.to("2020-09-01").certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2021-06-01").claim("ilt-40", "2021-05-20")
        story.to("2021-06-20").decide()

        assert story.status("ccnp-enterprise") == "inactive"
        assert (story.lifetime().earned, story.lifetime().expired) == (40, 40)
        assert str(Entry.objects.get(kind="expired").counts_from) == "2021-06-15"

    def test_what_was_completed_after_the_requirement_date_moves_to_the_next_cycle(
        self, professional_2021: Story
    ) -> None:
        """A late approval renews as of its completion; credits completed later belong to the new cycle."""
        story = professional_2021
        story.to("2021-03-02").report("dig-40", "2021-03-01")
        story.to("2021-05-05").claim("ilt-40", "2021-05-01", "late")
        story.to("2021-06-02").report("ilt-30", "2021-06-01")
        assert story.balance().available == 70

        story.to("2021-07-01").decide("late")

        assert story.lapses_on("ccnp-enterprise") == "2024-05-01"
        assert story.cycle_started_on() == "2021-05-02"
        assert story.balance().available == 30
        assert story.lifetime().used == 80
        assert story.lifetime().expired == 0

    def test_the_oldest_are_used_first_and_the_rest_expires(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-04-12").report("ilt-30", "2021-04-10")
        story.to("2021-05-12").report("ilt-64", "2021-05-10")

        used = {entry.grant.item.code: entry.amount for entry in Entry.objects.filter(kind="used")}
        assert used == {"ilt-30": -30, "ilt-64": -50}
        assert (story.lifetime().used, story.lifetime().expired, story.balance().available) == (80, 14, 0)

    def test_a_course_counts_once_a_cycle_and_again_in_the_next(self, professional_2021: Story) -> None:
        story = professional_2021
        approved(story, "ilt-40", "2021-02-05", filed="2021-02-10", decided="2021-02-11")
        story.to("2021-04-10")  # by when the lot may have opened an audit of what was approved (CE-12)
        refused("CR-04", lambda: story.claim("ilt-40", "2021-04-08"))
        story.to("2021-05-05").sit("350-401")
        assert (story.balance().available, story.lifetime().expired) == (0, 40)
        approved(story, "ilt-40", "2021-09-08", filed="2021-09-10", decided="2021-09-11")
        assert story.balance().available == 40

    def test_credits_expire_on_their_third_anniversary_and_the_past_stays_readable(self, story: Story) -> None:
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.to("2018-03-20").sit("400-007")
        assert (story.lapses_on("ccie-security"), story.cycle_started_on()) == ("2020-05-01", "2018-03-21")
        story.to("2018-03-22").enroll()
        story.to("2018-04-12").report("ilt-40", "2018-04-10")
        story.to("2018-09-12").report("ilt-30", "2018-09-10")

        assert story.to("2021-04-09").balance().available == 70
        assert story.to("2021-04-10").balance().available == 30
        assert story.balance(as_of="2018-05-01").available == 40
        assert story.balance(as_of="2018-04-11").available == 0  # as it was known then: reported on the 12th


class TestClaims:
    def test_only_the_provider_that_delivered_decides(self, professional_2021: Story) -> None:
        story = professional_2021
        claim = story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.candidate.user = factories.UserFactory.create()
        story.candidate.save()
        own = factories.ProviderMemberFactory.create(provider=claim.provider, user=story.candidate.user)
        foreign = factories.ProviderMemberFactory.create(provider__code="globex")

        refused("CE-10", lambda: story.decide(by=foreign))
        refused("CE-10", lambda: story.decide(by=own))
        assert not Grant.objects.exists()

    def test_approving_twice_is_approving_once(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        first, second = story.decide(), story.decide()

        assert first == second
        assert Grant.objects.count() == Entry.objects.count() == 1
        assert story.notices("claim_decided") == 1

    def test_a_decided_claim_is_not_decided_otherwise(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.decide(outcome="reject")

        refused("CE-10", lambda: story.decide(outcome="approve"))
        assert Claim.objects.get().status == "rejected"

    def test_a_returned_claim_keeps_its_first_day(self, professional_2021: Story) -> None:
        """CE-14: handed in again after the ninety days, it counts from its first submission."""
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05", "first")
        story.to("2021-03-01").decide("first", "return")
        refused("CE-10", lambda: story.decide("first", "approve"))
        again = story.to("2021-07-01").claim("ilt-40", "2021-02-05", "again")

        assert again.id == story.labels["first"]
        assert again.submitted_on.isoformat() == "2021-02-10"
        assert story.to("2021-07-02").decide("again").status == "approved"
        assert story.notices("claim_decided") == 2

    def test_a_returned_claim_can_be_handed_in_with_another_day(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05", "first")
        story.decide("first", "return")
        story.to("2021-02-12").claim("ilt-40", "2021-02-04", "again")

        assert str(story.decide("again").completed_on) == "2021-02-04"
        assert Claim.objects.count() == 1

    def test_a_report_of_another_day_counts_and_the_pending_claim_does_not(self, professional_2021: Story) -> None:
        """A course counts once a cycle (CR-04); a claim that waits has not counted yet."""
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.report("ilt-40", "2021-02-06")
        refused("CR-04", story.decide)
        assert story.balance().available == 40

    def test_an_entry_level_certification_keeps_no_claim_open(self, story: Story) -> None:
        """CE-15: what counts is a certification at an eligible level."""
        story.to("2021-01-10").certify("ccst-networking", "2020-01-01")
        story.certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2021-06-15")
        refused("CE-15", lambda: story.claim("ilt-40", "2021-06-10"))

    def test_submitting_twice_is_submitting_once(self, professional_2021: Story) -> None:
        from credits.services.claims import submit_claim

        story = professional_2021
        claim = story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        submit_claim(candidate_id=story.candidate.id, claim_id=claim.id, now=story.now)

        assert Event.objects.filter(topic="credits.claim_submitted").count() == 1

    @pytest.mark.parametrize(("submitted", "clause"), [("2021-05-30", None), ("2021-05-31", "CE-14")])
    def test_the_ninetieth_day_and_the_one_after(
        self, professional_2021: Story, submitted: str, clause: str | None
    ) -> None:
        story = professional_2021.to(submitted)
        if clause:
            refused(clause, lambda: story.claim("ilt-30", "2021-03-01"))
        else:
            assert story.claim("ilt-30", "2021-03-01").status == "submitted"

    def test_a_report_and_a_claim_of_the_same_completion_count_once(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.to("2021-02-11").report("ilt-40", "2021-02-05")
        story.report("ilt-40", "2021-02-05")

        assert Claim.objects.get().status == "approved"
        assert story.balance().available == 40
        assert Grant.objects.count() == 1

    def test_after_a_rejection_a_report_earns_anew(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05")
        story.decide(outcome="reject")
        story.report("ilt-40", "2021-02-05")

        assert story.balance().available == 40
        assert Claim.objects.get().status == "rejected"

    def test_what_cannot_be_claimed(self, story: Story) -> None:
        story.to("2017-07-01").certify("ccie-security", "2016-09-01")
        story.enroll()
        refused("CE-01", lambda: story.to("2017-07-02").claim("ilt-40", "2017-06-05"))
        story.to("2017-07-20")
        refused("CE-11", lambda: story.claim("dig-20", "2017-07-19", evidence=False))
        refused("CAT-05", lambda: story.claim("dig-lite", "2017-07-19"))
        refused("CAT-07", lambda: story.claim("ilt-40", "2017-07-19", authorised=False))
        refused("CE-14", lambda: story.claim("ilt-40", "2017-07-21"))
        review = hold_review(quarter="2017-Q3", held_on=story.now.date(), now=story.now)
        decide_listing(
            item_id=Item.objects.get(code="boot-16").id,
            outcome="delist",
            credits=None,
            effective_on=story.to("2017-08-01").now.date(),
            review_id=review.id,
            decided_by_id=None,
            reason="Replaced",
            now=story.now,
        )
        refused("CAT-01", lambda: story.to("2017-08-05").claim("boot-16", "2017-08-02"))
        assert story.claim("boot-16", "2017-07-31").status == "submitted"

    def test_a_printed_kit_must_be_registered(self, professional_2021: Story) -> None:
        """CAT-09 blocks approval; handed in again as registered, it is approved."""
        story = professional_2021
        story.to("2021-02-10").claim("ilt-40", "2021-02-05", kit="printed")
        refused("CAT-09", story.decide)
        story.decide(outcome="return")
        story.to("2021-02-12").claim("ilt-40", "2021-02-05", kit="printed_registered")
        assert story.decide().status == "approved"


class TestEnrollment:
    def test_without_the_terms_there_is_no_enrollment_and_no_claim(self, story: Story) -> None:
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        refused("CE-05", lambda: story.enroll(accept=False))
        refused("CE-05", lambda: story.to("2021-01-11").claim("ilt-40", "2021-01-10"))

    def test_new_terms_are_accepted_before_the_next_claim(self, professional_2021: Story) -> None:
        story = professional_2021
        Agreement.objects.create(
            kind="terms", version="2.0", title="Terms", text="Changed.", effective_on=story.now.date()
        )
        refused("CE-05", lambda: story.claim("ilt-40", "2021-01-09"))
        accept_agreement(candidate_id=story.candidate.id, kind="terms", ip_address=None, now=story.now)
        assert story.claim("ilt-40", "2021-01-09").status == "submitted"

    def test_enrolling_twice_is_enrolling_once(self, professional_2021: Story) -> None:
        professional_2021.enroll()
        assert Event.objects.filter(topic="credits.enrolled").count() == 1
        assert professional_2021.notices("enrolled") == 1

    @pytest.mark.parametrize(
        ("track", "certified_on", "on", "clause"),
        [
            ("ccna", "2017-08-01", "2018-01-10", "CE-02"),
            ("ccna", "2017-08-01", "2020-03-01", None),
            ("ccst-networking", "2020-08-01", "2021-01-10", "CE-02"),
            ("ccnp-enterprise", "2018-01-01", "2021-01-10", "CE-03"),
            ("ccie-security", "2016-05-01", "2018-06-15", None),  # suspended
        ],
    )
    def test_who_may_enroll(self, story: Story, track: str, certified_on: str, on: str, clause: str | None) -> None:
        story.to(on).certify(track, certified_on)
        if clause:
            refused(clause, story.enroll)
        else:
            story.enroll()

    @pytest.mark.parametrize(
        ("route", "origin", "clause"),
        [
            ("recertify", "purchase", None),
            ("written_and_lab", "purchase", "CE-04"),
            ("recertify", "business_transformation", "CE-04"),
        ],
    )
    def test_emeritus_holders_may_enroll_with_two_exceptions(
        self, story: Story, route: str, origin: str, clause: str | None
    ) -> None:
        story.to("2017-09-02")
        import_emeritus(
            candidate_id=story.candidate.id,
            track_code="ccie-security",
            certified_on=day("2005-03-01"),
            until=day("2018-03-01"),
            route=route,
            origin=origin,
            now=story.now,
        )
        assert story.status("ccie-security") == "emeritus"
        if clause:
            refused(clause, story.enroll)
            assert not Enrollment.objects.exists()
        else:
            story.enroll()
            assert Enrollment.objects.exists()

    def test_without_any_certification_ce_02_refuses(self, story: Story) -> None:
        refused("CE-02", story.to("2021-01-10").enroll)


class TestCycles:
    def test_the_first_cycle_of_an_imported_holder_follows_the_highest_certification(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccnp-enterprise", "2015-01-01", "2020-12-01")
        story.certify("ccna", "2020-09-01")
        assert story.cycle_started_on() == "2020-12-01"
        story.enroll()
        refused("CR-06", lambda: story.claim("ilt-40", "2020-11-30"))

    def test_earning_a_higher_certification_starts_a_cycle(self, professional_2021: Story) -> None:
        story = professional_2021
        story.to("2021-02-02").report("ilt-40", "2021-02-01")
        story.to("2021-03-01").sit("lab-ccie-security")

        assert story.cycle_started_on() == "2021-03-02"
        assert story.balance().available == 0
        assert story.lapses_on("ccnp-enterprise") == "2024-03-01"
        assert Cycle.objects.count() == 2

    def test_the_cycle_passes_to_another_eligible_certification(self, story: Story) -> None:
        """CR-03: the expert lapses, the professional remains, and the credits stay."""
        story.to("2021-01-10").certify("ccie-security", "2018-05-01")
        story.certify("ccnp-enterprise", "2020-06-01")
        story.enroll()
        story.to("2021-02-02").report("dig-40", "2021-02-01")
        story.to("2021-05-01")
        assert story.status("ccie-security") == "inactive"
        assert story.balance().available == 40

        story.to("2021-06-02").report("ilt-40", "2021-06-01")
        assert story.lapses_on("ccnp-enterprise") == "2024-06-01"

    def test_a_path_that_a_date_alone_opens_is_found_at_night(self, story: Story) -> None:
        """CR-03 and CE-09: when the higher one lapses, eighty credits renew the lower one as of that day."""
        story.to("2021-01-10").certify("ccie-security", "2018-05-01")
        story.certify("ccnp-enterprise", "2020-06-01")
        story.enroll()
        story.to("2021-02-02").report("dig-40", "2021-02-01")
        story.to("2021-03-02").report("ilt-40", "2021-03-01")
        assert not Recertification.objects.exists()

        story.to("2021-05-01")

        assert Recertification.objects.get().requirement_on.isoformat() == "2021-05-01"
        assert story.lapses_on("ccnp-enterprise") == "2024-05-01"
