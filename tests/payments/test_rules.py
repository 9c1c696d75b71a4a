from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import CheckConstraint

from ceportal.kernel.policy import BOOK
from payments import rules
from payments.models import Order, Payment, Refund
from tests.factories import day

POLICY = BOOK.on(date(2026, 3, 2))
PAID = rules.InvoiceFacts("paid", date(2026, 3, 2), 30000, kept_cents=30000, day=date(2026, 3, 5))


@pytest.mark.parametrize(
    ("_case", "country", "net_cents", "percent", "tax_cents"),
    [
        ("Belgium", "BE", 30000, "21", 6300),
        ("no tax in the book", "US", 30000, "0", 0),
        ("a country not listed has none", "ZZ", 30000, "0", 0),
        ("half a cent goes up", "BE", 50, "21", 11),  # 10.5
        ("less than half goes down", "BE", 49, "21", 10),  # 10.29
        ("nothing", "BE", 0, "21", 0),
    ],
)
def test_tax_follows_the_billing_country(_case, country, net_cents, percent, tax_cents):
    line = rules.price_line(description="Fee", net_cents=net_cents, country=country, policy=POLICY)
    assert (line.tax_country, line.tax_percent, line.tax_cents) == (country, Decimal(percent), tax_cents)


@pytest.mark.parametrize(
    ("_case", "values", "before", "after"),
    [("a new rate holds from its day", {date(2017, 6, 6): {"BE": 21}, date(2026, 3, 2): {"BE": 22}}, 6300, 6600)],
)
def test_the_rate_of_the_day_counts(_case, values, before, after):
    series = replace(BOOK.series["tax.rates"], values=tuple(values.items()))
    for on, tax in (("2026-03-01", before), ("2026-03-02", after)):
        rates = {"tax.rates": series.on(day(on))}
        line = rules.price_line(description="Fee", net_cents=30000, country="BE", policy=rates)
        assert line.tax_cents == tax


@pytest.mark.parametrize(("country", "rate"), [("BE", 21), ("US", 0), ("ZZ", 0)])
def test_tax_is_explained_with_its_rate(country, rate):
    (found,) = rules.explain_tax(country, POLICY).findings
    assert (found.clause, found.met, found.facts["percent"]) == ("PAY-01", True, rate)
    (parameter,) = found.because
    assert (parameter.name, parameter.value, parameter.provisional) == ("tax.rates", {country: rate}, True)


@pytest.mark.parametrize(
    ("_case", "paid_on", "due_on"),
    [
        ("Monday, within the week", "2026-03-02", "2026-03-05"),
        ("Tuesday, within the week", "2026-03-03", "2026-03-06"),
        ("Wednesday, over the weekend", "2026-03-04", "2026-03-09"),
        ("Friday, over the weekend", "2026-03-06", "2026-03-11"),
        ("Saturday", "2026-03-07", "2026-03-11"),
        ("Sunday", "2026-03-08", "2026-03-11"),
        ("over the new year; a holiday is no holiday here", "2026-12-30", "2027-01-04"),
    ],
)
def test_an_invoice_is_due_on_the_third_business_day(_case, paid_on, due_on):
    assert rules.invoice_due_on(day(paid_on), BOOK.on(day(paid_on))) == day(due_on)


@pytest.mark.parametrize(
    ("_case", "facts", "unmet"),
    [
        ("the third business day", {}, 0),
        ("any day after it", {"day": date(2026, 4, 1)}, 0),
        ("a day before it", {"day": date(2026, 3, 4)}, 1),
        ("not paid", {"status": "open", "paid_on": None}, 2),
        ("nothing to pay", {"total_cents": 0, "kept_cents": 0}, 1),
        ("given back", {"kept_cents": 0}, 1),
        ("given back in part", {"kept_cents": 1}, 0),
    ],
)
def test_what_is_invoiced(_case, facts, unmet):
    decision = rules.assess_invoice(replace(PAID, **facts), POLICY)
    assert len(decision.unmet) == unmet
    assert set(decision.clauses_unmet) <= {"PAY-02"}


@pytest.mark.parametrize(
    ("_case", "status", "paid_on", "payable", "cancellable"),
    [
        ("open", "open", None, True, True),
        ("paid", "paid", date(2026, 3, 2), False, False),
        ("refunded", "refunded", date(2026, 3, 2), False, False),
        ("cancelled", "cancelled", None, False, True),
    ],
)
def test_what_can_be_paid_and_cancelled(_case, status, paid_on, payable, cancellable):
    facts = rules.OrderFacts(status, paid_on)
    assert rules.assess_payment(facts).granted is payable
    assert rules.assess_cancelling(facts).granted is cancellable


@pytest.mark.parametrize(("paid_by_card", "unmet"), [(True, ()), (False, ("PAY-04",))])
def test_what_is_given_back(paid_by_card, unmet):
    assert rules.assess_refund(paid_by_card=paid_by_card).clauses_unmet == unmet


@pytest.mark.parametrize(
    ("model", "transitions", "constraint"),
    [
        (Order, rules.ORDER_TRANSITIONS, "order_known_status"),
        (Payment, rules.PAYMENT_TRANSITIONS, "payment_known_status"),
        (Refund, rules.REFUND_TRANSITIONS, "refund_known_status"),
    ],
)
def test_diagram_choices_and_database_name_the_same_states(model, transitions, constraint):
    (check,) = [each for each in model._meta.constraints if each.name == constraint]
    assert isinstance(check, CheckConstraint)
    ((_lookup, known),) = check.condition.children
    assert set(transitions) == set(model.Status.values) == set(known)
    assert {after for each in transitions.values() for after in each} <= set(transitions)
