"""The life of certifications, told day by day: re-dated, reminded of, renewed together, bought ahead, regained."""

from __future__ import annotations

import pytest

from candidates.models import StatusChange
from candidates.services import follow_calendar
from credits.models import Entry, Recertification
from emeritus.services import import_emeritus
from tests import factories
from tests.reference_data import load_reference
from tests.story import Story, day

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world() -> None:
    load_reference()


@pytest.fixture
def story() -> Story:
    return Story(factories.CandidateFactory.create())


def statuses(story: Story, track: str, *days: str) -> list[str]:
    """The status of a certification on one day after another."""
    return [story.to(each).status(track) for each in days]


class TestTheReDatingOf2020:
    """CERT-01: on 24 February 2020 the terms that run then get the new length, suspended ones included."""

    def test_a_running_term(self, story: Story) -> None:
        story.to("2018-06-01").certify("ccie-security", "2018-05-01")
        assert (story.to("2020-02-23").lapses_on("ccie-security"), story.inactive_on("ccie-security")) == (
            "2020-05-01",
            "2021-05-01",
        )
        story.to("2020-02-24")
        assert (story.lapses_on("ccie-security"), story.inactive_on("ccie-security")) == ("2021-05-01", "2021-05-01")
        assert statuses(story, "ccie-security", "2021-04-30", "2021-05-01") == ["active", "inactive"]

    def test_a_suspended_holder_is_active_again(self, story: Story) -> None:
        story.to("2018-01-10").certify("ccie-security", "2017-05-01")
        days = ("2019-04-30", "2019-05-01", "2020-02-23", "2020-02-24", "2020-04-30", "2020-05-01")
        assert statuses(story, "ccie-security", *days) == [
            "active",
            "suspended",
            "suspended",
            "active",
            "active",
            "inactive",
        ]
        assert story.notices("lapsed") == 2

    def test_what_would_have_been_suspended_that_very_day_never_is(self, story: Story) -> None:
        story.to("2018-06-01").certify("ccie-security", "2018-02-24")
        assert statuses(story, "ccie-security", "2020-02-23", "2020-02-24", "2021-02-23", "2021-02-24") == [
            "active",
            "active",
            "active",
            "inactive",
        ]
        assert story.notices("lapsed") == 1

    def test_what_ends_that_very_day_has_ended(self, story: Story) -> None:
        """CR-03: with its credits, though a hundred and twenty would have been enough from that day on."""
        story.to("2018-01-10").certify("ccie-security", "2017-02-24")
        story.enroll()
        story.to("2020-02-20").report("ilt-64", "2020-02-18")
        story.report("path-50", "2020-02-19")
        story.report("dig-20", "2020-02-19")
        assert statuses(story, "ccie-security", "2020-02-23", "2020-02-24") == ["suspended", "inactive"]
        assert (story.lifetime().expired, story.cycle_started_on()) == (134, None)

    def test_what_ends_a_day_later_is_renewed_by_the_path_that_the_day_opens(self, story: Story) -> None:
        """CE-09: as of that day, by whoever looks that night."""
        story.to("2018-01-10").certify("ccie-security", "2017-02-25")
        story.enroll()
        story.to("2020-02-20").report("ilt-64", "2020-02-18")
        story.report("path-50", "2020-02-19")
        story.report("dig-20", "2020-02-19")
        story.to("2020-02-24")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2023-02-24")
        assert (story.lifetime().used, story.cycle_started_on()) == (120, "2020-02-25")
        assert story.notices("renewed") == 1

    def test_a_term_bought_ahead_keeps_its_start(self, story: Story) -> None:
        """CE-09: paid four days before the change; the start is fixed, the length is that of the start."""
        story.to("2018-06-01").certify("ccie-security", "2018-05-01")
        story.enroll()
        story.to("2020-02-10").report("ilt-64", "2020-02-08")
        story.report("path-50", "2020-02-08")
        story.to("2020-02-20").pay_fee()
        assert story.lapses_on("ccie-security") == "2023-05-01"
        assert story.to("2020-02-25").lapses_on("ccie-security") == "2023-05-01"
        assert statuses(story, "ccie-security", "2020-05-01", "2023-04-30", "2023-05-01") == [
            "active",
            "active",
            "inactive",
        ]

    def test_a_term_renewed_from_the_old_end_is_re_dated_in_its_turn(self, story: Story) -> None:
        """CE-09, CERT-01: suspended since March 2019, renewed in February 2020 from March 2019 on."""
        story.to("2018-06-01").certify("ccie-security", "2017-03-01")
        story.enroll()
        story.to("2020-02-10").report("ilt-64", "2020-02-08")
        story.report("path-50", "2020-02-08")
        story.pay_fee()
        assert (story.lapses_on("ccie-security"), story.inactive_on("ccie-security")) == ("2021-03-01", "2022-03-01")
        story.to("2020-02-24")
        assert (story.lapses_on("ccie-security"), story.inactive_on("ccie-security")) == ("2022-03-01", "2022-03-01")

    def test_levels_that_kept_their_length_keep_their_dates(self, story: Story) -> None:
        story.to("2018-06-01").certify("ccnp-security", "2018-05-01")
        story.to("2020-02-25")
        assert story.lapses_on("ccnp-security") == "2021-05-01"
        assert StatusChange.objects.count() == 1


