"""The clock goes ahead night by night: what lapses lapses, and a journey that was killed ends as any other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from candidates.models import Certification, Notice
from ceportal import nightly
from ceportal.demo import load, travel
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery, NightlyRun
from credits.models import Entry
from tests.demo.states import assert_true_to_the_rules, snapshot
from tests.factories import day

pytestmark = pytest.mark.usefixtures("demo")


class Killed(BaseException):
    """What ends a worker from outside."""


def set_out(days: int) -> travel.Journey:
    now = clock.now()
    return travel.begin_journey(to=clock.day_of(now) + timedelta(days=days), now=now)


def arrived_on() -> str:
    return clock.day_of(clock.now()).isoformat()


def test_a_month_ahead_ends_alike_whether_or_not_it_was_killed_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    load.load(candidates=1, start_on=day("2026-05-20"))

    def killed_on_the_tenth(*, now: object) -> int:
        if clock.day_of(now) == day("2026-05-30"):
            raise Killed
        return 0

    ends = []
    for killed in (False, True):
        with transaction.atomic():
            set_out(31)
            if killed:
                with monkeypatch.context() as patch:
                    first, *rest = nightly.SWEEPS
                    patch.setattr(nightly, "SWEEPS", (first, ("the killed one", killed_on_the_tenth), *rest))
                    with pytest.raises(Killed):
                        travel.travel()
                assert arrived_on() == "2026-05-30"
                assert not NightlyRun.objects.filter(day=day("2026-05-30")).exists()
            assert travel.travel()
            assert arrived_on() == "2026-06-20"
            assert travel.journey_under_way(now=clock.now()) is None
            assert_true_to_the_rules(day("2026-06-20"))
            _a_month_has_passed()
            ends.append(snapshot())
            transaction.set_rollback(True)
        clock._read.good_until = 0.0
    assert ends[0] == ends[1]


def _a_month_has_passed() -> None:
    since = clock.at(day("2026-05-21"), 0)
    assert {run.day for run in NightlyRun.objects.filter(day__gt=day("2026-05-20"))} == {
        day("2026-05-20") + timedelta(days=ahead) for ahead in range(1, 32)
    }
    assert Certification.objects.filter(
        status="inactive", inactive_on__gt=day("2026-05-20"), inactive_on__lte=day("2026-06-20")
    ).exists()
    assert Entry.objects.filter(kind="expired", written_at__gte=since).exists()
    assert Notice.objects.filter(kind="lapse_reminder", created_at__gte=since).exists()
    # They go out by the relay, as any other.
    assert Delivery.objects.filter(receiver="mail", status="pending", due_at__gte=since).exists()


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
