"""Sanctions from the proposal to the lifting: what happens, what is refused, what is done twice (CAND-02, CERT-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from candidates import queries, services
from candidates.models import Candidate, Notice, Sanction, StatusChange, User
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.factories import day
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    """Aiko, certified for three years from June 2020, on the day before anything is found."""
    load_reference()
    story = Story(factories.CandidateFactory.create()).to("2021-01-10")
    story.certify("ccnp-enterprise", "2020-06-01")
    return story


@pytest.fixture
def erin(db: None) -> User:
    """Programme staff, too."""
    return factories.UserFactory.create(staff=True, email="erin@example.org", name="Erin")


@pytest.fixture
def fay(db: None) -> User:
    """Programme staff who had nothing to do with it."""
    return factories.UserFactory.create(staff=True, email="fay@example.org", name="Fay")


def propose(story: Story, by: User, **other: Any) -> Sanction:
    return services.propose_sanction(
        candidate_id=story.candidate.id,
        **{"clause": "CERT-08", "statement": "Sold the logo on mugs.", **other},
        staff_id=by.id,
        now=story.now,
    )


def impose(story: Story, by: User, and_by: User, **other: Any) -> Sanction:
    proposed = propose(story, by, **other)
    return services.confirm_sanction(sanction_id=proposed.id, staff_id=and_by.id, now=story.now)


def lift(story: Story, sanction: Sanction, by: User) -> Sanction:
    return services.lift_sanction(
        sanction_id=sanction.id, reason="The mugs were a gift.", staff_id=by.id, now=story.now
    )


def topics() -> list[str]:
    return list(Event.objects.filter(topic__contains="sanction").values_list("topic", flat=True))


def refused(act: Callable[[], Any]) -> tuple[str, ...]:
    """Do what must be refused, and see that nothing was said of it."""
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        act()
    assert Event.objects.count() == before
    return refusal.value.decision.clauses_unmet


class TestTwoSignatures:
    def test_the_second_one_puts_it_in_force_and_tells_the_candidate(self, story: Story, dan: User, erin: User) -> None:
        proposed = propose(story, dan, evidence="Three photographs.")
        assert story.status("ccnp-enterprise") == "active"
        assert queries.bar_on(story.candidate.id) is None

        for _each in range(2):
            sanction = services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=story.now)

        assert (sanction.status, sanction.decided_by, sanction.proposed_by) == ("running", erin, dan)
        assert sanction.appeal_until == story.now.date() + timedelta(days=30)
        assert story.status("ccnp-enterprise") == "revoked"
        notice = Notice.objects.get(kind="sanction")
        assert sanction.told == notice
        assert all(text in notice.body for text in ("CERT-08", "Sold the logo on mugs.", "9 February 2021"))
        assert "photographs" not in notice.body
        assert topics() == ["candidates.sanction_proposed", "candidates.sanction_confirmed"]
        change = StatusChange.objects.latest("id")
        assert (change.before, change.after, change.clause) == ("active", "revoked", "CAND-02")

    def test_whoever_proposed_it_does_not_decide_it(self, story: Story, dan: User) -> None:
        proposed = propose(story, dan)
        for act in (services.confirm_sanction, services.decline_sanction):
            reason = {"reason": "No."} if act is services.decline_sanction else {}
            assert refused(lambda: act(sanction_id=proposed.id, staff_id=dan.id, now=story.now, **reason)) == (  # noqa: B023
                "CAND-02",
            )
        assert story.status("ccnp-enterprise") == "active"
        assert not Notice.objects.filter(kind="sanction").exists()

    def test_nobody_proposes_decides_or_lifts_one_about_themselves(
        self, story: Story, dan: User, erin: User, fay: User
    ) -> None:
        Candidate.objects.filter(id=story.candidate.id).update(user=fay)
        assert refused(lambda: propose(story, fay)) == ("CAND-02",)
        proposed = propose(story, dan)
        assert refused(lambda: services.confirm_sanction(sanction_id=proposed.id, staff_id=fay.id, now=story.now)) == (
            "CAND-02",
        )
        sanction = services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=story.now)
        assert refused(lambda: lift(story, sanction, fay)) == ("CAND-02",)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"clause": "CERT-99"},
            {"statement": "  "},
            {"ends_on": day("2021-02-01")},
            {"permanent": False, "ends_on": day("2021-01-10")},
        ],
    )
    def test_a_proposal_names_the_clause_and_what_happened(
        self, story: Story, dan: User, wrong: dict[str, Any]
    ) -> None:
        assert refused(lambda: propose(story, dan, **wrong)) == ("CAND-02",)
        assert not Sanction.objects.exists()

    def test_one_proposal_waits_at_a_time(self, story: Story, dan: User, erin: User) -> None:
        first = propose(story, dan)
        assert refused(lambda: propose(story, erin)) == ("CAND-02",)
        for _each in range(2):
            services.decline_sanction(sanction_id=first.id, reason="No proof.", staff_id=erin.id, now=story.now)
        assert refused(lambda: services.confirm_sanction(sanction_id=first.id, staff_id=erin.id, now=story.now)) == (
            "CAND-02",
        )

        assert propose(story, dan).status == "proposed"
        assert topics().count("candidates.sanction_declined") == 1
        assert not Notice.objects.filter(kind="sanction").exists()


class TestWhatItDoes:
    @pytest.mark.parametrize(
        ("reach", "status", "bars_claims"),
        [
            ({}, "revoked", True),
            ({"permanent": False}, "active", True),
            ({"exams_only": True}, "active", False),
            ({"permanent": False, "exams_only": True}, "active", False),
        ],
    )
    def test_how_far_it_reaches(
        self, story: Story, dan: User, erin: User, reach: dict[str, bool], status: str, bars_claims: bool
    ) -> None:
        impose(story, dan, erin, **reach)

        bar = queries.bar_on(story.candidate.id)
        assert bar is not None
        assert story.status("ccnp-enterprise") == status
        assert (not bar.exams_only) is bars_claims
        assert queries.barred_among([story.candidate.id, 0]) == {story.candidate.id: bar}
        assert queries.testing_facts(story.candidate.id, exam_on=day("2030-01-01"), held_in="").bar == bar

    def test_it_stays_revoked_beyond_the_end_of_its_term(self, story: Story, dan: User, erin: User) -> None:
        """CERT-10: nothing is said of dates that pass meanwhile; lifted, it is what they say."""
        sanction = impose(story, dan, erin)
        story.to("2023-08-01")
        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("revoked", "2023-06-01")
        assert story.notices("lapse_reminder") == 0

        for _each in range(2):
            lift(story, sanction, erin)

        assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("inactive", "2023-06-01")
        assert story.notices("lapsed") == 0
        notice = Notice.objects.get(kind="sanction_lifted")
        assert all(text in notice.body for text in ("The mugs were a gift.", "Inactive", "1 June 2023"))
        change = StatusChange.objects.latest("id")
        assert (change.before, change.after, change.clause) == ("revoked", "inactive", "CERT-10")
        assert topics()[-1:] == ["candidates.sanction_lifted"]

    def test_what_was_inactive_stays_inactive(self, story: Story, dan: User, erin: User) -> None:
        story.certify("ccna", "2017-06-06")
        assert story.status("ccna") == "inactive"
        impose(story, dan, erin)
        assert (story.status("ccna"), story.status("ccnp-enterprise")) == ("inactive", "revoked")

    def test_what_lapses_on_the_very_day_lapses_first(self, story: Story, dan: User, erin: User) -> None:
        """The night has not come by yet; the dates are the certification's own."""
        story.today = day("2023-06-01")
        impose(story, dan, erin)
        assert story.status("ccnp-enterprise") == "inactive"

    def test_what_comes_to_light_under_it_is_revoked_too(self, story: Story, dan: User, erin: User) -> None:
        sanction = impose(story, dan, erin)
        story.to("2021-03-01").certify("ccna", "2020-03-01")
        story.certify("ccnp-security")
        assert (story.status("ccna"), story.status("ccnp-security")) == ("revoked", "revoked")

        lift(story, sanction, dan)
        assert (story.status("ccna"), story.status("ccnp-security")) == ("active", "active")

    def test_of_two_the_other_still_stands(self, story: Story, dan: User, erin: User) -> None:
        first = impose(story, dan, erin)
        impose(story, dan, erin, exams_only=True)
        story.to("2021-02-01")
        lift(story, first, erin)

        bar = queries.bar_on(story.candidate.id)
        assert bar is not None and bar.exams_only
        assert story.status("ccnp-enterprise") == "active"

    def test_a_re_dating_meets_the_revoked(self, dan: User, erin: User) -> None:
        """CERT-01: the dates go on under the sanction."""
        load_reference()
        story = Story(factories.CandidateFactory.create()).to("2019-06-01")
        story.certify("ccie-security", "2018-05-01")
        sanction = impose(story, dan, erin)
        story.to("2020-06-01")
        assert (story.status("ccie-security"), story.lapses_on("ccie-security")) == ("revoked", "2021-05-01")
        lift(story, sanction, dan)
        assert story.status("ccie-security") == "active"

    def test_one_with_a_last_day_ends_on_it(self, story: Story, dan: User, erin: User) -> None:
        sanction = impose(story, dan, erin, permanent=False, ends_on=day("2021-03-01"))
        services.end_sanction(sanction_id=sanction.id, now=factories.noon("2021-02-28"))
        assert queries.bar_on(story.candidate.id) is not None

        for _each in range(2):
            services.end_sanction(sanction_id=sanction.id, now=factories.noon("2021-03-01"))

        assert queries.bar_on(story.candidate.id) is None
        assert Notice.objects.filter(kind="sanction_lifted").count() == 1

    def test_what_was_sat_under_it_stays_barred_after_it(self, story: Story, dan: User, erin: User) -> None:
        """A result of a day under the sanction, reported once that is lifted; on the day of the lifting one may sit."""
        sanction = impose(story, dan, erin)
        story.to("2021-06-01")
        lift(story, sanction, dan)

        bars = [
            queries.testing_facts(story.candidate.id, exam_on=day(on), held_in="").bar
            for on in ("2021-01-09", "2021-01-10", "2021-05-31", "2021-06-01")
        ]
        assert [bar is not None for bar in bars] == [False, True, True, False]


