"""Sites open sittings a year ahead by their own clocks, close for some days, and withdraw nobody's seat."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from candidates.models import Case
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from exams import offers, services, site_time, sweeps
from exams.models import Closure, Seat, Site, Sitting
from exams.rules.sittings import Closed, PatternFacts, days_to_open
from tests import factories
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

NOW = noon("2026-05-01")  # a Friday
EVERY_MONDAY = PatternFacts(0, time(8, 30), 4, frozenset(), date(2017, 6, 6), None)


class TestTheClocksOfSites:
    @pytest.mark.parametrize(
        ("_case", "zone", "on", "starts"),
        [
            ("Tokyo never changes its clock", "Asia/Tokyo", "2026-03-30", "2026-03-29T23:30"),
            ("Nairobi neither", "Africa/Nairobi", "2026-03-30", "2026-03-30T05:30"),
            ("Brussels in winter", "Europe/Brussels", "2026-03-26", "2026-03-26T07:30"),
            ("Brussels after the last Sunday of March", "Europe/Brussels", "2026-03-30", "2026-03-30T06:30"),
            ("Brussels before the last Sunday of October", "Europe/Brussels", "2026-10-22", "2026-10-22T06:30"),
            ("Brussels after it", "Europe/Brussels", "2026-10-26", "2026-10-26T07:30"),
            ("Richardson in winter", "America/Chicago", "2026-03-05", "2026-03-05T14:30"),
            ("Richardson after the second Sunday of March", "America/Chicago", "2026-03-09", "2026-03-09T13:30"),
            ("Richardson before the first Sunday of November", "America/Chicago", "2026-10-29", "2026-10-29T13:30"),
            ("Richardson after it", "America/Chicago", "2026-11-02", "2026-11-02T14:30"),
        ],
    )
    def test_half_past_eight_is_half_past_eight_at_the_site(self, _case: str, zone: str, on: str, starts: str) -> None:
        assert site_time.moment_of(day(on), time(8, 30), zone) == datetime.fromisoformat(starts).replace(tzinfo=UTC)

    @pytest.mark.parametrize(
        ("_case", "zone", "on", "hours"),
        [
            ("an ordinary day", "Europe/Brussels", "2026-05-04", 24),
            ("the day of the spring night", "Europe/Brussels", "2026-03-29", 23),
            ("the day of the autumn night", "Europe/Brussels", "2026-10-25", 25),
            ("in Richardson on other days", "America/Chicago", "2026-03-08", 23),
            ("in autumn too", "America/Chicago", "2026-11-01", 25),
            ("Tokyo has none", "Asia/Tokyo", "2026-03-29", 24),
            ("a night that leaves midnight out", "Asia/Beirut", "2026-03-29", 23),
        ],
    )
    def test_days_are_as_long_as_the_site_says(self, _case: str, zone: str, on: str, hours: int) -> None:
        begin, end = site_time.begin_of(day(on), zone), site_time.end_of(day(on), zone)
        assert (end - begin).total_seconds() == hours * 3600
        assert site_time.day_at(begin, zone) == day(on)
        assert site_time.day_at(end, zone) > day(on)

    def test_of_a_repeated_hour_the_first_is_meant_and_a_missing_one_comes_an_hour_later(self) -> None:
        twice = site_time.moment_of(day("2026-10-25"), time(2, 30), "Europe/Brussels")
        missing = site_time.moment_of(day("2026-03-29"), time(2, 30), "Europe/Brussels")
        assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert missing == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


class TestDaysToOpen:
    def days(self, *patterns: PatternFacts, closed: tuple[Closed, ...] = (), today: str = "2026-05-01") -> list[date]:
        on = day(today)
        return sorted(days_to_open(patterns, closed, today=on, policy=BOOK.on(on)))

    def test_a_year_ahead_and_not_a_day_more(self) -> None:
        opened = self.days(EVERY_MONDAY, today="2026-05-04")  # itself a Monday
        assert opened[0] == day("2026-05-11")  # today is nobody's any more
        assert opened[-1] == day("2027-05-03")
        assert day("2027-05-03") not in self.days(EVERY_MONDAY, today="2026-05-02")
        assert day("2027-05-03") in self.days(EVERY_MONDAY, today="2026-05-03")
        with BOOK.overlaid({"lab.sittings_open_months": 1}):
            assert self.days(EVERY_MONDAY, today="2026-04-30") == [
                day(f"2026-05-{number:02}") for number in (4, 11, 18, 25)
            ]

    def test_a_pattern_holds_between_its_days(self) -> None:
        fields = {name: getattr(EVERY_MONDAY, name) for name in ("weekday", "starts_at", "seats", "tracks")}
        may = PatternFacts(**fields, holds_from=day("2026-05-11"), holds_until=day("2026-05-25"))
        assert self.days(may) == [day("2026-05-11"), day("2026-05-18"), day("2026-05-25")]

    def test_closed_days_are_left_out(self) -> None:
        shut = Closed(day("2026-05-04"), day("2026-05-17"))
        assert self.days(EVERY_MONDAY, closed=(shut,))[0] == day("2026-05-18")

    def test_of_two_on_a_day_the_later_one_holds(self) -> None:
        later = PatternFacts(0, time(9), 8, frozenset(), day("2026-05-11"), None)
        chosen = days_to_open([later, EVERY_MONDAY], [], today=day("2026-05-01"), policy=BOOK.on(day("2026-05-01")))
        assert chosen[day("2026-05-04")] is EVERY_MONDAY
        assert chosen[day("2026-05-11")] is later


@pytest.fixture
def brussels(db: None) -> Site:
    """Mondays with two seats."""
    return factories.SittingPatternFactory.create().site


def opened(site: Site) -> list[str]:
    return [str(each.day) for each in offers.sittings_offered().filter(site=site).order_by("day")]


class TestOpening:
    def test_patterns_open_sittings_with_seats_and_tracks(self, brussels: Site) -> None:
        wireless = factories.TrackFactory.create(code="ccie-wireless")
        tuesdays = factories.SittingPatternFactory.create(site=brussels, weekday=1, seats=3, starts_at=time(7))
        tuesdays.tracks.set([wireless])

        assert sweeps.open_sittings(now=NOW) == 104

        monday, tuesday = brussels.sittings.order_by("day")[:2]
        assert (monday.day, monday.starts_at, monday.seats.count()) == (day("2026-05-04"), time(8, 30), 2)
        assert list(monday.tracks.all()) == []
        assert (tuesday.day, tuesday.starts_at, tuesday.seats.count()) == (day("2026-05-05"), time(7), 3)
        assert list(tuesday.tracks.all()) == [wireless]
        offered = offers.sittings_offered().filter(offers.open_to(factories.TrackFactory.create().pk))
        assert set(offered.values_list("day__week_day", flat=True)) == {2}  # Mondays only
        event = Event.objects.get(topic="exams.sittings_opened")
        assert event.payload == {"count": 104, "first_day": "2026-05-04", "last_day": "2027-04-27"}

    def test_twice_is_once_and_the_next_week_opens_one_more(self, brussels: Site) -> None:
        sweeps.open_sittings(now=NOW)
        assert sweeps.open_sittings(now=NOW) == 0
        assert Event.objects.filter(topic="exams.sittings_opened").count() == 1
        assert sweeps.open_sittings(now=noon("2026-05-08")) == 1
        assert opened(brussels)[-1] == "2027-05-03"

    def test_a_night_with_nothing_to_open_asks_as_much_for_many_sites_as_for_one(
        self, brussels: Site, django_assert_num_queries: Any
    ) -> None:
        for code in ("tokyo", "sydney"):
            factories.SittingPatternFactory.create(site=factories.SiteFactory.create(code=code))
        assert sweeps.open_sittings(now=NOW) == 3 * 52
        with django_assert_num_queries(6):
            assert sweeps.open_sittings(now=NOW) == 0

    def test_what_is_open_stays_when_its_pattern_changes(self, brussels: Site) -> None:
        sweeps.open_sittings(now=NOW)
        brussels.patterns.update(starts_at=time(10), seats=9, holds_until=day("2026-05-04"))
        assert sweeps.open_sittings(now=noon("2026-05-20")) == 0
        last = brussels.sittings.get(day=day("2027-04-26"))
        assert (last.starts_at, last.seats.count()) == (time(8, 30), 2)

    def test_the_day_is_the_sites(self) -> None:
        """At 16:00 UTC of Sunday it is Monday in Tokyo: that sitting is not to come any more."""
        tokyo = factories.SiteFactory.create(code="tokyo", country="JP", time_zone="Asia/Tokyo")
        factories.SittingPatternFactory.create(site=tokyo)
        services.open_sittings(site_id=tokyo.pk, now=datetime(2026, 5, 3, 16, tzinfo=UTC))
        assert opened(tokyo)[0] == "2026-05-11"

    def test_one_beside_the_patterns(self, brussels: Site) -> None:
        factories.LabFactory.create()
        about: dict[str, Any] = {"site_id": brussels.pk, "day": day("2026-05-08"), "starts_at": time(9), "now": NOW}
        sitting = services.open_sitting(**about, seats=1, tracks=["ccie-security"])
        assert (sitting.seats.count(), sitting.tracks.get().code) == (1, "ccie-security")
        assert services.open_sitting(**about, seats=7) == sitting
        assert sitting.seats.count() == 1
        assert Event.objects.filter(topic="exams.sittings_opened").count() == 1

    @pytest.mark.parametrize(
        ("_case", "changes"),
        [
            ("today", {"day": day("2026-05-01")}),
            ("a closed day", {"day": day("2026-05-11")}),
            ("no seat", {"seats": 0}),
            ("a track without a lab", {"tracks": ["ccna"]}),
        ],
    )
    def test_what_cannot_be_opened(self, _case: str, changes: dict[str, Any], brussels: Site) -> None:
        services.close_site(
            site_id=brussels.pk, first_day=day("2026-05-11"), last_day=day("2026-05-11"), reason="Holiday", now=NOW
        )
        asked = {"day": day("2026-05-08"), "seats": 1, "tracks": []} | changes
        with pytest.raises(Refused) as refusal:
            services.open_sitting(site_id=brussels.pk, starts_at=time(9), now=NOW, **asked)
        assert len(refusal.value.decision.unmet) == 1
        assert refused_with(refusal.value) == ("LAB-15",)
        assert not Sitting.objects.exists()
        assert not Event.objects.filter(topic="exams.sittings_opened").exists()


@pytest.fixture
def open_brussels(brussels: Site) -> Site:
    services.open_sittings(site_id=brussels.pk, now=NOW)
    return brussels


def close(site: Site, first: str, last: str, *, reason: str = "Painting", now: datetime = NOW) -> Closure:
    return services.close_site(site_id=site.pk, first_day=day(first), last_day=day(last), reason=reason, now=now)


class TestClosing:
    def test_free_sittings_are_withdrawn_and_come_back(self, open_brussels: Site) -> None:
        closure = close(open_brussels, "2026-05-05", "2026-05-18")
        assert opened(open_brussels)[:2] == ["2026-05-04", "2026-05-25"]
        assert offers.sitting_on(open_brussels.pk, day("2026-05-11")) is None
        assert Event.objects.get(topic="exams.site_closed").payload["withdrawn"] == 2
        assert not Case.objects.exists()
        assert sweeps.open_sittings(now=NOW) == 0

        assert services.lift_closure(closure_id=closure.pk, now=NOW) == 2
        assert opened(open_brussels)[:3] == ["2026-05-04", "2026-05-11", "2026-05-18"]
        assert services.lift_closure(closure_id=closure.pk, now=NOW) == 0
        assert Event.objects.filter(topic="exams.closure_lifted").count() == 1

    @pytest.mark.parametrize("status", ["held", "reserved", "paid"])
    def test_a_live_booking_keeps_its_sitting_and_makes_a_case(self, status: str, open_brussels: Site) -> None:
        sitting = open_brussels.sittings.get(day=day("2026-05-11"))
        held: dict[str, Any] = {"held_for": "payment", "held_until": noon("2026-05-02")} if status == "held" else {}
        booking = factories.BookingFactory.create(sitting=sitting, status=status, **held)

        closure = close(open_brussels, "2026-05-11", "2026-05-18")

        sitting.refresh_from_db()
        assert sitting.withdrawn_at is None
        assert offers.sitting_on(open_brussels.pk, sitting.day) is None  # and nobody else books it
        case = Case.objects.get()
        assert (case.kind, case.clause, case.subject) == ("closed_site", "INC-04", f"exams.closure:{closure.pk}")
        assert case.facts == {"reason": "Painting", "records": [f"exams.booking:{booking.pk}"]}

        booking.status, booking.held_until, booking.held_for = "released", None, ""
        booking.save()
        sweeps.open_sittings(now=NOW)
        sitting.refresh_from_db()
        assert sitting.withdrawn_at == NOW  # once it is free, it goes too

    @pytest.mark.parametrize("status", ["dropped", "cancelled", "rescheduled", "unpaid_cancelled"])
    def test_a_booking_that_was_left_keeps_nothing(self, status: str, open_brussels: Site) -> None:
        sitting = open_brussels.sittings.get(day=day("2026-05-11"))
        factories.BookingFactory.create(sitting=sitting, status=status)
        close(open_brussels, "2026-05-11", "2026-05-11")
        sitting.refresh_from_db()
        assert sitting.withdrawn_at == NOW
        assert not Case.objects.exists()

    @pytest.mark.parametrize(
        ("_case", "first", "last", "reason"),
        [
            ("yesterday", "2026-04-30", "2026-05-04", "Painting"),
            ("days out of order", "2026-05-12", "2026-05-11", "Painting"),
            ("no reason", "2026-05-11", "2026-05-12", " "),
            ("closed already", "2026-06-07", "2026-06-08", "Painting"),
        ],
    )
    def test_what_cannot_be_closed(self, _case: str, first: str, last: str, reason: str, open_brussels: Site) -> None:
        close(open_brussels, "2026-06-08", "2026-06-09")
        before = opened(open_brussels)
        with pytest.raises(Refused) as refusal:
            close(open_brussels, first, last, reason=reason)
        assert refused_with(refusal.value) == ("INC-04",)
        assert opened(open_brussels) == before
        assert Event.objects.filter(topic="exams.site_closed").count() == 1

    def test_today_can_be_closed(self, open_brussels: Site) -> None:
        close(open_brussels, "2026-05-01", "2026-05-01")
        assert Closure.objects.count() == 1

    def test_seats_stay_with_what_is_withdrawn(self, open_brussels: Site) -> None:
        seats = Seat.objects.count()
        closure = close(open_brussels, "2026-05-01", "2026-12-31")
        services.lift_closure(closure_id=closure.pk, now=NOW)
        assert Seat.objects.count() == seats