class TestReminders:
    """CERT-03: by the day on which the active status ends, as it is known on the reminder's day."""

    def days(self, story: Story, kind: str) -> list[str]:
        notices = story.candidate.notices.filter(kind=kind).order_by("created_at")
        return [str(notice.created_at.date()) for notice in notices]

    def test_the_whole_ladder(self, story: Story) -> None:
        story.to("2020-06-01").certify("ccnp-enterprise")
        story.to("2023-06-02")
        assert self.days(story, "lapse_reminder") == [
            "2021-06-01",
            "2022-06-01",
            "2023-03-03",
            "2023-04-02",
            "2023-05-02",
        ]
        assert self.days(story, "lapsed") == ["2023-06-01"]

    def test_after_a_re_dating_they_follow_the_new_day(self, story: Story) -> None:
        """The thirtieth day before the old end is the day of the change: that reminder is not sent."""
        story.to("2018-03-28").certify("ccie-security", "2018-03-25")
        story.to("2021-04-01")
        assert self.days(story, "lapse_reminder") == [
            "2019-03-26",
            "2019-12-26",
            "2020-01-25",
            "2020-03-25",
            "2020-12-25",
            "2021-01-24",
            "2021-02-23",
        ]
        assert self.days(story, "lapsed") == ["2021-03-25"]

    def test_days_that_had_passed_before_a_re_dating_are_not_made_up_for(self, story: Story) -> None:
        """Suspended until the change and active for forty days more: the ninetieth and sixtieth day are past."""
        story.to("2018-01-10").certify("ccie-security", "2017-04-04")
        story.to("2019-04-05")
        before = len(self.days(story, "lapse_reminder"))
        story.to("2020-04-05")
        assert self.days(story, "lapse_reminder")[before:] == ["2020-03-05"]
        assert self.days(story, "lapsed") == ["2019-04-04", "2020-04-04"]

    def test_a_term_bought_ahead_moves_them(self, story: Story) -> None:
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.to("2018-03-20").sit("400-007")
        assert story.lapses_on("ccie-security") == "2020-05-01"
        story.to("2019-05-03")
        assert self.days(story, "lapse_reminder") == [
            "2018-01-31",
            "2018-03-02",
            "2018-05-02",
            "2019-05-02",
        ]
        assert self.days(story, "lapsed") == []

    def test_two_rungs_on_one_day_are_one_message(self, story: Story) -> None:
        """One certification lapses in ninety days, the other in thirty."""
        story.to("2022-01-10").certify("ccnp-security", "2020-06-01")
        story.certify("ccna", "2020-04-02")
        story.to("2023-03-03")
        (notice,) = story.candidate.notices.filter(kind="lapse_reminder", created_at__date="2023-03-03")
        assert "CCNP Security" in notice.body and "CCNA" in notice.body


