"""Many at the same moment: the last seats, and payments beside the deadline's sweep. Real connections, real locks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from candidates.models import Acceptance, Agreement, Candidate
from ceportal.kernel.decisions import Refused
from ceportal.scenarios.cards import CardDesk, standing_in
from exams import booking_queries as queries
from exams import sweeps
from exams.models import FREED, Attempt, Booking, Seat
from exams.services import ask_for_seat, book_seat, confirm_reschedule, holds, quote_reschedule, seats
from exams.services.waiting import offer_seat
from payments.models import Order, Payment, Refund
from payments.services import record_checkout, start_payment
from payments.services.paying import give_up
from tests import factories
from tests.exams import lab_world as world
from tests.factories import day, noon

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, SEATS, AT_ONCE = 200, 8, 60  # the test's server takes a hundred connections
LONGEST_WAIT = "3s"
DEADLINE = datetime(2026, 4, 4, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def places() -> None:
    world.agreements()
    world.lab()


@pytest.fixture
def cards() -> Iterator[CardDesk]:
    """The card service, played: it takes back what is given back."""
    with standing_in() as desk:
        yield desk


def clients(number: int) -> list[int]:
    """So many candidates who may book; their keys."""
    people = Candidate.objects.bulk_create(factories.CandidateFactory.build_batch(number))
    written = factories.ExamFactory.create(number="350-701")
    passed = {"exam": written, "taken_on": day("2025-10-06"), "result": "pass", "recorded_at": noon("2025-10-06")}
    Attempt.objects.bulk_create(Attempt(candidate=each, **passed) for each in people)
    Acceptance.objects.bulk_create(
        Acceptance(candidate=each, agreement=agreement, accepted_at=noon("2025-10-06"))
        for each in people
        for agreement in Agreement.objects.all()
    )
    return [each.pk for each in people]


def answers(people: list[int], *, at_once: int, prepare: tuple[str, ...]) -> Counter[str]:
    """How all of them were answered who ask for a seat in Brussels on 4 May, so many at the same moment."""

    def ask(candidate_id: int) -> str:
        try:
            with connection.cursor() as cursor:
                for statement in prepare:
                    cursor.execute(statement)
            book_seat(
                candidate_id=candidate_id,
                track_code="ccie-security",
                site_code="brussels",
                day=day("2026-05-04"),
                now=world.BOOKED,
            )
        except Refused as refusal:
            return " ".join(refusal.decision.clauses_unmet)
        finally:
            connection.close()
        return "booked"

    with ThreadPoolExecutor(at_once) as threads:
        return Counter(threads.map(ask, people))


def test_two_hundred_ask_for_the_last_eight_seats_lab_15() -> None:
    """Eight succeed, the rest are told, nobody waits for a lock for longer than three seconds, no seat has two."""
    world.open_day(seats=SEATS)
    people = clients(CLIENTS)
    answered = answers(people, at_once=AT_ONCE, prepare=(f"SET lock_timeout = '{LONGEST_WAIT}'",))
    assert answered == {"booked": SEATS, "LAB-15": CLIENTS - SEATS}
    taken = Booking.objects.exclude(status__in=FREED).values_list("seat_id", flat=True)
    assert len(taken) == len(set(taken)) == SEATS
    assert Order.objects.filter(status="open").count() == SEATS


def test_a_naive_portal_would_oversell_and_this_test_would_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same clients and the same count, of a portal that looks and then takes, without a lock and the constraint."""
    sitting = world.open_day(seats=1)
    all_have_looked = Barrier(10)

    def look_and_take(*_place: Any, **_asked: Any) -> Seat:
        seat = queries.free_seats(sitting.pk).first()
        all_have_looked.wait(20)
        assert seat is not None
        return seat

    monkeypatch.setattr(seats, "take_seat", look_and_take)
    with scratch_table("exams_booking") as search_path:
        answered = answers(clients(10), at_once=10, prepare=(search_path,))
        assert answered == {"booked": 10}
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT seat_id) FROM scratch.exams_booking")
            assert cursor.fetchone() == (10, 1)


