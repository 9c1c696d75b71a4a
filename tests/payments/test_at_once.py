"""Two at the same moment: a double click, and the redirect beside the webhook."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from payments import services
from payments.models import Invoice, InvoiceSeries, Payment
from payments.verification import verify
from tests.factories import noon
from tests.payments.conftest import RETURN, pay_at, topics

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sandbox(payments_gateway):
    """The gateway speaks to the sandbox."""


def together(*calls):
    """The results of calls made at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_a_double_click_opens_one_page(cards, order, now):
    def press():
        return services.start_payment(order_id=order.id, now=now, **RETURN).page_url

    first, second = together(press, press)
    assert first == second
    assert len(cards.state()["sessions"]) == 1
    assert topics(order) == ["order_opened", "payment_requested", "payment_started"]


def test_two_tabs_ask_for_the_same_order(ask, order):
    first, second = together(*[lambda: ask(candidate=order.candidate, reference="cycle:2").id] * 2)
    assert first == second


def test_the_redirect_and_the_webhook_settle_once(cards, order, now):
    payment = services.start_payment(order_id=order.id, now=now, **RETURN)
    cards.pay(payment.page_url)

    def refresh():
        return services.refresh_payment(payment_id=payment.id, now=now).status

    assert together(refresh, refresh, refresh) == ["succeeded"] * 3
    assert topics(order).count("order_paid") == 1
    assert Payment.objects.count() == 1


def test_a_hundred_invoices_issued_at_once_leave_no_gap_and_no_duplicate(ask):
    """Ten at a time, and of every three one is rolled back after its number was drawn, and issued again (PAY-02)."""
    orders = [ask(reference=f"cycle:{number}") for number in range(100)]
    for order in orders:
        pay_at(order, noon("2026-03-02"))

    def issue(hand):
        def issue_ten():
            for number, order in enumerate(hand):
                if number % 3 == 0:
                    with transaction.atomic():
                        services.issue_invoice(order_id=order.id, now=noon("2026-03-05"))
                        transaction.set_rollback(True)  # as if the machine had stopped before the commit
                services.issue_invoice(order_id=order.id, now=noon("2026-03-05"))

        return issue_ten

    together(*[issue(orders[first::10]) for first in range(10)])
    assert list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 101))
    assert Invoice.objects.values("order").distinct().count() == 100
    assert InvoiceSeries.objects.get().last_number == 100
    assert verify().differences == ()
