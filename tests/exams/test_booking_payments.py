"""Bookings are paid, reminded of, and cancelled when the time is over: each once, by the clock of the site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candidates.models import Candidate
from ceportal.demo import nights
from ceportal.kernel.decisions import Refused
from ceportal.scenarios.cards import CardDesk, standing_in
from exams import booking_queries as queries
from exams import sweeps
from exams.models import Booking, SitePrice
from exams.services import bookings, paying
from exams.tasks import follow_bookings
from payments import gateway
from payments.models import Order, Payment, Refund
from payments.services import follow_payment, redeem_voucher
from tests.exams import lab_world as world
from tests.exams.test_bookings import bar
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

DEADLINE = datetime(2026, 4, 4, 22, tzinfo=UTC)  # 5 April begins in Brussels
INSTANT = timedelta(microseconds=1)
RETURN = {"success_url": "http://testserver/", "cancel_url": "http://testserver/"}


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    world.agreements()
    world.lab()
    for code in ("brussels", "richardson"):
        world.open_day(code)


@pytest.fixture
def cards() -> Iterator[CardDesk]:
    """The card service, played."""
    with standing_in() as desk:
        yield desk


@pytest.fixture
def aiko() -> Candidate:
    return world.somebody()


@pytest.fixture
def booking(aiko: Candidate) -> Booking:
    return world.book(aiko)


def order_of(booking: Booking) -> Order:
    return Order.objects.get(reference=str(booking.pk))


class TestPaying:
    def test_paid_in_full_it_is_confirmed_lab_12(self, aiko: Candidate, booking: Booking) -> None:
        world.pay(booking, DEADLINE - INSTANT)
        assert world.status_of(booking) == "paid"
        assert world.topics(aiko) == ["seat_booked", "booking_paid"]
        world.deliver(DEADLINE)
        (told,) = world.notices(aiko, "booking_confirmed")
        assert "08:30 by the clock of the site (Europe/Brussels)" in told
        assert "up to 120 minutes late" in told and "own equipment" not in told

    def test_a_late_one_within_its_hold_lab_06(self, aiko: Candidate) -> None:
        now = noon("2026-04-20")
        booking = world.book(aiko, now=now)
        world.pay(booking, now + timedelta(minutes=30) - INSTANT, known_at=now + timedelta(minutes=31))
        assert Booking.objects.get().status == "paid" and Booking.objects.get().held_until is None

    def test_twice_is_once_pay_04(self, booking: Booking) -> None:
        world.pay(booking, noon("2026-02-03"))
        with pytest.raises(Refused) as refused:
            paying.find_payable_order(booking_id=booking.pk, now=noon("2026-02-04"))
        assert refused_with(refused.value) == ("PAY-04",)

    @pytest.mark.parametrize(
        ("site", "on", "instant"),
        [
            ("brussels", "2026-05-04", "2026-04-04T22:00:00"),
            ("tokyo", "2026-06-01", "2026-05-02T15:00:00"),
            ("richardson", "2026-06-01", "2026-05-03T05:00:00"),
            ("mobile-nairobi", "2026-06-01", "2026-05-02T21:00:00"),
        ],
    )
    def test_from_the_instant_on_it_is_refused_lab_07(
        self, aiko: Candidate, cards: CardDesk, site: str, on: str, instant: str
    ) -> None:
        world.open_day(site, on)
        then = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        booking = world.book(aiko, site, on)
        assert paying.find_payable_order(booking_id=booking.pk, now=then - INSTANT).status == "open"
        for now in (then, then + timedelta(hours=1)):
            with pytest.raises(Refused) as refused:
                paying.start_booking_payment(booking_id=booking.pk, now=now, **RETURN)
            assert refused_with(refused.value) == ("LAB-07",)
            with pytest.raises(Refused) as refused:
                paying.redeem_code(booking_id=booking.pk, code=world.voucher_of(aiko).code, now=now)
            assert refused_with(refused.value) == ("LAB-07",)
        assert world.status_of(booking) == "reserved" and not cards.pages

    def test_what_was_let_go_is_not_paid(self, aiko: Candidate) -> None:
        late = world.book(aiko, now=noon("2026-04-20"))
        with pytest.raises(Refused) as refused:
            paying.find_payable_order(booking_id=late.pk, now=noon("2026-04-20") + timedelta(minutes=30))
        assert refused_with(refused.value) == ("LAB-06",)
        bookings.drop_booking(booking_id=late.pk, now=noon("2026-04-20"))
        with pytest.raises(Refused) as refused:
            paying.find_payable_order(booking_id=late.pk, now=noon("2026-04-20"))
        assert refused_with(refused.value) == ("LAB-06",)

    def test_a_sanction_bars_paying_cand_02(self, aiko: Candidate, booking: Booking, cards: CardDesk) -> None:
        bar(aiko)
        with pytest.raises(Refused) as refused:
            paying.start_booking_payment(booking_id=booking.pk, now=noon("2026-02-03"), **RETURN)
        assert refused_with(refused.value) == ("CAND-02",)
        assert world.status_of(booking) == "reserved"  # kept meanwhile

    def test_the_price_is_that_of_the_payment_lab_04(self, booking: Booking, cards: CardDesk) -> None:
        SitePrice.objects.create(site=world.site_of("brussels"), since=day("2026-03-01"), net_cents=200050)
        assert order_of(booking).total_cents == 193600
        payment = paying.start_booking_payment(booking_id=booking.pk, now=noon("2026-02-28"), **RETURN)
        assert payment.amount_cents == 193600
        payment = paying.start_booking_payment(booking_id=booking.pk, now=noon("2026-03-01"), **RETURN)
        assert payment.amount_cents == 242061  # 2000.50 and 420.105 of tax, rounded half up
        order = order_of(booking)
        assert [each["facts"].get("amount") for each in order.decision if each["clause"] == "LAB-04"] == ["2,000.50"]
        cards.pay(order, now=noon("2026-03-01"))
        assert world.status_of(booking) == "paid"

    def test_a_declined_card_leaves_it_unpaid_lab_09(self, booking: Booking, cards: CardDesk) -> None:
        with pytest.raises(Refused) as refused:
            cards.decline(order_of(booking), clause="LAB-09", now=noon("2026-02-03"))
        assert refused_with(refused.value) == ("LAB-09", "PAY-05")
        assert world.status_of(booking) == "reserved"
        cards.pay(order_of(booking), now=noon("2026-04-04"))
        assert world.status_of(booking) == "paid"


class TestVouchers:
    def test_it_pays_the_fee_and_the_card_the_tax_lab_10(
        self, aiko: Candidate, booking: Booking, cards: CardDesk
    ) -> None:
        voucher = world.voucher_of(aiko)
        # A card page that somebody left open is closed, so that the price can change.
        with pytest.raises(Refused):
            cards.decline(order_of(booking), clause="LAB-09", now=noon("2026-02-03"))
        paying.redeem_code(booking_id=booking.pk, code=voucher.code, now=noon("2026-02-03"))
        voucher.refresh_from_db()
        assert (voucher.status, world.status_of(booking)) == ("redeemed", "reserved")
        assert order_of(booking).total_cents == 33600
        cards.pay(order_of(booking), now=noon("2026-02-04"))
        assert world.status_of(booking) == "paid"
        assert Payment.objects.get(status="succeeded").amount_cents == 33600

    def test_where_there_is_no_tax_it_is_paid(self, aiko: Candidate) -> None:
        booking = world.book(aiko, "richardson")
        paying.redeem_code(booking_id=booking.pk, code=world.voucher_of(aiko).code, now=noon("2026-02-03"))
        assert world.status_of(booking) == "paid" and not Payment.objects.exists()

    def test_used_before(self, aiko: Candidate, booking: Booking) -> None:
        voucher = world.voucher_of(aiko)
        redeem_voucher(order_id=order_of(booking).pk, code=voucher.code, candidate_id=aiko.pk, now=noon("2026-02-03"))
        bookings.drop_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        again = world.book(aiko, voucher_code=voucher.code, now=noon("2026-02-05"))
        assert again.order and again.order.covered_cents == 160000


class TestTheDeadline:
    def test_at_the_first_moment_allowed_it_is_cancelled_lab_07(self, aiko: Candidate, booking: Booking) -> None:
        voucher = world.voucher_of(aiko)
        paying.redeem_code(booking_id=booking.pk, code=voucher.code, now=noon("2026-02-03"))
        assert sweeps.cancel_unpaid(now=DEADLINE - INSTANT) == 0
        assert world.status_of(booking) == "reserved"
        assert sweeps.cancel_unpaid(now=DEADLINE) == 1
        assert world.status_of(booking) == "unpaid_cancelled"
        assert order_of(booking).status == "cancelled"
        voucher.refresh_from_db()
        assert voucher.status == "unused"
        assert queries.free_seats(booking.seat.sitting_id).count() == 4
        # Twice is once, with one notice.
        assert sweeps.cancel_unpaid(now=DEADLINE) == 0
        world.deliver(DEADLINE)
        (told,) = world.notices(aiko, "booking_cancelled")
        assert "by 4 April 2026, the last day to pay" in told
        assert world.topics(aiko)[-1] == "booking_unpaid_cancelled"

    def test_who_paid_keeps_the_seat(self, aiko: Candidate, booking: Booking) -> None:
        world.pay(booking, DEADLINE - INSTANT)
        assert sweeps.cancel_unpaid(now=DEADLINE) == 0
        assert world.status_of(booking) == "paid" and world.notices(aiko, "booking_cancelled") == []

    def test_who_paid_in_time_keeps_it_though_it_is_found_later(self, booking: Booking, cards: CardDesk) -> None:
        payment = paying.start_booking_payment(booking_id=booking.pk, now=DEADLINE - timedelta(minutes=5), **RETURN)
        paid(cards, payment, at=DEADLINE - INSTANT)
        assert sweeps.cancel_unpaid(now=DEADLINE + timedelta(seconds=30)) == 0
        assert world.status_of(booking) == "paid"

    def test_what_is_paid_at_the_instant_goes_back(self, aiko: Candidate, booking: Booking, cards: CardDesk) -> None:
        payment = paying.start_booking_payment(booking_id=booking.pk, now=DEADLINE - timedelta(minutes=5), **RETURN)
        paid(cards, payment, at=DEADLINE)
        assert sweeps.cancel_unpaid(now=DEADLINE + timedelta(seconds=30)) == 1
        assert world.status_of(booking) == "unpaid_cancelled"
        world.deliver(DEADLINE + timedelta(minutes=1))
        assert Refund.objects.get().status == "succeeded" and Refund.objects.get().amount_cents == 193600

    def test_what_arrives_after_it_was_cancelled_goes_back(self, booking: Booking, cards: CardDesk) -> None:
        payment = paying.start_booking_payment(booking_id=booking.pk, now=DEADLINE - timedelta(minutes=5), **RETURN)
        page = cards.pages[str(payment.session_id)]
        sweeps.cancel_unpaid(now=DEADLINE)
        cards.pages[str(payment.session_id)] = page
        paid(cards, payment, at=DEADLINE - INSTANT)
        follow_payment(payment_id=payment.pk, now=DEADLINE + timedelta(minutes=1))
        world.deliver(DEADLINE + timedelta(minutes=1))
        assert world.status_of(booking) == "unpaid_cancelled"
        assert Refund.objects.get().status == "succeeded"

    def test_while_the_card_service_cannot_be_asked_it_waits(
        self, booking: Booking, cards: CardDesk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paying.start_booking_payment(booking_id=booking.pk, now=DEADLINE - timedelta(minutes=5), **RETURN)
        other = world.book(world.somebody())

        def away(*_args: Any) -> Any:
            raise gateway.GatewayUnavailable("It is away.")

        with monkeypatch.context() as patch:
            patch.setattr(gateway, "fetch_checkout", away)
            assert sweeps.cancel_unpaid(now=DEADLINE) == 1
        assert (world.status_of(booking), world.status_of(other)) == ("reserved", "unpaid_cancelled")
        assert sweeps.cancel_unpaid(now=DEADLINE + timedelta(minutes=1)) == 1
        assert world.status_of(booking) == "unpaid_cancelled"

    def test_a_hold_that_is_over_is_let_go_lab_06(self, aiko: Candidate) -> None:
        now = noon("2026-04-20")
        voucher = world.voucher_of(aiko)
        booking = world.book(aiko, voucher_code=voucher.code, now=now)
        assert sweeps.release_held(now=now + timedelta(minutes=30) - INSTANT) == 0
        assert sweeps.release_held(now=now + timedelta(minutes=30)) == 1
        assert sweeps.release_held(now=now + timedelta(minutes=30)) == 0
        assert (world.status_of(booking), order_of(booking).status) == ("released", "cancelled")
        voucher.refresh_from_db()
        assert voucher.status == "unused"
        assert world.notices(aiko, "booking_cancelled") == []  # it was never made

    def test_who_pays_in_the_last_second_of_the_hold_keeps_it(self, aiko: Candidate, cards: CardDesk) -> None:
        now = noon("2026-04-20")
        booking = world.book(aiko, now=now)
        payment = paying.start_booking_payment(booking_id=booking.pk, now=now, **RETURN)
        paid(cards, payment, at=now + timedelta(minutes=30) - INSTANT)
        assert sweeps.release_held(now=now + timedelta(minutes=31)) == 0
        assert world.status_of(booking) == "paid"

    def test_a_sanction_moves_no_deadline_cand_02(self, aiko: Candidate, booking: Booking) -> None:
        bar(aiko)
        assert sweeps.cancel_unpaid(now=DEADLINE - INSTANT) == 0
        assert sweeps.cancel_unpaid(now=DEADLINE) == 1


def paid(cards: CardDesk, payment: Payment, *, at: datetime) -> None:
    """Let the card service know that a page was paid at a moment; the portal has not heard of it."""
    charge = gateway.Charge("ch_1", at, "A. Candidate", "visa", "4242", "")
    cards._answer(payment, status="complete", payment_status=gateway.PAID, charge=charge)


class TestTheReminder:
    REMINDED = datetime(2026, 3, 19, 23, tzinfo=UTC)  # 20 March begins in Brussels, forty-five days before

    def test_it_goes_out_once_lab_08(self, aiko: Candidate, booking: Booking) -> None:
        assert sweeps.remind_of_payment(now=self.REMINDED - INSTANT) == 0
        assert sweeps.remind_of_payment(now=self.REMINDED) == 1
        assert sweeps.remind_of_payment(now=self.REMINDED) == 0
        assert sweeps.remind_of_payment(now=DEADLINE - INSTANT) == 0
        (told,) = world.notices(aiko, "payment_reminder")
        assert "Please pay until 4 April 2026" in told and "USD 1,936.00" in told.replace("\xa0", " ")

    def test_one_made_after_that_day_is_reminded_by_the_next_sweep(self, aiko: Candidate) -> None:
        now = noon("2026-04-04")
        world.book(aiko, now=now)
        assert sweeps.remind_of_payment(now=now) == 1

    def test_who_paid_is_left_alone(self, aiko: Candidate, booking: Booking) -> None:
        world.pay(booking, noon("2026-02-03"))
        assert sweeps.remind_of_payment(now=self.REMINDED) == 0

    def test_what_is_over_is_not_reminded_of(self, aiko: Candidate, booking: Booking) -> None:
        assert sweeps.remind_of_payment(now=DEADLINE) == 0
        assert world.notices(aiko, "payment_reminder") == []


def test_the_minute_and_the_night_do_the_same(
    aiko: Candidate, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled first, so that nobody is reminded of what is over."""
    monkeypatch.setattr("ceportal.kernel.clock.now", lambda: DEADLINE)
    follow_bookings()
    world.deliver(DEADLINE)
    assert world.status_of(booking) == "unpaid_cancelled"
    assert world.notices(aiko, "payment_reminder") == [] and len(world.notices(aiko, "booking_cancelled")) == 1


def test_the_nights_on_which_something_is_due(aiko: Candidate, booking: Booking) -> None:
    """The reminder on the morning of its day, the deadline on the morning after its instant."""
    due = [nights.next_night(after=day("2026-02-02"))]
    Booking.objects.update(reminded_at=noon("2026-03-20"))
    due.append(nights.next_night(after=day("2026-03-20")))
    sweeps.cancel_unpaid(now=DEADLINE)
    due.append(nights.next_night(after=day("2026-04-05")))
    held = world.book(aiko, now=noon("2026-04-20"))
    due.append(nights.next_night(after=day("2026-04-20")))
    assert held.held_until
    assert due == [day("2026-03-20"), day("2026-04-05"), None, day("2026-04-21")]