@contextmanager
def scratch_table(name: str) -> Iterator[str]:
    """A copy of a table without its constraints, and the statement with which a connection uses it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA scratch")
        try:
            cursor.execute(f"CREATE TABLE scratch.{name} (LIKE public.{name} INCLUDING IDENTITY)")
            yield "SET search_path = scratch, public"
        finally:
            cursor.execute("DROP SCHEMA scratch CASCADE")


# ── The deadline and a payment in the same second ─────────────────────────────────────────────────
PAID_IN_TIME = DEADLINE - timedelta(microseconds=1)


def record(cards: CardDesk, payment: Payment, *, charged_at: datetime, now: datetime) -> Callable[[], str]:
    """The card was charged at a moment; the call with which the portal hears of it later."""
    cards.settle(payment, at=charged_at)
    assert payment.session_id is not None
    answer = cards.pages[payment.session_id]
    return lambda: record_checkout(payment_id=payment.pk, session=answer, now=now).status


def given_up(order: Order, opened_at: datetime) -> Payment:
    payment = start_payment(order_id=order.pk, success_url="/paid/", cancel_url="/left/", now=opened_at)
    return give_up(payment_id=payment.pk, now=opened_at)


def sweep() -> int:
    return sweeps.cancel_unpaid(now=DEADLINE)


@pytest.mark.parametrize(
    ("_case", "sweep_first", "booking_status", "payment_status"),
    [
        ("the payment comes first", False, "paid", "succeeded"),
        ("the sweep comes first", True, "unpaid_cancelled", "surplus"),
    ],
)
def test_paid_with_the_seat_or_refunded_without_it(
    cards: CardDesk, _case: str, sweep_first: bool, booking_status: str, payment_status: str
) -> None:
    """LAB-07: a card charged in the deadline's last moment, found out beside the sweep; never both, never neither.

    The portal had given the page up, so that the sweep has nothing to ask: the card service's word comes by itself.
    """
    world.open_day()
    candidate = world.somebody()
    booking = world.book(candidate)
    assert booking.order is not None
    payment = given_up(booking.order, DEADLINE - timedelta(minutes=1))
    found_out = DEADLINE + timedelta(seconds=1)
    calls = [record(cards, payment, charged_at=PAID_IN_TIME, now=found_out), sweep]
    outcomes = world.one_after_the_other(candidate, *(reversed(calls) if sweep_first else calls))
    assert set(outcomes) == {payment_status, 1 if sweep_first else 0}
    assert world.status_of(booking) == booking_status
    kept = Booking.objects.exclude(status__in=FREED).count()
    assert kept == (0 if sweep_first else 1)
    world.deliver(DEADLINE + timedelta(minutes=1))
    refunded = list(Refund.objects.values_list("status", "amount_cents"))
    assert refunded == ([("succeeded", 193600)] if sweep_first else [])


@pytest.mark.parametrize("sweep_first", [True, False])
def test_a_change_of_booking_in_the_last_second_of_its_hold(cards: CardDesk, sweep_first: bool) -> None:
    """RSCH-04: made with the new seat, or refunded with the old one untouched."""
    world.open_day()
    world.open_day("tokyo", "2026-06-01")
    candidate = world.somebody()
    booking = world.book(candidate)
    assert booking.order is not None
    cards.pay(booking.order, now=noon("2026-02-03"))
    now = noon("2026-03-01")
    quoted = quote_reschedule(booking_id=booking.pk, site_code="tokyo", day=day("2026-06-01"), now=now)
    change = confirm_reschedule(reschedule_id=quoted.pk, now=now)
    assert change.order is not None
    payment = given_up(change.order, now)
    over = now + timedelta(minutes=30)
    pay = record(cards, payment, charged_at=over - timedelta(seconds=1), now=over)

    def lapse() -> bool:
        return holds.let_go_of_overdue(change.new_id, now=over)

    world.one_after_the_other(candidate, *((lapse, pay) if sweep_first else (pay, lapse)))
    world.deliver(over)
    states = (world.status_of(change.old), world.status_of(change.new))
    assert states == (("paid", "released") if sweep_first else ("rescheduled", "paid"))
    given_back = Refund.objects.get()  # the new money, or the old
    assert given_back.payment.order == (change.order if sweep_first else booking.order)
    assert given_back.status == Refund.Status.SUCCEEDED
    live = Booking.objects.exclude(status__in=FREED).values_list("seat_id", flat=True)
    assert len(live) == 1


def test_two_changes_to_the_last_seat(cards: CardDesk) -> None:
    """Two who quote at once for one seat: one has it, the other is told."""
    world.open_day(seats=2)
    world.open_day("tokyo", "2026-06-01", seats=1)
    bookings = [world.book(world.somebody()) for _each in range(2)]
    for booking in bookings:
        world.pay(booking, noon("2026-02-03"))
    together = Barrier(2)

    def quote(booking: Booking) -> str:
        try:
            together.wait(20)
            quote_reschedule(booking_id=booking.pk, site_code="tokyo", day=day("2026-06-01"), now=noon("2026-03-01"))
        except Refused as refusal:
            return " ".join(refusal.decision.clauses_unmet)
        finally:
            connection.close()
        return "quoted"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(quote, bookings)) == ["LAB-15", "quoted"]


def test_a_seat_that_opens_is_offered_to_one(cards: CardDesk) -> None:
    """The relay and a sweep at once: of two who wait for it one has it (LAB-15)."""
    sitting = world.open_day(seats=1)
    wishes = [
        ask_for_seat(
            candidate_id=world.somebody().pk,
            track_code="ccie-security",
            site_codes=["brussels"],
            first_day=sitting.day,
            last_day=sitting.day,
            now=noon("2026-02-05"),
        )
        for _each in range(2)
    ]
    together = Barrier(4)

    def offer(wish_id: int) -> bool:
        try:
            together.wait(20)
            return offer_seat(wish_id=wish_id, sitting=sitting, now=noon("2026-02-10"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        offered = list(threads.map(offer, [wish.pk for wish in wishes] * 2))
    assert offered.count(True) == Booking.objects.filter(status="held").count() == 1
