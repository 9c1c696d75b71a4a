"""What falls with a corrected result or a failed audit (EXAM-09, CE-12): terms, credits, cycles, cases."""

from __future__ import annotations

from typing import Any

import pytest

from candidates.models import Case
from ceportal.kernel.decisions import Refused
from credits.models import Claim, Cycle, Entry, Recertification
from exams.models import Attempt
from tests import factories
from tests.reference_data import load_reference
from tests.story import Story, refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings: Any, tmp_path: Any) -> Story:
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    return Story(factories.CandidateFactory.create())


def cycles_known(story: Story) -> list[tuple[str, str | None]]:
    rows = Cycle.objects.filter(candidate=story.candidate, withdrawn_at__isnull=True).order_by("started_on")
    return [(str(row.started_on), str(row.ended_on) if row.ended_on else None) for row in rows]


class TestAnnulledResults:
    def test_the_renewal_falls_and_the_credits_are_there_again(self, story: Story) -> None:
        """EXAM-09: the term is again what it was, expired credits are back, both cycles are one."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.enroll()
        story.to("2021-02-12").report("ilt-40", "2021-02-10")
        story.to("2021-05-05").sit("350-401")
        story.to("2021-06-02").report("dig-20", "2021-06-01")

        story.to("2021-07-01")
        story.correct("350-401", "2021-05-05")

        assert story.lapses_on("ccnp-enterprise") == "2023-06-01"
        assert story.balance().available == 60
        assert (story.lifetime().expired, story.cycle_started_on()) == (0, "2020-06-01")
        assert cycles_known(story) == [("2020-06-01", None)]
        assert story.ledger_is_sound()
        assert (story.notices("renewed"), story.notices("renewal_reversed")) == (0, 1)

    def test_a_correction_told_twice_is_one(self, story: Story) -> None:
        """EXAM-09: the same correction again changes nothing."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.to("2021-05-05").sit("350-401")
        story.to("2021-07-01")
        first = story.correct("350-401", "2021-05-05")
        entries = Entry.objects.count()
        assert story.correct("350-401", "2021-05-05") == first
        assert Entry.objects.count() == entries

    def test_nothing_on_record_cannot_be_corrected(self, story: Story) -> None:
        """EXAM-09: a correction names a result."""
        story.to("2021-05-05").certify("ccnp-enterprise", "2020-06-01")
        with pytest.raises(Refused) as refusal:
            story.correct("350-401", "2021-05-05")
        assert refused_with(refusal.value) == ("EXAM-09",)
        assert not Attempt.objects.exists()

    def test_credits_of_two_cycles_then_meet_a_path(self, story: Story) -> None:
        """EXAM-09: paths are judged again from that day; forty credits before and forty after make eighty."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.enroll()
        story.to("2021-02-12").report("ilt-40", "2021-02-10")
        story.to("2021-05-05").sit("350-401")
        story.to("2021-06-02").report("dig-40", "2021-06-01")
        assert story.lapses_on("ccnp-enterprise") == "2024-05-05"

        story.to("2021-07-01")
        story.correct("350-401", "2021-05-05")

        assert story.lapses_on("ccnp-enterprise") == "2024-06-01"
        assert (story.lifetime().used, story.balance().available) == (80, 0)
        assert story.cycle_started_on() == "2021-06-02"
        assert story.ledger_is_sound()

    def test_the_later_of_two_of_the_same_training_is_voided(self, story: Story) -> None:
        """CR-04: where cycles are merged, the later of two is voided, and its claim."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.enroll()
        story.to("2021-02-12").report("ilt-40", "2021-02-10")
        story.to("2021-05-05").sit("350-401")
        story.to("2021-06-02").claim("ilt-40", "2021-06-01")
        story.decide()

        story.to("2021-07-01")
        story.correct("350-401", "2021-05-05")

        balance = story.balance()
        assert (balance.available, balance.voided) == (40, 40)
        assert Claim.objects.get(id=story.labels["claim"]).status == "voided"

    def test_a_term_that_has_run_out_is_inactive_from_that_day(self, story: Story) -> None:
        """EXAM-09: the certification is inactive from the past day on which the restored term ended; CR-03 follows."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2018-06-15")
        story.enroll()
        story.to("2021-02-12").report("ilt-40", "2021-02-10")
        story.to("2021-05-05").sit("350-401")
        story.to("2021-08-02").report("dig-20", "2021-08-01")

        story.to("2021-09-01")
        story.correct("350-401", "2021-05-05")

        assert (story.status("ccnp-enterprise"), story.inactive_on("ccnp-enterprise")) == ("inactive", "2021-06-15")
        assert story.lifetime().expired == 60
        assert story.cycle_started_on() is None
        assert story.ledger_is_sound()

    def test_what_the_result_had_earned_is_inactive_from_its_first_day(self, story: Story) -> None:
        """EXAM-09: a certification earned by the annulled result; what it renewed is as before (CERT-06)."""
        story.to("2021-01-10").certify("ccna", "2020-06-01")
        story.enroll()
        story.to("2021-02-12").report("dig-20", "2021-02-10")
        story.to("2021-05-05").sit("lab-ccie-security")
        assert (story.status("ccie-security"), story.lapses_on("ccna")) == ("active", "2024-05-05")
        assert story.notices("renewed") == 1
        assert story.balance().available == 0

        story.to("2021-07-01")
        story.correct("lab-ccie-security", "2021-05-05")

        assert (story.status("ccie-security"), story.inactive_on("ccie-security")) == ("inactive", "2021-05-05")
        assert story.lapses_on("ccna") == "2023-06-01"
        assert story.balance().available == 20
        assert cycles_known(story) == [("2020-06-01", None)]

    def test_a_first_certification_annulled_leaves_no_cycle(self, story: Story) -> None:
        """EXAM-09, CR-03: nothing is held, so there is no cycle; earned again, there is one from that day."""
        story.to("2021-05-05").sit("200-301")
        story.enroll()
        story.to("2021-05-20").report("dig-12", "2021-05-18")
        story.to("2021-07-01")
        story.correct("200-301", "2021-05-05")

        assert (story.status("ccna"), story.lapses_on("ccna")) == ("inactive", "2021-05-05")
        assert (story.cycle_started_on(), story.lifetime().expired) == (None, 12)
        assert story.ledger_is_sound()

        story.to("2022-01-10").sit("200-301")
        assert (story.status("ccna"), story.lapses_on("ccna")) == ("active", "2025-01-10")
        assert story.cycle_started_on() == "2022-01-10"

    def test_a_fail_corrected_to_a_pass_renews_from_the_exam_day(self, story: Story) -> None:
        """EXAM-09, CE-09: the requirement was met on the exam day, however late it is known."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.to("2021-05-05").sit("350-401", "fail")
        story.to("2021-07-01")
        story.correct("350-401", "2021-05-05", "pass")
        assert story.lapses_on("ccnp-enterprise") == "2024-05-05"
        story.correct("350-401", "2021-05-05", "fail")
        assert story.lapses_on("ccnp-enterprise") == "2023-06-01"

    def test_a_later_renewal_that_stands_on_it_opens_a_case(self, story: Story) -> None:
        """EXAM-09: nothing is reversed by itself; the result is marked and staff find a case."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.to("2021-05-05").sit("350-401")
        story.to("2022-05-05").sit("300-410")
        story.to("2022-05-06").sit("300-415")
        assert story.lapses_on("ccnp-enterprise") == "2025-05-06"

        story.to("2022-07-01")
        story.correct("350-401", "2021-05-05")

        assert story.lapses_on("ccnp-enterprise") == "2025-05-06"
        assert story.notices("renewal_reversed") == 0
        case = Case.objects.get()
        assert (case.kind, case.clause, case.candidate) == ("corrected_result", "EXAM-09", story.candidate)
        assert not Recertification.objects.exclude(reversed_at=None).exists()

    def test_a_later_renewal_of_a_lower_certification_does_not_stand_on_it(self, story: Story) -> None:
        """EXAM-09: the lower one would have been renewed without it."""
        story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
        story.certify("ccna", "2020-06-01")
        story.to("2021-05-05").sit("350-401")
        story.to("2021-07-05").sit("200-301")

        story.to("2021-08-01")
        story.correct("350-401", "2021-05-05")

        assert (story.lapses_on("ccnp-enterprise"), story.lapses_on("ccna")) == ("2023-06-01", "2024-07-05")
        assert not Case.objects.exists()


class TestVoidedClaims:
    def test_unused_credits_are_voided(self, story: Story) -> None:
        """CE-12: a failed audit takes the credits back."""
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.enroll()
        story.to("2021-04-12").claim("dig-40", "2021-04-10")
        story.decide()
        story.to("2021-05-01")
        assert story.audit().status == "voided"
        balance = story.balance()
        assert (balance.available, balance.voided) == (0, 40)
        assert story.ledger_is_sound()

    def test_the_renewal_that_used_them_falls(self, story: Story) -> None:
        """CE-12: credits already used for a renewal, as EXAM-09 says of a result."""
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.enroll()
        story.to("2021-04-12").claim("dig-40", "2021-04-10")
        story.decide()
        story.to("2021-05-12").report("ilt-64", "2021-05-10")
        assert story.lapses_on("ccnp-enterprise") == "2024-05-10"

        story.to("2021-06-01")
        story.audit()

        assert story.lapses_on("ccnp-enterprise") == "2024-03-01"
        balance = story.balance()
        assert (balance.available, balance.voided, balance.used, balance.expired) == (64, 40, 0, 0)
        assert story.cycle_started_on() == "2021-03-01"
        assert story.ledger_is_sound()

        story.to("2021-06-22").report("ilt-30", "2021-06-20")
        assert story.lapses_on("ccnp-enterprise") == "2024-06-20"

    def test_a_later_renewal_keeps_the_ledger_and_opens_a_case(self, story: Story) -> None:
        """CE-12: the claim is marked, the ledger stays, and a case is opened."""
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.enroll()
        story.to("2021-04-12").claim("dig-40", "2021-04-10")
        story.decide()
        story.to("2021-05-12").report("ilt-40", "2021-05-10")
        story.to("2022-05-05").sit("350-401")
        entries = Entry.objects.count()

        story.to("2022-06-01")
        assert story.audit().status == "voided"

        assert Entry.objects.count() == entries
        assert story.lapses_on("ccnp-enterprise") == "2025-05-05"
        assert Case.objects.get().kind == "failed_audit"

    def test_the_fee_stays_paid(self, story: Story) -> None:
        """EXAM-09: a fee paid stays paid; the next credits complete the path by themselves."""
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.enroll()
        story.to("2018-02-10").claim("ilt-64", "2018-02-09")
        story.decide()
        story.to("2018-03-10").report("ilt-40", "2018-03-09")
        story.to("2018-03-20").pay_fee()
        assert story.lapses_on("ccie-security") == "2020-05-01"

        story.to("2018-04-01")
        story.audit()
        assert story.lapses_on("ccie-security") == "2018-05-01"

        story.to("2018-04-20").report("path-50", "2018-04-15")
        story.report("vilt-24", "2018-04-18")
        assert story.lapses_on("ccie-security") == "2020-05-01"
        assert story.cycle_started_on() == "2018-04-19"
        assert story.ledger_is_sound()
