"""The clock: days in the programme's zone, a standing clock for stories, a shift for the demo only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from ceportal.kernel import clock
from ceportal.kernel.models import ClockShift
from ceportal.kernel.outbox import emit
from tests import factories
from tests.factories import day, noon


@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
    [
        ("UTC", "2021-03-01T23:59:59", "2021-03-01"),
        ("UTC", "2021-03-02T00:00:00", "2021-03-02"),
        ("Asia/Tokyo", "2021-03-01T14:59:59", "2021-03-01"),
        ("Asia/Tokyo", "2021-03-01T15:00:00", "2021-03-02"),
        ("America/Chicago", "2021-03-02T05:59:59", "2021-03-01"),
        ("America/Chicago", "2021-03-02T06:00:00", "2021-03-02"),
    ],
)
def test_a_day_is_the_programmes_day(settings, zone: str, moment: str, expected: str) -> None:
    settings.PROGRAMME_TIME_ZONE = zone
    assert clock.day_of(datetime.fromisoformat(moment).replace(tzinfo=UTC)) == day(expected)


@pytest.mark.parametrize(("on", "hour"), [("2021-03-13", 14), ("2021-03-15", 13)])
def test_an_hour_is_the_programmes_hour_through_the_change_of_clocks(settings, on: str, hour: int) -> None:
    settings.PROGRAMME_TIME_ZONE = "America/Chicago"
    assert clock.at(day(on), 8) == datetime.combine(day(on), datetime.min.time(), UTC) + timedelta(hours=hour)


def test_the_clock_stands_within_the_block() -> None:
    with clock.standing_at(noon("2021-03-01")):
        assert clock.now() == noon("2021-03-01")
        with clock.standing_at(noon("2022-03-01")):
            assert clock.now() == noon("2022-03-01")
        assert clock.now() == noon("2021-03-01")
    assert clock.now() > noon("2022-03-01")


def test_now_is_utc() -> None:
    assert clock.now().utcoffset() == timedelta()


@pytest.fixture
def demo(settings, db: None):
    settings.DEMO = True
    clock._read.good_until = 0.0
    yield
    clock._read.good_until = 0.0


@pytest.mark.usefixtures("demo")
class TestDemo:
    def test_the_clock_is_set_ahead_and_goes_on(self) -> None:
        ahead = clock.now() + timedelta(days=40)
        clock.set_clock(ahead)
        assert timedelta() <= clock.now() - ahead < timedelta(minutes=1)
        assert clock.shift() > timedelta(days=39)

    def test_other_systems_moments_come_onto_the_portals_clock(self) -> None:
        stamped = datetime(2026, 1, 1, tzinfo=UTC)
        clock.set_clock(clock.now() + timedelta(days=40))
        assert clock.from_outside(stamped) == stamped + clock.shift()

    def test_it_is_not_set_back(self) -> None:
        clock.set_clock(clock.now() + timedelta(days=40))
        with pytest.raises(ValueError, match="ahead"):
            clock.set_clock(clock.now() - timedelta(days=1))

    def test_a_demo_may_begin_in_the_past_before_anything_happened(self) -> None:
        clock.begin_at(noon("2021-03-01"))
        assert timedelta() <= clock.now() - noon("2021-03-01") < timedelta(minutes=1)
        with transaction.atomic():
            emit("test.quiet", factories.ProviderFactory.create(), now=clock.now())
        with pytest.raises(ValueError, match="happened already"):
            clock.begin_at(noon("2020-03-01"))

    def test_a_shift_is_one_row(self) -> None:
        clock.set_clock(clock.now() + timedelta(days=1))
        clock.set_clock(clock.now() + timedelta(days=1))
        assert ClockShift.objects.count() == 1


def test_outside_the_demo_it_is_not_set() -> None:
    with pytest.raises(ValueError, match="demo only"):
        clock.set_clock(clock.now() + timedelta(days=1))


@pytest.mark.django_db
def test_outside_the_demo_a_shift_left_behind_is_not_read() -> None:
    ClockShift.objects.create(pk=1, seconds=86_400)
    assert clock.shift() == timedelta()
