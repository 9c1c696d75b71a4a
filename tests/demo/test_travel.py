"""The clock goes ahead night by night: what lapses lapses, and a journey that was killed ends as any other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from candidates.models import Certification
from ceportal.demo import load, travel
from ceportal.kernel import clock
from tests.demo.states import assert_true_to_the_rules
from tests.factories import day

pytestmark = pytest.mark.usefixtures("demo")


class Killed(BaseException):
    """What ends a worker from outside."""


def set_out(days: int) -> travel.Journey:
    now = clock.now()
    return travel.begin_journey(to=clock.day_of(now) + timedelta(days=days), now=now)


def arrived_on() -> str:
    return clock.day_of(clock.now()).isoformat()


def test_the_rules_of_2020_come_to_those_who_began_before_them() -> None:
    load.load(candidates=1, start_on=day("2020-01-30"))
    assert Certification.objects.filter(status="suspended").exists()
    set_out(26)
    assert travel.travel()
    assert arrived_on() == "2020-02-25"
    assert not Certification.objects.filter(status="suspended").exists()
    assert_true_to_the_rules(day("2020-02-25"))


@pytest.mark.parametrize(("days", "sentence"), [(0, "after today"), (-3, "after today"), (401, "at most 400 days")])
def test_a_day_that_is_not_ahead_or_too_far_is_refused(days: int, sentence: str) -> None:
    with pytest.raises(travel.CannotTravel, match=sentence):
        set_out(days)
    assert travel.journey_under_way(now=clock.now()) is None


def test_one_journey_at_a_time() -> None:
    first = set_out(3)
    with pytest.raises(travel.CannotTravel, match="travelling already"):
        set_out(400)
    assert travel.journey_under_way(now=clock.now()) == first
    assert travel.travel()
    assert set_out(400).days == 400


def test_without_a_journey_the_clock_stays(settings) -> None:
    before = clock.now()
    assert travel.travel()
    assert clock.now() - before < timedelta(minutes=1)


def test_outside_the_demonstration_nobody_travels(settings) -> None:
    settings.DEMO = False
    with pytest.raises(travel.CannotTravel, match="demonstration only"):
        set_out(3)