class TestMonthEnds:
    """CERT-01: 31 becomes the month's last day, 29 February the 28th."""

    def test_a_leap_day(self, story: Story) -> None:
        story.to("2020-02-29").certify("ccnp-enterprise")
        assert statuses(story, "ccnp-enterprise", "2023-02-27", "2023-02-28") == ["active", "inactive"]

    def test_a_leap_day_of_the_old_years_counts_its_months_from_the_start(self, story: Story) -> None:
        """Twenty-four months and thirty-six, both from 29 February."""
        story.to("2017-06-10").certify("ccie-security", "2016-02-29")
        assert (story.lapses_on("ccie-security"), story.inactive_on("ccie-security")) == ("2018-02-28", "2019-02-28")

    def test_credits_of_a_leap_day(self, story: Story) -> None:
        """CR-01: they expire on 28 February three years later."""
        story.to("2019-08-31").certify("ccie-security", "2019-08-31")
        story.enroll()
        story.to("2020-03-02").report("ilt-40", "2020-02-29")
        story.to("2020-06-02").sit("200-301")
        assert story.to("2023-02-27").lifetime().available == 0  # the certification lapsed before
        assert Entry.objects.get(kind="expired").counts_from == day("2022-08-31")
        assert Entry.objects.get(kind="earned").grant.expires_on == day("2023-02-28")


class TestWhatIsRenewedTogether:
    def test_valid_means_active_below_the_level(self, story: Story) -> None:
        """CERT-06, CE-09: the suspended expert by the old date, the active associate by the day, the ended one not."""
        story.to("2018-06-10").certify("ccie-security", "2016-06-01")
        story.certify("ccna", "2016-09-01")
        story.certify("devnet-associate", "2015-06-01")
        story.enroll()
        story.report("ilt-64", "2018-06-05")
        story.report("path-50", "2018-06-05")
        story.to("2018-07-11").pay_fee()
        assert story.lapses_on("ccie-security") == "2020-06-01"
        assert story.lapses_on("ccna") == "2021-07-11"
        assert (story.status("devnet-associate"), story.lapses_on("devnet-associate")) == ("inactive", "2018-06-01")

    def test_two_experts_with_different_ends_each_from_its_own(self, story: Story) -> None:
        """CE-09: under the anniversary basis, and the suspended one too since a path of the level was met."""
        story.to("2018-06-10").certify("ccie-security", "2016-06-01")
        story.certify("ccie-enterprise", "2017-03-01")
        story.to("2018-07-11").sit("400-007")
        assert (story.lapses_on("ccie-security"), story.lapses_on("ccie-enterprise")) == ("2020-06-01", "2021-03-01")
        assert story.notices("renewed") == 1

    def test_while_one_of_two_waits_the_other_can_be_renewed(self, story: Story) -> None:
        """CE-09: only the one whose next term waits takes no further renewal; the fee is asked for the other."""
        story.to("2018-06-10").certify("ccie-security", "2016-06-01")
        story.certify("ccie-enterprise", "2017-03-01")
        story.enroll()
        story.to("2018-07-11").sit("400-007")
        story.to("2018-09-02").report("ilt-64", "2018-09-01")
        story.report("path-50", "2018-09-01")
        story.to("2018-09-10").pay_fee()
        # The security term has begun on 1 June 2018 and goes on from its end; the enterprise one is bought and stays.
        assert (story.lapses_on("ccie-security"), story.lapses_on("ccie-enterprise")) == ("2023-06-01", "2021-03-01")
        assert story.ledger_is_sound()

    def test_earning_renews_the_active_ones_and_the_lab_is_a_path_for_the_suspended(self, story: Story) -> None:
        """CERT-06: earning alone would not renew a suspended expert; its lab meets a path of the level."""
        story.to("2018-06-10").certify("ccie-security", "2016-06-01")
        story.certify("ccna", "2016-09-01")
        story.to("2018-07-11").sit("lab-ccie-enterprise")
        assert story.status("ccie-enterprise") == "active"
        assert story.lapses_on("ccie-security") == "2020-06-01"
        assert story.lapses_on("ccna") == "2021-07-11"
        assert story.cycle_started_on() == "2018-07-12"
        assert story.notices("renewed") == 1

    def test_earning_the_same_level_elsewhere_renews_only_the_active(self, story: Story) -> None:
        """CERT-06: certified by the records on the very day, without an exam on record."""
        story.to("2018-06-10").certify("ccie-security", "2016-06-01")
        story.certify("ccie-data-center", "2017-01-01")
        story.to("2018-07-11").certify("ccie-enterprise")
        assert story.lapses_on("ccie-security") == "2018-06-01"
        assert story.lapses_on("ccie-data-center") == "2021-01-01"

    def test_entry_level_is_never_touched(self, story: Story) -> None:
        """CERT-02."""
        story.to("2021-01-10").certify("ccst-networking", "2020-01-01")
        story.certify("ccna", "2020-06-01")
        story.to("2021-03-01").sit("350-401")
        assert story.lapses_on("ccna") == "2024-03-01"
        assert StatusChange.objects.filter(certification__track__code="ccst-networking").count() == 1


