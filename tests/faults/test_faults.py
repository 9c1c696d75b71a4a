"""Whatever breaks while a card is charged or money goes back, nothing is lost and nothing is doubled (PAY-04).

Real PostgreSQL, Valkey, Celery worker and card sandbox. A call to the card service is held before it is executed, or
after it, so that the test knows where the worker stands when it is killed. What a dead worker leaves is found by the
sweeps; the rows are made due at once, which is all that time would do.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.db import connection

from ceportal.celery import app
from ceportal.kernel import clock
from exams.models import Booking
from exams.services import bookings
from payments.models import Order, Payment, Refund, StripeEvent
from payments.services import cancel_order
from tests.devstack.cards_sandbox import Delivery as Message
from tests.exams import lab_world as world
from tests.faults.house import (
    PENDING_REFUND,
    WAYS,
    House,
    assert_changed_once,
    assert_given_back_once,
    assert_paid_once,
    book,
    change,
    happened,
    open_page,
    until,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("payments_gateway")]


# ── The worker is killed ──────────────────────────────────────────────────────────────────────────
def test_the_worker_is_killed_at_each_call_of_a_payment(house: House) -> None:
    for way in WAYS:
        for told in (True, False):  # by a message, or asked by the sweep alone
            booking = book()
            payment = open_page(booking)
            house.cards.pay(payment.page_url)
            message = house.completed(payment)
            house.stop_at(f"/v1/checkout/sessions/{payment.session_id}", method="GET", way=way)
            if told:
                assert house.tell(message) == 200
            else:
                house.sweep()
            house.kill_at(way)
            house.sweep()
            assert_paid_once(house, payment, booking)

        # A page past its time is closed.
        payment = open_page(book())
        Payment.objects.filter(pk=payment.pk).update(expires_at=clock.now())
        house.stop_at(f"/v1/checkout/sessions/{payment.session_id}/expire", method="POST", way=way)
        house.sweep()
        house.kill_at(way)
        house.sweep()
        until(Payment.objects.filter(pk=payment.pk, status="expired").exists, "the page is closed")
        assert house.charged(payment) == []

        # What was paid after its order was let go goes back.
        payment = open_page(book())
        cancel_order(order_id=payment.order_id, now=clock.now())
        house.cards.pay(payment.page_url)
        house.stop_at("/v1/refunds", method="POST", way=way)
        house.sweep()
        house.kill_at(way)
        house.sweep()
        assert_given_back_once(house, payment, payment.amount_cents)

        # One that the bank takes its time over is asked about.
        payment = open_page(book())
        cancel_order(order_id=payment.order_id, now=clock.now())
        house.cards.pay(payment.page_url, number=PENDING_REFUND)
        house.sweep()
        until(Refund.objects.filter(payment=payment).exclude(stripe_id="").exists, "the refund is made")
        refund = Refund.objects.get(payment=payment)
        house.cards.turn(refund={"id": refund.stripe_id, "status": "succeeded"})
        house.stop_at(f"/v1/refunds/{refund.stripe_id}", method="GET", way=way)
        house.sweep()
        house.kill_at(way)
        house.sweep()
        assert_given_back_once(house, payment, payment.amount_cents)


def test_the_worker_is_killed_at_each_call_of_a_change_of_booking(house: House) -> None:
    for way in WAYS:
        for told in (True, False):
            first, quoted, page = change(house)
            house.cards.pay(page.page_url)
            message = house.completed(page)
            house.stop_at(f"/v1/checkout/sessions/{page.session_id}", method="GET", way=way)
            if told:
                assert house.tell(message) == 200
            else:
                house.sweep()
            house.kill_at(way)
            house.sweep()
            assert_changed_once(house, first, quoted, page)

        # The charge is recorded and the change made; the money for the seat that was left is on its way back.
        first, quoted, page = change(house)
        house.cards.pay(page.page_url)
        house.stop_at("/v1/refunds", method="POST", way=way)
        assert house.tell(house.completed(page)) == 200
        house.kill_at(way)
        house.sweep()
        assert_changed_once(house, first, quoted, page)

        # The time of the hold is over and nobody paid: the seat is asked about, the page closed.
        for path, method in (("", "GET"), ("/expire", "POST")):
            first, quoted, page = change(house)
            Order.objects.filter(pk=page.order_id).update(pay_before=clock.now())
            Booking.objects.filter(pk=quoted.new_id).update(held_until=clock.now())
            house.stop_at(f"/v1/checkout/sessions/{page.session_id}{path}", method=method, way=way)
            app.send_task("exams.follow_bookings")
            house.kill_at(way)
            house.sweep()
            until(Booking.objects.filter(pk=quoted.new_id, status="released").exists, "the seat is free")
            until(Payment.objects.filter(pk=page.pk, status="expired").exists, "the page is closed")
            assert world.status_of(quoted.old) == "paid"
            assert house.charged(page) == house.given_back(first) == []


# ── What else breaks ──────────────────────────────────────────────────────────────────────────────
def test_messages_come_twice_at_once_late_or_never_and_the_broker_forgets(house: House) -> None:
    def paid() -> tuple[Booking, Payment, Message]:
        booking = book()
        payment = open_page(booking)
        house.cards.pay(payment.page_url)
        return booking, payment, house.completed(payment)

    # Twice at the same moment.
    booking, payment, message = paid()
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _turn: tell_and_leave(house, message), range(2))) == [200, 200]
    assert_paid_once(house, payment, booking)
    assert StripeEvent.objects.filter(stripe_id=message.event["id"], processed_at__isnull=False).count() == 1

    # Never: the sweep asks. A day late: it is known already.
    booking, payment, message = paid()
    house.sweep()
    assert_paid_once(house, payment, booking)
    assert house.tell(message) == 200
    until(lambda: not StripeEvent.objects.filter(processed_at=None).exists(), "the late message is followed up")
    assert_paid_once(house, payment, booking)

    # The broker forgets everything while the worker is away.
    booking, payment, message = paid()
    house.kill_worker()
    assert house.tell(message) == 200
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    house.start_worker()
    house.sweep()
    assert_paid_once(house, payment, booking)


def tell_and_leave(house: House, message: Message) -> int:
    """Bring a message on a connection of its own."""
    try:
        return house.tell(message)
    finally:
        connection.close()


def test_the_database_cuts_the_worker_off_in_the_middle(house: House) -> None:
    for way in WAYS:
        first, quoted, page = change(house)
        house.cards.pay(page.page_url)
        house.stop_at("/v1/refunds", method="POST", way=way)
        assert house.tell(house.completed(page)) == 200
        house.wait_until_there(way)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 1
        house.kill_at(way)
        house.sweep()
        assert_changed_once(house, first, quoted, page)


def test_the_card_service_fails_is_silent_and_refuses(house: House) -> None:
    # Three errors in a row, which is all that the SDK tries; then it answers.
    booking = book()
    payment = open_page(booking)
    house.cards.pay(payment.page_url)
    message = house.completed(payment)
    house.cards.turn(
        calls=[{"path": f"/v1/checkout/sessions/{payment.session_id}", "method": "GET", "mode": "error", "times": 3}]
    )
    assert house.tell(message) == 200
    house.cards.wait_until(lambda state: not state["switches"]["calls"])
    house.sweep()
    assert_paid_once(house, payment, booking)

    # Executed, and the answer lost: the refund is made once.
    payment = open_page(book())
    cancel_order(order_id=payment.order_id, now=clock.now())
    house.cards.pay(payment.page_url)
    house.cards.turn(calls=[{"path": "/v1/refunds", "method": "POST", "mode": "lose_answer", "times": 2}])
    house.sweep()
    assert_given_back_once(house, payment, payment.amount_cents)

    # A refund that is refused stays as failed, and is asked for no second time by itself.
    payment = open_page(book())
    cancel_order(order_id=payment.order_id, now=clock.now())
    house.cards.pay(payment.page_url)
    house.cards.turn(calls=[{"path": "/v1/refunds", "method": "POST", "mode": "refuse"}])
    house.sweep()
    until(lambda: Refund.objects.filter(payment=payment, status="failed").exists(), "the refund has failed")
    house.sweep()
    assert payment.refunds.count() == 1
    assert house.given_back(payment) == []
    assert happened(payment.order.candidate)["payments.refund_failed"] == 1


def test_a_card_page_is_left_and_paid_too_late(house: House) -> None:
    """The hold ends and the seat is free; the late payment goes back by itself and is told (LAB-06, LAB-07)."""
    booking = book()
    payment = open_page(booking)
    candidate = booking.candidate
    bookings.drop_booking(booking_id=booking.pk, now=clock.now())
    assert world.status_of(booking) != "reserved"
    house.cards.pay(payment.page_url)
    assert house.tell(house.completed(payment)) == 200
    assert_given_back_once(house, payment, payment.amount_cents)
    assert Payment.objects.get(pk=payment.pk).status == "surplus"
    assert Order.objects.get(pk=payment.order_id).status == "cancelled"
    assert happened(candidate)["exams.booking_paid"] == 0
