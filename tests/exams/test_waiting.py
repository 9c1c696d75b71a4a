"""Whoever waits for a seat is offered the next that opens, first come first told, for two hours (LAB-15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candidates.models import Candidate
from ceportal.demo import nights
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from exams import booking_queries as queries
from exams import sweeps
from exams.models import Attempt, Booking, Exam, WaitingWish
from exams.services import bookings, paying, waiting
from tests.exams import lab_world as world
from tests.exams.test_bookings import bar
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

NOW = noon("2026-02-10")
TWO_HOURS = timedelta(hours=2)
INSTANT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    """One seat in Brussels on 4 May 2026, which somebody has booked; others elsewhere."""
    world.agreements()
    world.lab()
    world.open_day("brussels", seats=1)


@pytest.fixture
def taken() -> Booking:
    return world.book(world.somebody())


@pytest.fixture
def aiko() -> Candidate:
    return world.somebody()


@pytest.fixture
def bela() -> Candidate:
    return world.somebody()


def wait(candidate: Candidate, **changes: Any) -> WaitingWish:
    arguments: dict[str, Any] = {
        "candidate_id": candidate.pk,
        "track_code": "ccie-security",
        "site_codes": ["brussels"],
        "first_day": day("2026-05-01"),
        "last_day": day("2026-05-08"),
        "now": noon("2026-02-05"),
    }
    return waiting.ask_for_seat(**arguments | changes)


def free(booking: Booking, now: datetime = NOW) -> None:
    """Somebody drops a booking, and the relay runs."""
    bookings.drop_booking(booking_id=booking.pk, now=now)
    world.deliver(now)


def states(*wishes: WaitingWish) -> list[str]:
    return [WaitingWish.objects.get(pk=wish.pk).status for wish in wishes]


def offer_of(wish: WaitingWish) -> Booking:
    wish.refresh_from_db()
    assert wish.offer is not None
    return wish.offer


class TestAsking:
    def test_a_wish_is_kept(self, aiko: Candidate) -> None:
        wish = wait(aiko)
        assert (wish.status, [site.code for site in wish.sites.all()]) == ("waiting", ["brussels"])
        assert world.topics(aiko) == ["wish_made"]

    @pytest.mark.parametrize(
        ("_case", "changes", "clause"),
        [
            ("no site", {"site_codes": []}, "LAB-15"),
            ("the first day after the last", {"first_day": day("2026-05-09")}, "LAB-15"),
            ("days that are over", {"now": noon("2026-05-08")}, "LAB-15"),
            ("a track that nothing opens", {"track_code": "ccie-collaboration"}, "LAB-03"),
        ],
    )
    def test_refused(self, aiko: Candidate, _case: str, changes: dict[str, Any], clause: str) -> None:
        world.lab("ccie-collaboration", opened_by=None)
        with pytest.raises(Refused) as refused:
            wait(aiko, **changes)
        assert refused_with(refused.value) == (clause,)
        assert not WaitingWish.objects.exists() and world.topics(aiko) == []

    def test_not_for_days_that_a_wait_leaves_out_exam_04(self, aiko: Candidate) -> None:
        """Failed on 10 April, the lab can be taken from 11 May on."""
        Attempt.objects.create(
            candidate=aiko,
            exam=Exam.objects.get(earns__code="ccie-security"),
            taken_on=day("2026-04-10"),
            result="fail",
            recorded_at=noon("2026-04-11"),
        )
        asked = {"now": noon("2026-04-12"), "last_day": day("2026-05-10")}
        with pytest.raises(Refused) as refused:
            wait(aiko, **asked)
        assert refused_with(refused.value) == ("EXAM-04",)
        assert wait(aiko, **asked | {"last_day": day("2026-05-11")}).status == "waiting"

    def test_not_beyond_the_written_pass_lab_03(self, aiko: Candidate) -> None:
        """Passed on 6 October 2025, the written exam opens the lab until 5 October 2028."""
        with pytest.raises(Refused) as refused:
            wait(aiko, first_day=day("2028-10-06"), last_day=day("2028-10-10"))
        assert refused_with(refused.value) == ("LAB-03",)

    def test_once_a_track(self, aiko: Candidate) -> None:
        wait(aiko)
        with pytest.raises(Refused) as refused:
            wait(aiko)
        assert refused_with(refused.value) == ("LAB-15",)

    def test_not_beside_a_booking_lab_01(self, taken: Booking) -> None:
        with pytest.raises(Refused) as refused:
            wait(taken.candidate)
        assert refused_with(refused.value) == ("LAB-01",)

    def test_taken_back_twice(self, aiko: Candidate) -> None:
        wish = wait(aiko)
        for _time in range(2):
            assert waiting.withdraw_wish(wish_id=wish.pk, now=NOW).status == "ended"
        assert world.topics(aiko) == ["wish_made", "wish_ended"]


class TestOffers:
    def test_first_come_first_told(self, taken: Booking, aiko: Candidate, bela: Candidate) -> None:
        second, first = wait(bela, now=noon("2026-02-06")), wait(aiko)
        free(taken)
        assert states(first, second) == ["offered", "waiting"]
        offer = offer_of(first)
        assert (offer.status, offer.held_for, offer.held_until) == ("held", "waiting", NOW + TWO_HOURS)
        with pytest.raises(Refused) as refused:
            paying.find_payable_order(booking_id=offer.pk, now=NOW)
        assert refused_with(refused.value) == ("LAB-15",)
        (told,) = world.notices(aiko, "seat_offered")
        assert "10 February 2026, 14:00 (UTC)" in told
        assert world.notices(bela, "seat_offered") == []
        assert world.topics(aiko) == ["wish_made", "seat_offered"]

    def test_it_lapses_to_the_next(self, taken: Booking, aiko: Candidate, bela: Candidate) -> None:
        first, second = wait(aiko), wait(bela, now=noon("2026-02-06"))
        free(taken)
        assert sweeps.release_held(now=NOW + TWO_HOURS - INSTANT) == 0
        assert sweeps.release_held(now=NOW + TWO_HOURS) == 1
        world.deliver(NOW + TWO_HOURS)
        assert states(first, second) == ["ended", "offered"]
        with pytest.raises(Refused) as refused:
            waiting.accept_offer(wish_id=first.pk, accept=True, now=NOW + TWO_HOURS)
        assert refused_with(refused.value) == ("LAB-15",)

    def test_declined_it_is_the_next_ones(self, taken: Booking, aiko: Candidate, bela: Candidate) -> None:
        first, second = wait(aiko), wait(bela, now=noon("2026-02-06"))
        free(taken)
        waiting.withdraw_wish(wish_id=first.pk, now=NOW)
        world.deliver(NOW)
        assert states(first, second) == ["ended", "offered"]
        assert Booking.objects.filter(status="released").count() == 1

    def test_accepted_it_is_a_booking(self, taken: Booking, aiko: Candidate) -> None:
        wish = wait(aiko)
        free(taken)
        later = NOW + TWO_HOURS - INSTANT
        with pytest.raises(Refused) as refused:
            waiting.accept_offer(wish_id=wish.pk, now=later)
        assert refused_with(refused.value) == ("LAB-02",)
        booking = waiting.accept_offer(wish_id=wish.pk, accept=True, now=later)
        assert (booking.status, booking.booked_at, booking.pay_before) == (
            "reserved",
            later,
            datetime(2026, 4, 4, 22, tzinfo=UTC),
        )
        assert booking.order is not None and booking.order.total_cents == 193600
        assert states(wish) == ["taken"]
        world.pay(booking, later)
        assert world.status_of(booking) == "paid"
        with pytest.raises(Refused) as refused:
            waiting.accept_offer(wish_id=wish.pk, accept=True, now=later)
        assert refused_with(refused.value) == ("LAB-15",)
        assert world.topics(aiko) == ["wish_made", "seat_offered", "seat_booked", "booking_paid"]

    def test_accepted_late_it_is_paid_at_once_lab_06(self, taken: Booking, aiko: Candidate) -> None:
        wish = wait(aiko)
        world.pay(taken, noon("2026-02-06"))
        now = noon("2026-04-20")
        bookings.cancel_booking(booking_id=taken.pk, now=now)
        world.deliver(now)
        booking = waiting.accept_offer(wish_id=wish.pk, accept=True, now=now)
        assert (booking.status, booking.held_for, booking.held_until) == (
            "held",
            "payment",
            now + timedelta(minutes=30),
        )
        assert sweeps.release_held(now=now + timedelta(minutes=30)) == 1
        assert world.status_of(booking) == "released" and states(wish) == ["taken"]

    def test_one_who_may_not_book_keeps_the_place(self, taken: Booking, aiko: Candidate, bela: Candidate) -> None:
        first, second = wait(aiko), wait(bela, now=noon("2026-02-06"))
        bar(aiko)
        free(taken)
        assert states(first, second) == ["waiting", "offered"]
        assert world.notices(aiko, "seat_offered") == []

    def test_only_what_was_wished_for(self, taken: Booking, aiko: Candidate) -> None:
        world.open_day("richardson")
        for others in (
            {"site_codes": ["richardson"], "first_day": day("2026-05-05")},
            {"first_day": day("2026-05-05")},
            {"last_day": day("2026-05-03")},
        ):
            wait(world.somebody(), **others)
        free(taken)
        assert set(WaitingWish.objects.values_list("status", flat=True)) == {"waiting"}
        assert queries.free_seats(taken.seat.sitting_id).count() == 1

    def test_a_sitting_for_another_track_is_not_offered(self, aiko: Candidate) -> None:
        world.open_day("richardson", tracks=("ccde",))
        wish = wait(aiko, site_codes=["richardson"])
        assert sweeps.offer_seats(now=NOW) == 0 and states(wish) == ["waiting"]

    def test_what_opens_otherwise_is_found_by_the_sweep(self, aiko: Candidate) -> None:
        world.open_day("mobile-nairobi", "2026-05-05")
        world.site_of("richardson")
        wish = wait(aiko, site_codes=["mobile-nairobi", "richardson"], kit="mobile_kit")
        assert sweeps.offer_seats(now=NOW) == 1
        assert sweeps.offer_seats(now=NOW) == 0
        assert (offer_of(wish).kit, offer_of(wish).status) == ("mobile_kit", "held")

    def test_a_wish_whose_days_are_over_ends(self, aiko: Candidate) -> None:
        wish = wait(aiko, last_day=day("2026-05-04"))
        world.book(world.somebody())
        last_evening = datetime(2026, 5, 3, 21, 59, tzinfo=UTC)
        assert sweeps.offer_seats(now=last_evening) == 0 and states(wish) == ["waiting"]
        assert sweeps.offer_seats(now=noon("2026-05-04")) == 1 and states(wish) == ["ended"]

    def test_nights_while_somebody_waits(self, taken: Booking, aiko: Candidate) -> None:
        assert nights.next_night(after=day("2026-02-10")) == day("2026-03-20")  # the reminder
        wait(aiko)
        assert nights.next_night(after=day("2026-02-10")) == day("2026-02-11")

    def test_a_seat_freed_is_told_once_a_seat(self, taken: Booking) -> None:
        free(taken)
        event = Event.objects.get(topic="exams.seat_freed")
        assert event.payload == {"sitting": taken.seat.sitting_id, "site": "brussels", "day": "2026-05-04"}
        waiting.on_seat_freed(event, NOW)
        assert Booking.objects.count() == 1