class TestPathsThatADayOpens:
    """CE-09: a requirement date is never earlier than the day from which the path applies to the holder."""

    def test_two_exams_of_2019_renew_an_expert_when_their_path_opens(self, story: Story) -> None:
        story.to("2018-06-10").certify("ccie-security", "2018-05-01")
        story.to("2019-03-01").sit("350-701")
        story.to("2019-04-01").sit("300-710")
        assert story.to("2020-02-23").lapses_on("ccie-security") == "2020-05-01"
        assert story.to("2020-02-24").lapses_on("ccie-security") == "2023-02-24"
        renewal = Recertification.objects.get()
        assert (renewal.requirement_on, renewal.credits_used) == (day("2020-02-24"), 0)
        assert story.cycle_started_on() == "2020-02-25"

    def test_found_late_it_is_still_as_of_the_day(self, story: Story) -> None:
        story.to("2018-06-10").certify("ccie-security", "2018-05-01")
        story.enroll()
        story.to("2019-03-01").sit("350-701")
        claim = story.to("2020-02-20").claim("ilt-40", "2020-02-19")
        story.to("2020-03-10").decide()
        assert (claim.completed_on, story.lapses_on("ccie-security")) == (day("2020-02-19"), "2023-02-24")

    def test_an_exam_counts_for_each_certification_after_its_own_last_renewal(self, story: Story) -> None:
        """CE-07: the concentration renews the professional with credits, and counts for the expert still."""
        story.to("2021-01-10").certify("ccie-security", "2020-03-01")
        story.certify("ccnp-enterprise", "2020-06-01")
        story.to("2021-03-01").sit("300-410")
        story.to("2021-04-01").sit("300-415")
        assert (story.lapses_on("ccnp-enterprise"), story.lapses_on("ccie-security")) == ("2024-04-01", "2023-03-01")
        story.to("2021-05-01").sit("300-420")
        assert (story.lapses_on("ccnp-enterprise"), story.lapses_on("ccie-security")) == ("2024-05-01", "2024-05-01")

    def test_exams_of_the_day_of_the_last_renewal_do_not_count(self, story: Story) -> None:
        """CE-07: passed after it."""
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.sit("300-410")
        story.to("2021-04-01").sit("300-415")
        assert story.lapses_on("ccnp-enterprise") == "2024-03-01"

    def test_a_concentration_with_forty_credits_bears_no_fee(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccnp-enterprise")
        story.enroll()
        story.to("2021-05-05").report("ilt-40", "2021-05-01")
        story.to("2021-06-01").sit("300-410")
        assert (story.lapses_on("ccnp-enterprise"), story.lifetime().used) == ("2024-06-01", 40)


class TestTheHighestChanges:
    def test_the_credits_pass_to_the_lower_level(self, story: Story) -> None:
        """CR-03, CE-07: forty are too few for the professional; forty more are enough."""
        story.to("2021-01-10").certify("ccie-security", "2018-05-01")
        story.certify("ccnp-enterprise", "2020-06-01")
        story.enroll()
        story.to("2021-03-02").report("ilt-40", "2021-03-01")
        story.to("2021-05-01")
        assert (story.status("ccie-security"), story.balance().available) == ("inactive", 40)
        assert story.cycle_started_on() == "2018-05-01"
        story.to("2021-07-02").report("dig-40", "2021-07-01")
        assert (story.lapses_on("ccnp-enterprise"), story.lifetime().used) == ("2024-07-01", 80)

    def test_of_two_levels_that_end_the_same_day_nothing_is_left(self, story: Story) -> None:
        """CR-03."""
        story.to("2021-01-10").certify("ccie-security", "2018-06-01")
        story.certify("ccnp-enterprise", "2018-06-01")
        story.enroll()
        story.to("2021-03-02").report("ilt-40", "2021-03-01")
        story.to("2021-06-01")
        assert (story.lifetime().expired, story.cycle_started_on()) == (40, None)

    def test_a_lower_one_that_ends_first_changes_nothing(self, story: Story) -> None:
        story.to("2021-01-10").certify("ccie-security", "2020-03-01")
        story.certify("ccnp-enterprise", "2018-06-01")
        story.enroll()
        story.to("2021-03-02").report("ilt-40", "2021-03-01")
        story.to("2021-06-01")
        assert (story.balance().available, story.cycle_started_on()) == (40, "2020-03-01")

    def test_before_2020_an_expert_that_ends_leaves_nothing_eligible(self, story: Story) -> None:
        """CR-03, CE-02: a professional was not eligible then."""
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.certify("ccnp-enterprise", "2017-09-01")
        story.enroll()
        story.to("2019-03-02").report("ilt-40", "2019-03-01")
        story.to("2019-05-01")
        assert (story.balance().available, story.lifetime().expired) == (0, 40)

    def test_an_exam_that_counts_after_all_undoes_the_lapse_of_the_expert(self, story: Story) -> None:
        """EXAM-09, CR-02: the renewal ends the old cycle, though the professional had begun one of its own."""
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.certify("ccnp-enterprise", "2017-09-01")
        story.enroll()
        story.to("2019-03-02").report("ilt-40", "2019-03-01")
        story.to("2019-04-20").sit("400-007", "fail")
        assert story.to("2019-05-05").status("ccie-security") == "inactive"
        story.to("2019-05-10").correct("400-007", "2019-04-20", "pass")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2020-05-01")
        assert story.cycle_started_on() == "2019-04-21"
        assert story.ledger_is_sound()


class TestRegaining:
    """CERT-04: what has lapsed is regained in full, by neither credits nor a path of exams."""

    def test_no_path_renews_what_has_ended(self, story: Story) -> None:
        story.to("2021-01-10").certify("ccnp-enterprise", "2018-01-20")
        story.to("2021-01-20")
        story.to("2021-02-01").sit("350-401")
        story.to("2021-03-01").sit("300-410")
        assert story.status("ccnp-enterprise") == "inactive"
        assert not Recertification.objects.exists()

    def test_an_exam_of_the_last_day_renews_and_one_of_the_next_does_not(self, story: Story) -> None:
        story.to("2021-01-10").certify("ccnp-enterprise", "2018-01-20")
        other = Story(factories.CandidateFactory.create()).to("2021-01-10")
        other.certify("ccnp-enterprise", "2018-01-20")
        story.to("2021-01-19").sit("350-401")
        other.today = story.today
        other.to("2021-01-20").sit("350-401")
        assert (story.lapses_on("ccnp-enterprise"), other.status("ccnp-enterprise")) == ("2024-01-19", "inactive")

    def test_the_exam_that_earns_it_gives_it_anew(self, story: Story) -> None:
        """The number stays; a cycle starts."""
        story.to("2021-01-10").certify("ccie-security", "2017-01-20")
        story.to("2021-05-01").sit("lab-ccie-security")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2024-05-01")
        assert story.cycle_started_on() == "2021-05-01"
        changes = StatusChange.objects.order_by("id").values_list("before", "after", "clause")
        assert list(changes)[-1] == ("inactive", "active", "CERT-04")


def emeritus(story: Story, track: str, route: str = "recertify", until: str = "2022-03-01") -> None:
    import_emeritus(
        candidate_id=story.candidate.id,
        track_code=track,
        certified_on=day("2008-03-01"),
        until=day(until),
        route=route,
        now=story.now,
    )


class TestFromEmeritus:
    """EMR-18: the current requirements bring a holder back; by the longer route only a written exam and a lab do."""

    def test_one_exam_brings_back_and_the_term_starts_on_its_day(self, story: Story) -> None:
        emeritus(story.to("2021-04-01"), "ccie-security")
        story.to("2021-05-01").sit("400-007")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2024-05-01")

    def test_by_the_longer_route_neither_exam_alone_does(self, story: Story) -> None:
        emeritus(story.to("2021-04-01"), "ccie-security", "written_and_lab")
        story.to("2021-05-01").sit("350-701")
        story.to("2021-06-01").sit("300-710")
        story.to("2021-07-01").sit("400-007")
        assert story.status("ccie-security") == "emeritus"
        story.to("2021-08-01").sit("lab-ccie-security")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2024-08-01")

    def test_by_the_longer_route_a_core_exam_is_the_written_one_of_its_lab(self, story: Story) -> None:
        emeritus(story.to("2021-04-01"), "ccie-security", "written_and_lab")
        story.to("2021-05-01").sit("lab-ccie-security")
        assert story.status("ccie-security") == "emeritus"
        story.to("2021-06-01").sit("350-701")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("active", "2024-06-01")

    def test_by_the_longer_route_credits_do_not(self, story: Story) -> None:
        """CE-04 keeps such a holder out, but not one who enrolled with another certification."""
        story.to("2021-04-01").certify("ccnp-enterprise", "2020-06-01")
        emeritus(story, "ccie-security", "written_and_lab")
        story.enroll()
        for item in ("ilt-64", "path-50", "ilt-40"):
            story.to("2021-06-01").report(item, "2021-05-20")
        assert story.status("ccie-security") == "emeritus"
        assert not Recertification.objects.exists()

    def test_by_the_longer_route_the_renewal_of_another_expert_does_not(self, story: Story) -> None:
        """CERT-06 renews what is in Emeritus at the level; this route asks for its own exams."""
        emeritus(story.to("2021-04-01"), "ccie-security", "written_and_lab")
        emeritus(story, "ccie-enterprise")
        story.certify("ccde", "2020-05-01")
        story.to("2021-05-01").sit("400-007")
        assert story.lapses_on("ccde") == "2024-05-01"
        assert story.lapses_on("ccie-enterprise") == "2024-05-01"
        assert story.status("ccie-security") == "emeritus"


class TestEveryChangeIsKept:
    """CERT-01 to CERT-06: with its day, its clause and why, in the order in which they came."""

    def changes(self, story: Story, track: str) -> list[tuple[str, str, str, str]]:
        kept = StatusChange.objects.filter(certification__candidate=story.candidate, certification__track__code=track)
        return [(str(each.effective_on), each.after, each.clause, each.reason) for each in kept.order_by("id")]

    def test_suspended_active_again_lapsed_and_earned_anew(self, story: Story) -> None:
        story.to("2018-01-10").certify("ccie-security", "2017-05-01")
        story.to("2020-06-01").sit("lab-ccie-security")
        assert self.changes(story, "ccie-security") == [
            ("2018-01-10", "active", "CERT-01", "Imported from the certification records"),
            ("2019-05-01", "suspended", "CERT-01", "The active period ended without a renewal"),
            ("2020-02-24", "active", "CERT-01", "The length of terms changed, that of running ones with it"),
            ("2020-05-01", "inactive", "CERT-01", "The certification lapsed without a renewal"),
            ("2020-06-01", "active", "CERT-04", "Earned anew"),
        ]

    def test_found_late_each_stands_by_its_own_day(self, story: Story) -> None:
        """A pause of the nights leaves the same record, whoever comes first afterwards."""
        story.to("2018-01-10").certify("ccie-security", "2017-05-01")
        story.today = day("2020-05-20")
        follow_calendar(candidate_id=story.candidate.id, now=story.now)
        assert [(on, after) for on, after, _clause, _reason in self.changes(story, "ccie-security")] == [
            ("2018-01-10", "active"),
            ("2019-05-01", "suspended"),
            ("2020-02-24", "active"),
            ("2020-05-01", "inactive"),
        ]

    def test_what_renewed_it_is_said(self, story: Story) -> None:
        story.to("2021-03-01").certify("ccna")
        story.certify("devnet-associate", "2020-09-01")
        story.to("2021-04-01").certify("ccnp-enterprise")
        story.to("2021-05-01").sit("350-401")
        assert self.changes(story, "ccna") == [
            ("2021-03-01", "active", "CERT-01", "Earned"),
            ("2021-04-01", "active", "CERT-06", "Renewed by earning another certification"),
            ("2021-05-01", "active", "CERT-06", "Renewed together with another certification"),
        ]
        assert self.changes(story, "ccnp-enterprise")[-1] == (
            "2021-05-01",
            "active",
            "CERT-05",
            "Renewed: a path of its level was met",
        )

    def test_the_end_of_emeritus(self, story: Story) -> None:
        emeritus(story.to("2021-04-01"), "ccie-security")
        story.to("2022-03-01")
        assert self.changes(story, "ccie-security")[-1] == (
            "2022-03-01",
            "grace",
            "EMR-05",
            "The active status or Emeritus ended, and Emeritus can still be bought",
        )
        assert story.to("2022-05-01").status("ccie-security") == "inactive"
