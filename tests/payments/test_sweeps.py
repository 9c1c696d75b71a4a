from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from payments import services, sweeps
from payments.models import Invoice, Payment, Refund, StripeEvent
from tests.factories import day, noon
from tests.payments.conftest import RETURN, pay_at, topics

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=11)


@pytest.fixture
def start(cards, payments_gateway, now):
    """Opens the card page of an order."""

    def start_payment(order):
        return services.start_payment(order_id=order.id, now=now, **RETURN)

    return start_payment


def status_of(row):
    row.refresh_from_db()
    return row.status


def test_a_payment_nobody_told_of_is_found(cards, start, order, now):
    payment = start(order)
    cards.pay(payment.page_url)
    assert sweeps.follow_up(now=now + timedelta(minutes=9)) == 0
    assert sweeps.follow_up(now=now + LATER) == 1
    assert (status_of(payment), status_of(order)) == ("succeeded", "paid")
    assert sweeps.follow_up(now=now + 2 * LATER) == 0
    assert topics(order).count("order_paid") == 1


def test_an_open_payment_is_asked_about_every_ten_minutes(start, order, now):
    payment = start(order)
    assert sweeps.follow_up(now=now + LATER) == 1
    assert sweeps.follow_up(now=now + LATER) == 0
    assert sweeps.follow_up(now=now + 2 * LATER) == 1
    assert status_of(payment) == "open"


def test_a_stale_payment_is_expired(cards, start, order, now):
    payment = start(order)
    sweeps.follow_up(now=now + timedelta(hours=2))
    assert (status_of(payment), status_of(order)) == ("expired", "open")
    assert cards.state()["sessions"][0]["status"] == "expired"


def test_the_page_of_a_cancelled_order_is_closed_at_once(cards, start, order, now):
    payment = start(order)
    services.cancel_order(order_id=order.id, now=now)
    sweeps.follow_up(now=now)
    assert status_of(payment) == "expired"
    assert cards.state()["sessions"][0]["status"] == "expired"


def test_a_payment_that_never_got_a_page_is_given_up(order, now):
    payment = Payment.objects.create(
        order=order, amount_cents=1, created_at=now, expires_at=now + timedelta(hours=2), next_check_at=now + LATER
    )
    assert sweeps.follow_up(now=now + LATER) == 1
    assert status_of(payment) == "expired"


def test_one_that_fails_does_not_stop_the_rest(cards, start, ask, now):
    first, second = start(ask()), start(ask(reference="cycle:2"))
    for payment in (first, second):
        cards.pay(payment.page_url)
    cards.turn(calls=[{"path": f"/v1/checkout/sessions/{first.session_id}", "mode": "error", "times": 3}])
    assert sweeps.follow_up(now=now + LATER) == 1
    assert (status_of(first), status_of(second)) == ("open", "succeeded")
    sweeps.follow_up(now=now + 2 * LATER)
    assert status_of(first) == "succeeded"


def test_a_refund_that_the_relay_left_is_made(cards, start, order, now):
    payment = start(order)
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    services.request_refund(order_id=order.id, reason="No longer due.", now=now)
    sweeps.follow_up(now=now + LATER)
    assert (Refund.objects.get().status, status_of(order)) == ("succeeded", "refunded")
    sweeps.follow_up(now=now + 2 * LATER)
    assert len(cards.state()["refunds"]) == 1


def test_a_message_that_was_never_processed_is(cards, webhook, start, order, now):
    payment = start(order)
    cards.pay(payment.page_url)
    delivery = webhook.wait_for(bool)[0]
    services.store_event(body=delivery.body, signature=delivery.signature, now=now)
    assert sweeps.follow_up(now=now + timedelta(minutes=1)) == 0
    assert sweeps.follow_up(now=now + timedelta(minutes=3)) == 1
    assert StripeEvent.objects.get().processed_at == now + timedelta(minutes=3)
    assert status_of(payment) == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_share_the_work(start, order, now):
    start(order)
    held, done = threading.Event(), threading.Event()

    def hold_the_row():
        with transaction.atomic():
            list(Payment.objects.select_for_update(no_key=True))
            held.set()
            done.wait(20)
        connection.close()

    other = threading.Thread(target=hold_the_row)
    other.start()
    assert held.wait(20)
    assert sweeps.follow_up(now=now + LATER) == 0  # it does not wait for the other
    done.set()
    other.join()
    assert sweeps.follow_up(now=now + LATER) == 1


def test_invoices_are_issued_on_their_day(ask):
    friday, monday = ask(), ask(reference="cycle:2")
    pay_at(friday, noon("2026-03-06"))
    pay_at(monday, noon("2026-03-09"))
    for on, issued in (("2026-03-10", 0), ("2026-03-11", 1), ("2026-03-11", 0), ("2026-03-12", 1)):
        assert sweeps.issue_due_invoices(now=noon(on)) == issued, on
    assert [(each.number, each.order) for each in Invoice.objects.order_by("sequence")] == [
        ("INV-2026-000001", friday),
        ("INV-2026-000002", monday),
    ]


def test_a_late_sweep_issues_what_was_due_in_order_of_payment(ask):
    orders = [ask(reference=f"cycle:{number}") for number in range(3)]
    for order, on in zip(orders, ("2026-03-04", "2026-03-02", "2026-03-03"), strict=True):
        pay_at(order, noon(on))
    assert sweeps.issue_due_invoices(now=noon("2026-04-01")) == 3
    issued = Invoice.objects.order_by("sequence")
    assert [each.order for each in issued] == [orders[1], orders[2], orders[0]]
    assert {each.issued_on for each in issued} == {day("2026-04-01")}


def test_the_programmes_day_counts(ask, settings):
    settings.PROGRAMME_TIME_ZONE = "America/Los_Angeles"
    order = ask()
    pay_at(order, noon("2026-03-07") - timedelta(hours=6))  # Friday evening in Los Angeles
    assert order.__class__.objects.get().paid_on == day("2026-03-06")
    assert sweeps.issue_due_invoices(now=noon("2026-03-11") - timedelta(hours=6)) == 0  # Tuesday evening there
    assert sweeps.issue_due_invoices(now=noon("2026-03-11")) == 1


def test_what_was_given_back_or_free_is_not_invoiced(ask):
    refunded, free = ask(), ask(reference="cycle:2", net_cents=0, now=noon("2026-03-02"))
    pay_at(refunded, noon("2026-03-02"))
    services.request_refund(order_id=refunded.id, reason="No longer due.", now=noon("2026-03-03"))
    assert free.status == "paid"
    assert sweeps.issue_due_invoices(now=noon("2026-03-31")) == 0
    assert not Invoice.objects.exists()
