"""The balance of any day, as it was known at any moment (CR-07): what was said then can be asked for ever after."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given, settings

from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from credits import queries
from credits.models import Entry, Grant
from credits.papers import verification
from credits.queries import Balance
from tests import factories
from tests.credits.ledger_world import earn, entries_of
from tests.credits.test_properties import IN_PEACE, STARTS, STEPS, Step, _do
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

NOTHING = Balance(available=0, earned=0, used=0, expired=0, voided=0, cut=0)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()


@pytest.fixture
def story(world: None) -> Story:
    story = Story(factories.CandidateFactory.create())
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    return story


def asked(story: Story, on: str, known_on: str | None = None) -> Balance:
    """The balance at the end of a day, as known at the end of another; of the same where none is given."""
    return queries.balance_as_of(story.candidate.id, day=day(on), known_at=clock.end_of(day(known_on or on)))


class TestRenewal:
    @pytest.fixture
    def story(self, story: Story) -> Story:
        """Forty credits, then fifty more: on 1 March eighty renew and ten expire; sixteen are of the next cycle."""
        story.to("2021-02-03").report("dig-40", "2021-02-01")
        story.to("2021-03-05").report("path-50", "2021-03-01")
        story.to("2021-04-02").report("boot-16", "2021-04-01")
        return story

    @pytest.mark.parametrize(
        ("on", "known_on", "available", "used", "expired"),
        [
            ("2021-01-31", None, 0, 0, 0),
            ("2021-02-02", None, 0, 0, 0),  # completed and not reported yet
            ("2021-02-02", "2021-02-03", 40, 0, 0),  # as it turned out a day later
            ("2021-01-31", "2021-04-02", 0, 0, 0),
            ("2021-02-28", None, 40, 0, 0),
            ("2021-03-01", None, 40, 0, 0),  # what renewed that day was not known yet
            ("2021-02-28", "2021-04-02", 40, 0, 0),
            ("2021-03-01", "2021-04-02", 0, 0, 0),  # the cycle ended with the day
            ("2021-03-04", None, 40, 0, 0),
            ("2021-03-05", None, 0, 0, 0),  # the cycle that goes on has nothing yet
            ("2021-04-01", "2021-04-02", 16, 0, 0),
            ("2021-04-02", None, 16, 0, 0),
        ],
    )
    def test_the_cycle_is_the_one_that_ran_then(
        self, story: Story, on: str, known_on: str | None, available: int, used: int, expired: int
    ) -> None:
        found = asked(story, on, known_on)
        assert (found.available, found.used, found.expired) == (available, used, expired)

    def test_sums_over_all_cycles_at_any_day_as_known_at_any_moment(self, story: Story) -> None:
        def lifetime(on: str, known_on: str) -> tuple[int, int, int, int]:
            found = queries.lifetime_balance(story.candidate.id, day=day(on), known_at=clock.end_of(day(known_on)))
            return found.available, found.earned, found.used, found.expired

        assert lifetime("2021-02-28", "2021-04-02") == (40, 40, 0, 0)
        assert lifetime("2021-03-01", "2021-03-04") == (40, 40, 0, 0)
        assert lifetime("2021-03-01", "2021-03-05") == (0, 90, 80, 10)
        assert lifetime("2021-04-02", "2021-04-02") == (16, 106, 80, 10)
        assert queries.lifetime_balance(story.candidate.id).earned == 106

    def test_each_is_one_question(self, story: Story, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            asked(story, "2021-03-01", "2021-04-02")
        with django_assert_num_queries(1):
            queries.lifetime_balance(story.candidate.id, day=day("2021-03-01"), known_at=noon("2021-04-02"))

    def test_a_moment_is_that_moment(self, story: Story) -> None:
        def at(known_at: Any) -> int:
            return queries.balance_as_of(story.candidate.id, day=day("2021-02-03"), known_at=known_at).available

        assert at(story.now.replace(month=2, day=3)) == 40
        assert at(story.now.replace(month=2, day=3) - timedelta(microseconds=1)) == 0

    def test_nobody_sees_what_is_of_others(self, story: Story) -> None:
        stranger = factories.CandidateFactory.create()
        earn(stranger, "2021-02-01", 7)
        assert asked(story, "2021-02-28").available == 40
        assert queries.balance_as_of(stranger.id, day=day("2021-02-28"), known_at=noon("2021-04-02")).available == 7

    def test_the_api_answers_the_same(self, story: Story, client: Client) -> None:
        user = factories.UserFactory.create()
        type(story.candidate).objects.filter(id=story.candidate.id).update(user=user)
        client.force_login(user)

        def told(**query: str) -> tuple[int, int] | int:
            with clock.standing_at(story.now):
                answer = client.get("/api/v1/me/credits", query)
            return (
                (answer.json()["available"], answer.json()["earned"])
                if answer.status_code == 200
                else answer.status_code
            )

        assert told() == (16, 16)
        assert told(as_of="2021-02-28") == (40, 40)
        assert told(as_of="2021-03-01", known_at="2021-03-04T12:00:00Z") == (40, 40)
        assert told(as_of="2021-03-01", known_at="2021-03-06T12:00:00Z") == (0, 0)
        assert told(known_at="2021-04-03T12:00:00Z") == told(known_at="soon") == 400


class TestLapse:
    def test_credits_are_there_to_the_last_day_and_gone_on_the_next(self, story: Story) -> None:
        """CR-03: they expire on the inactive date."""
        story.to("2023-05-02").report("dig-40", "2023-05-01")
        story.to("2023-06-10")
        assert story.status("ccnp-enterprise") == "inactive"
        for known_on in (None, "2023-06-10"):
            assert asked(story, "2023-05-31", known_on).available == 40
            assert asked(story, "2023-06-01", known_on) == NOTHING
        lifetime = queries.lifetime_balance(story.candidate.id, day=day("2023-06-01"), known_at=story.now)
        assert (lifetime.available, lifetime.expired) == (0, 40)

    def test_what_was_left_over_when_a_renewal_undid_a_lapse_went_with_the_cycle(self, story: Story) -> None:
        """CE-15, CR-06: no day between the requirement date and the lapse shows credits that were gone."""
        story.to("2023-05-12").claim("ilt-64", "2023-05-10", "late")
        story.to("2023-05-14").report("dig-40", "2023-05-04")
        story.to("2023-06-10")
        assert asked(story, "2023-06-05") == NOTHING
        story.decide("late")

        assert story.status("ccnp-enterprise") == "active"
        left_over = Grant.objects.get(amount=64)
        assert entries_of(left_over)[1:] == [
            ("used", -40, "2023-05-10", "CR-06"),
            ("expired", -24, "2023-05-10", "CR-02"),
        ]
        for on in ("2023-05-10", "2023-05-25", "2023-06-05"):
            assert asked(story, on, "2023-06-10").available == 0
            on_day = queries.lifetime_balance(story.candidate.id, day=day(on), known_at=story.now)
            assert (on_day.available, on_day.used, on_day.expired) == (0, 80, 24)
        # As it was known then, nothing of this had happened.
        assert asked(story, "2023-05-25").available == 40
        assert verification.verify().sound

    def test_credits_that_no_renewal_needed_and_a_lapse_had_taken_expire_with_the_cycle(self, story: Story) -> None:
        """CE-15, CR-06: also where nothing of a grant was used."""
        story.to("2023-05-12").claim("ilt-64", "2023-05-01", "late")
        story.report("dig-20", "2023-05-10")
        story.report("boot-16", "2023-05-10")
        story.to("2023-06-10").decide("late")

        assert entries_of(Grant.objects.get(amount=16))[1:] == [
            ("expired", -16, "2023-06-01", "CR-03"),
            ("restored", 16, "2023-06-01", "CE-09"),
            ("expired", -16, "2023-05-10", "CR-02"),
        ]
        for on in ("2023-05-10", "2023-05-25", "2023-06-05"):
            found = queries.lifetime_balance(story.candidate.id, day=day(on), known_at=story.now)
            assert (found.available, found.used, found.expired) == (0, 80, 20)
        assert verification.verify().sound


class TestReversal:
    def test_two_cycles_that_became_one_are_told_apart_by_when_it_was_known(self, story: Story) -> None:
        """EXAM-09: after a result is annulled both cycles are one, and before they were two."""
        from exams.services import correct_attempt

        story.to("2021-02-03").report("dig-40", "2021-02-01")
        story.to("2021-03-01").sit("350-401")
        story.to("2021-04-02").report("boot-16", "2021-04-01")
        story.to("2021-05-03")
        correct_attempt(
            candidate_id=story.candidate.id,
            exam_number="350-401",
            taken_on=day("2021-03-01"),
            result="annulled",
            reason="evidence",
            now=story.now,
        )

        assert (asked(story, "2021-02-28").available, asked(story, "2021-02-28", "2021-05-03").available) == (40, 40)
        assert asked(story, "2021-03-02") == NOTHING
        assert asked(story, "2021-03-02", "2021-05-03").available == 40
        assert (asked(story, "2021-04-30").available, asked(story, "2021-04-30", "2021-05-03").available) == (16, 56)
        assert asked(story, "2021-05-03") == Balance(available=56, earned=56, used=0, expired=0, voided=0, cut=0)
        assert verification.verify().sound

    def test_what_was_voided_was_there_as_far_as_one_knew(self, story: Story) -> None:
        """CE-12"""
        from credits.services.audits import decide_audit

        story.to("2021-02-03").claim("dig-40", "2021-02-01")
        claim = story.decide()
        story.to("2021-03-03")
        decide_audit(claim_id=claim.id, outcome="fail", reason="forged", staff_id=None, now=story.now)
        assert asked(story, "2021-02-20").available == 40
        assert asked(story, "2021-02-20", "2021-03-03") == Balance(
            available=0, earned=40, used=0, expired=0, voided=40, cut=0
        )


@pytest.mark.usefixtures("world")
@settings(IN_PEACE, max_examples=10)
@given(start=STARTS, steps=STEPS)
def test_in_every_story_what_was_said_then_can_be_asked_later(start: tuple[str, date, str], steps: list[Step]) -> None:
    track, first_day, certified_on = start
    story = Story(factories.CandidateFactory.create(), today=first_day)
    story.certify(track, certified_on)
    with suppress(Refused):
        story.enroll()
    said: dict[date, Balance] = {}
    for step in steps:
        story.to(story.now.date() + timedelta(days=step.after_days))
        with suppress(Refused), transaction.atomic():
            _do(story, step)
        said[story.now.date()] = story.balance()

    later = {on: queries.balance_as_of(story.candidate.id, day=on, known_at=clock.end_of(on)) for on in said}
    assert later == said
    # What is known now of any day: only the cycle that ran then has anything.
    for on in said:
        found = queries.balance_as_of(story.candidate.id, day=on, known_at=story.now)
        lifetime = queries.lifetime_balance(story.candidate.id, day=on, known_at=story.now)
        assert found.available == lifetime.available, on
    # The clock goes back from one story to the next, which no chain of seals is made for.
    assert [each for each in verification.verify().differences if each.check != "seals"] == []
    assert not Entry.objects.filter(candidate=story.candidate, counts_from__gt=story.now.date()).exists()