class TestAppeals:
    def appeal(self, story: Story, sanction: Sanction, words: str = "They were a gift.") -> Sanction:
        return services.file_sanction_appeal(
            candidate_id=story.candidate.id, sanction_id=sanction.id, words=words, now=story.now
        )

    def decide(self, story: Story, sanction: Sanction, by: User, outcome: str, reason: str = "Seen.") -> Sanction:
        return services.decide_sanction_appeal(
            sanction_id=sanction.id, outcome=outcome, reason=reason, staff_id=by.id, now=story.now
        )

    def test_an_upheld_one_lifts_it_as_if_it_had_never_been(
        self, story: Story, dan: User, erin: User, fay: User
    ) -> None:
        sanction = impose(story, dan, erin)
        for _each in range(2):
            self.appeal(story, sanction)
        for by in (dan, erin):
            assert refused(lambda: self.decide(story, sanction, by, "upheld")) == ("CAND-02",)  # noqa: B023
        assert story.status("ccnp-enterprise") == "revoked"
        story.to("2021-02-01")

        for _each in range(2):
            sanction = self.decide(story, sanction, fay, "upheld")

        assert (sanction.status, sanction.appeal_outcome, sanction.lifted_by) == ("lifted", "upheld", fay)
        assert story.status("ccnp-enterprise") == "active"
        assert queries.testing_facts(story.candidate.id, exam_on=day("2021-01-20"), held_in="").bar is None
        assert "your appeal was upheld" in Notice.objects.get(kind="sanction_lifted").body
        assert topics().count("candidates.sanction_appealed") == 1
        assert topics().count("candidates.sanction_appeal_decided") == 1

    def test_a_dismissed_one_changes_nothing_and_is_told(self, story: Story, dan: User, erin: User, fay: User) -> None:
        sanction = impose(story, dan, erin)
        self.appeal(story, sanction)
        assert refused(lambda: self.decide(story, sanction, fay, "dismissed", reason=" ")) == ("CAND-02",)
        sanction = self.decide(story, sanction, fay, "dismissed", reason="The mugs were sold.")

        assert (sanction.status, story.status("ccnp-enterprise")) == ("running", "revoked")
        assert "The mugs were sold." in Notice.objects.get(kind="sanction_appeal_dismissed").body
        assert refused(lambda: self.appeal(story, sanction, "Once more.")) == ("CAND-02",)

    def test_the_last_day_counts(self, story: Story, dan: User, erin: User) -> None:
        sanction = impose(story, dan, erin)
        story.to("2021-02-10")
        assert refused(lambda: self.appeal(story, sanction)) == ("CAND-02",)
        story.today = day("2021-02-09")
        assert refused(lambda: self.appeal(story, sanction, "  ")) == ("CAND-02",)
        assert self.appeal(story, sanction).appealed_at == story.now

    def test_only_the_candidate_appeals_and_only_what_is_in_force(self, story: Story, dan: User, erin: User) -> None:
        proposed = propose(story, dan)
        with pytest.raises(Sanction.DoesNotExist):
            self.appeal(story, proposed)
        sanction = services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=story.now)
        with pytest.raises(Sanction.DoesNotExist):
            self.appeal(Story(factories.CandidateFactory.create(), story.today), sanction)
        lift(story, sanction, dan)
        assert refused(lambda: self.appeal(story, sanction)) == ("CAND-02",)
        assert refused(lambda: self.decide(story, sanction, dan, "upheld")) == ("CAND-02",)


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("a status nobody knows", {"status": "forgotten"}),
    ("a running one that nobody decided", {"decided_by": None}),
    ("one that its proposer decided", {"decided_by": "dan"}),
    ("one that nobody was told of", {"told": None}),
    ("one without its decision", {"decision": None}),
    ("a lifted one without a reason", {"status": "lifted", "lifted_at": factories.noon("2021-02-01")}),
    ("a running one that was lifted", {"lifted_at": factories.noon("2021-02-01")}),
    ("a permanent one with a last day", {"ends_on": day("2021-02-01")}),
    ("an appeal without words", {"appealed_at": factories.noon("2021-01-12")}),
    ("an outcome without an appeal", {"appeal_outcome": "upheld"}),
    (
        "an appeal decided by who had decided the sanction",
        {
            "appeal": "No.",
            "appealed_at": factories.noon("2021-01-12"),
            "appeal_outcome": "dismissed",
            "appeal_decided_at": factories.noon("2021-01-13"),
            "appeal_decided_because": "Yes.",
            "appeal_decided_by": "erin",
        },
    ),
]


@pytest.mark.parametrize(("_what", "change"), REFUSED, ids=[what for what, _change in REFUSED])
def test_the_database_refuses(story: Story, dan: User, erin: User, _what: str, change: dict[str, Any]) -> None:
    sanction = impose(story, dan, erin)
    staff = {"dan": dan, "erin": erin}
    with pytest.raises(DatabaseError), transaction.atomic():
        Sanction.objects.filter(id=sanction.id).update(
            **{name: staff.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
        )
