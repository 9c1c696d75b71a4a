from __future__ import annotations

from decimal import Decimal

import pytest

from ceportal.kernel.decisions import Decision, Finding, Refused
from payments import services
from payments.models import Order, OrderLine, Payment
from tests import factories
from tests.factories import noon
from tests.payments.conftest import pay_at, topics

pytestmark = pytest.mark.django_db


def test_an_order_is_opened_with_tax_and_reasons(ask):
    order = ask()

    assert order.number == f"O-{order.created_at.year}-{order.id:06d}"
    assert (order.status, order.currency) == ("open", "USD")
    assert (order.net_cents, order.tax_cents, order.total_cents) == (30000, 6300, 36300)
    (line,) = order.lines.all()
    assert (line.tax_country, line.tax_percent, line.tax_cents) == ("BE", Decimal(21), 6300)
    decision = Decision.from_json(Order.objects.get().decision)
    assert [finding.clause for finding in decision.findings] == ["CE-08", "PAY-04", "PAY-01"]
    assert topics(order) == ["order_opened"]


def test_a_billing_country_comes_before_the_residence(ask):
    order = ask(candidate=factories.CandidateFactory.create(country="BE", billing_country="JP"))
    assert [(line.tax_country, line.tax_cents) for line in order.lines.all()] == [("JP", 3000)]


def test_each_line_is_rounded_by_itself(ask):
    lines = [services.LineRequest("One", 50, "admin_fee"), services.LineRequest("Another", 50, "admin_fee")]
    order = ask(lines=lines)
    assert [(line.position, line.tax_cents) for line in order.lines.all()] == [(1, 11), (2, 11)]
    assert (order.net_cents, order.tax_cents, order.total_cents) == (100, 22, 122)


def test_asking_twice_gives_the_same_order(ask):
    first = ask()
    second = ask(candidate=first.candidate)
    assert second == first
    assert (Order.objects.count(), OrderLine.objects.count()) == (1, 1)
    assert topics(first) == ["order_opened"]


def test_asking_again_at_another_price_prices_anew(ask):
    first = ask()
    second = ask(candidate=first.candidate, net_cents=10000)
    assert (second.id, second.total_cents) == (first.id, 12100)
    assert [line.net_cents for line in second.lines.all()] == [10000]


def test_the_price_stands_while_somebody_may_be_paying_it(ask, now):
    first = ask()
    Payment.objects.create(
        order=first, amount_cents=first.total_cents, created_at=now, expires_at=now, next_check_at=now
    )
    second = ask(candidate=first.candidate, net_cents=10000)
    assert second.total_cents == 36300


def test_what_was_paid_is_not_asked_for_again(ask):
    order = ask()
    pay_at(order, noon("2026-03-02"))
    with pytest.raises(Refused) as refusal:
        ask(candidate=order.candidate)
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    assert Order.objects.count() == 1


def test_what_was_cancelled_or_refunded_can_be_asked_for_anew(ask, now):
    first = ask()
    services.cancel_order(order_id=first.id, now=now)
    second = ask(candidate=first.candidate)
    assert second.id != first.id
    assert second.number != first.number


def test_a_refused_decision_opens_nothing(ask):
    early = Decision((Finding("CE-08", False, "The credits are not there yet."),))
    with pytest.raises(Refused) as refusal:
        ask(decision=early)
    assert refusal.value.decision.clauses_unmet == ("CE-08",)
    assert not Order.objects.exists()


def test_a_reference_belongs_to_one_candidate(ask):
    ask()
    with pytest.raises(ValueError, match="is asked of candidate"):
        ask(candidate=factories.CandidateFactory.create())


def test_an_order_needs_a_line(ask):
    with pytest.raises(ValueError, match="needs a line"):
        ask(lines=[])


def test_what_costs_nothing_is_complete_at_once(ask, now):
    order = ask(net_cents=0, now=now)
    assert (order.status, order.paid_at, order.total_cents) == ("paid", now, 0)
    assert not Payment.objects.exists()
    assert topics(order) == ["order_opened", "order_paid"]


def test_an_order_is_cancelled_once(order, now):
    for _time in range(2):
        services.cancel_order(order_id=order.id, now=now)
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert topics(order) == ["order_opened", "order_cancelled"]


def test_a_paid_order_is_not_cancelled(order, now):
    pay_at(order, noon("2026-03-02"))
    with pytest.raises(Refused) as refusal:
        services.cancel_order(order_id=order.id, now=now)
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    order.refresh_from_db()
    assert order.status == "paid"
    assert "order_cancelled" not in topics(order)
