"""Claims older than the service promise go to the programme, and providers are reminded (CE-10)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from ceportal import nightly
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from credits.services import escalation
from tests.credits.dispute_world import World, make_world, topics
from tests.factories import day
from tests.story import refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    """A claim handed in on 12 April 2021, whose answer is promised by 22 April."""
    world = make_world(settings, tmp_path)
    world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    return world


def reminders(world: World) -> list[Any]:
    """The messages to the provider about overdue answers, once the relay has run."""
    world.story.notices("any")
    return [message for message in mail.outbox if "overdue" in message.subject]


def test_the_night_after_the_promised_day_escalates_a_claim_once(world: World) -> None:
    world.story.to("2021-04-22")
    nightly.run_night(day=day("2021-04-22"))
    assert world.claim().escalated_on is None
    world.story.to("2021-04-23")
    nightly.run_night(day=day("2021-04-23"))  # and a second time
    nightly.run_night(day=day("2021-04-24"))

    assert world.claim().escalated_on == day("2021-04-23")
    assert topics("credits.claim_escalated") == ["credits.claim_escalated"]
    assert world.story.notices("claim_escalated") == 1


def test_the_managers_get_one_mail_a_day_that_names_all_overdue_claims(world: World) -> None:
    world.story.claim("ilt-30", "2021-04-11", "second")
    world.story.to("2021-04-13").claim("ilt-64", "2021-04-11", "third")
    world.story.to("2021-04-23")
    assert len(reminders(world)) == 1
    world.story.to("2021-04-25")

    first, second = reminders(world)
    assert first.to == second.to == ["bob@acme.example"]
    assert "2 answers" in first.subject
    assert "3 answers" in second.subject  # on the day after, with those of before
    numbers = [world.claim(label).number for label in ("claim", "second", "third")]
    assert all(number in second.body for number in numbers)
    assert topics("credits.provider_reminded") == ["credits.provider_reminded"] * 2


def test_without_a_manager_every_member_is_told(world: World) -> None:
    world.acme.members.update(role="reviewer")
    world.story.to("2021-04-23")
    assert [message.to for message in reminders(world)] == [["bob@acme.example", "bea@acme.example"]]


def test_an_answer_in_time_is_not_escalated(world: World) -> None:
    world.story.to("2021-04-22").decide(by=world.bob)
    world.story.to("2021-05-30")
    assert world.claim().escalated_on is None
    assert topics("credits.claim_escalated") == topics("credits.provider_reminded") == []


def test_a_late_answer_is_known_as_such_however_late_the_night_is(world: World) -> None:
    """CE-10: a pause of the nights ends as if there had been none."""
    world.story.today = day("2021-04-30")  # no night ran
    world.story.decide(by=world.bob)
    nightly.run_night(day=day("2021-05-01"))

    assert world.claim().escalated_on == day("2021-04-23")
    assert world.story.notices("claim_escalated") == 0  # the answer had come
    assert reminders(world) == []


def test_a_claim_handed_in_again_has_a_promise_of_its_own(world: World) -> None:
    assert world.story.to("2021-04-30").notices("claim_escalated") == 1
    world.story.decide(outcome="return", by=world.bob)
    assert world.claim().escalated_on == day("2021-04-23")
    world.story.claim("ilt-40", "2021-04-10", "again")
    assert (world.claim().escalated_on, world.claim().answer_due_on) == (None, day("2021-05-10"))
    world.story.to("2021-05-11")
    assert world.claim().escalated_on == day("2021-05-11")
    assert world.story.notices("claim_escalated") == 2


def test_staff_remind_a_provider_at_most_once_a_day(world: World) -> None:
    remind = {"provider_id": world.acme.id, "staff_id": world.dan.id}
    with pytest.raises(Refused) as refusal:
        escalation.remind_provider(**remind, now=world.story.now)
    assert refused_with(refusal.value) == ("CE-10",)
    assert topics("credits.provider_reminded") == []

    world.story.to("2021-04-23")
    assert not escalation.remind_provider(**remind, now=world.story.now)  # the night has
    world.story.to("2021-04-24")
    assert escalation.remind_provider(**remind, now=world.story.now)
    assert not escalation.remind_provider(**remind, now=world.story.now)

    assert len(reminders(world)) == 2
    assert Event.objects.filter(topic="credits.provider_reminded").latest("id").payload["asked_by"] == world.dan.id
