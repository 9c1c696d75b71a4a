"""Two at the same moment: a double click, and the redirect beside the webhook."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from payments import services
from payments.models import Payment
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


def test_invoices_issued_at_once_have_numbers_of_their_own(ask):
    orders = [ask(reference=f"cycle:{number}") for number in range(4)]
    for order in orders:
        pay_at(order, noon("2026-03-02"))

    def issue(order):
        return lambda: services.issue_invoice(order_id=order.id, now=noon("2026-03-05")).sequence

    assert sorted(together(*[issue(order) for order in orders])) == [1, 2, 3, 4]
