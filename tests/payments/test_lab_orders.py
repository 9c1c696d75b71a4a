"""Orders of lab bookings: the tax of the site, a deadline with its clause, what holds at the moment of payment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from ceportal.kernel import outbox
from ceportal.kernel.decisions import Decision, Finding, Refused
from ceportal.kernel.models import Event
from payments import services
from payments.models import Order, OrderLine, Payment, Refund
from tests import factories
from tests.payments.conftest import LAB, RETURN, change_lines, pay_at, session, topics

pytestmark = pytest.mark.django_db


@pytest.fixture
def aiko():
    """A candidate who lives in Japan and is billed in India."""
    return factories.CandidateFactory.create(country="JP", billing_country="IN")


def test_tax_is_that_of_the_site_where_there_is_one_else_of_the_billing_country(aiko, book):
    """PAY-01."""
    lines = [*change_lines(country="BE"), services.LineRequest("Paper", 1000, "admin_fee")]
    order = book(aiko, lines=lines)
    taxed = [(line.kind, line.served_in, line.tax_country, line.tax_cents) for line in order.lines.all()]
    assert taxed == [
        ("lab_fee", "BE", "BE", 33600),
        ("reschedule_fee", "BE", "BE", 10500),
        ("admin_fee", "", "IN", 180),
    ]
    assert (order.net_cents, order.covered_cents, order.tax_cents, order.total_cents) == (211000, 0, 44280, 255280)
    reasons = Decision.from_json(Order.objects.get().decision).findings
    assert [finding.facts.get("country") for finding in reasons if finding.clause == "PAY-01"] == ["BE", "IN"]


def test_a_move_of_the_candidate_changes_no_tax_of_a_site(aiko, book, now, payments_gateway):
    order = book(
        aiko, lines=[*change_lines(country="BE", late=False), services.LineRequest("Paper", 1000, "admin_fee")]
    )
    aiko.billing_country = "JP"
    aiko.save()
    services.start_payment(order_id=order.id, now=now, **RETURN)
    order.refresh_from_db()
    assert [(line.tax_country, line.tax_percent) for line in order.lines.all()] == [("BE", 21), ("JP", 10)]


def test_the_card_page_shows_what_is_left_and_the_tax_of_each_country(aiko, book, cards, now, payments_gateway):
    order = book(aiko, lines=[*change_lines(country="BE"), services.LineRequest("Paper", 1000, "admin_fee")])
    services.start_payment(order_id=order.id, now=now, **RETURN)
    (opened,) = cards.state()["sessions"]
    assert opened["amount_total"] == order.total_cents == 255280


@pytest.mark.parametrize(
    ("_case", "seconds", "refused"),
    [("the last moment", -1, ()), ("its end", 0, ("LAB-07",)), ("long after", 86400, ("LAB-07",))],
)
def test_from_the_deadline_on_nothing_is_taken(aiko, book, now, payments_gateway, _case, seconds, refused):
    """LAB-07: from that instant payment is refused with its clause, whether the sweep was there or not."""
    deadline = now + timedelta(hours=1)
    order = book(aiko, pay_before=deadline, pay_before_clause="LAB-07")
    moment = deadline + timedelta(seconds=seconds)
    if not refused:
        assert services.start_payment(order_id=order.id, now=moment, **RETURN).page_url
        return
    with pytest.raises(Refused) as refusal:
        services.start_payment(order_id=order.id, now=moment, **RETURN)
    assert refusal.value.decision.clauses_unmet == refused
    assert not Payment.objects.exists()
    assert topics(order) == ["order_opened"]


def test_a_cancelled_order_says_that_its_time_is_over(aiko, book, now):
    order = book(aiko, pay_before=now, pay_before_clause="LAB-07")
    services.cancel_order(order_id=order.id, now=now)
    with pytest.raises(Refused) as refusal:
        services.start_payment(order_id=order.id, now=now, **RETURN)
    assert set(refusal.value.decision.clauses_unmet) == {"PAY-04", "LAB-07"}


def test_a_card_page_stays_open_no_longer_than_there_is_time(aiko, book, now, payments_gateway):
    deadlines = {"far": timedelta(days=1), "near": timedelta(minutes=50), "nearer": timedelta(minutes=10)}
    closes = {}
    for name, left in deadlines.items():
        order = book(aiko, reference=name, pay_before=now + left, pay_before_clause="LAB-07")
        payment = services.start_payment(order_id=order.id, now=now, **RETURN)
        closes[name] = (payment.expires_at - now, payment.next_check_at - now)
    minutes = {name: tuple(each.total_seconds() / 60 for each in both) for name, both in closes.items()}
    # The card service opens none for less than half an hour; the portal closes that one itself.
    assert minutes == {"far": (120, 10), "near": (50, 10), "nearer": (31, 10)}
    assert services.refresh_payment(payment_id=payment.id, now=now + timedelta(minutes=10)).status == "expired"


@pytest.mark.parametrize(
    ("_case", "charged_after", "payment_status", "order_status"),
    [
        ("charged in time, told late", timedelta(minutes=9), "succeeded", "paid"),
        ("charged as the time ends", timedelta(minutes=10), "surplus", "open"),
    ],
)
def test_the_moment_of_the_charge_counts(
    aiko, book, now, payments_gateway, _case, charged_after, payment_status, order_status
):
    """Either paid, or refunded without what it was for: never both, never neither (LAB-07)."""
    order = book(aiko, pay_before=now + timedelta(minutes=10), pay_before_clause="LAB-07")
    payment = services.start_payment(order_id=order.id, now=now, **RETURN)
    answer = session(charged_at=now + charged_after, amount_cents=order.total_cents)
    services.record_checkout(payment_id=payment.id, session=answer, now=now + timedelta(minutes=15))
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (payment.status, order.status) == (payment_status, order_status)
    assert Refund.objects.count() == (payment_status == "surplus")


def react(monkeypatch, reaction):
    """Let whoever opened the order react before it is paid."""
    monkeypatch.setattr("ceportal.events.REACTIONS", {"payments.payment_requested": ("what the test says",)})
    monkeypatch.setattr(outbox, "_function", lambda _path: reaction)
    outbox._wiring.cache_clear()


def test_whoever_opened_an_order_prices_it_at_the_moment_of_payment(
    aiko, book, cards, now, payments_gateway, monkeypatch
):
    """LAB-04."""
    order = book(aiko)
    asked = []

    def reprice(event: Event, now):
        asked.append((event.payload["purpose"], event.payload["reference"]))
        lines = [services.LineRequest("CCIE Security lab", 190000, OrderLine.Kind.LAB_FEE, "BE")]
        services.price_order(order_id=event.subject_id, lines=lines, decision=LAB, now=now)

    react(monkeypatch, reprice)
    payment = services.start_payment(order_id=order.id, now=now, **RETURN)
    services.start_payment(order_id=order.id, now=now, **RETURN)  # a second press goes to the same page
    assert asked == [("lab_booking", "1")]
    assert payment.amount_cents == 229900
    assert cards.state()["sessions"][0]["amount_total"] == 229900


def test_whoever_opened_an_order_can_refuse_its_payment(aiko, book, now, monkeypatch):
    order = book(aiko)

    def refuse(event: Event, now):
        raise Refused(Decision((Finding("LAB-15", False, "The seat is gone."),)))

    react(monkeypatch, refuse)
    with pytest.raises(Refused) as refusal:
        services.start_payment(order_id=order.id, now=now, **RETURN)
    assert refusal.value.decision.clauses_unmet == ("LAB-15",)
    assert not Payment.objects.exists()
    assert topics(order) == ["order_opened"]


def test_what_turns_out_to_be_free_is_complete(aiko, book, now, monkeypatch):
    order = book(aiko)
    free = [services.LineRequest("CCIE Security lab", 0, OrderLine.Kind.LAB_FEE, "BE")]
    react(monkeypatch, lambda event, now: services.price_order(order_id=order.id, lines=free, decision=LAB, now=now))
    with pytest.raises(Refused):
        services.start_payment(order_id=order.id, now=now, **RETURN)
    order.refresh_from_db()
    assert (order.status, order.total_cents) == ("paid", 0)
    assert not Payment.objects.exists()


def test_an_order_is_priced_anew_while_nobody_pays_it(aiko, book, now, payments_gateway):
    order = book(aiko)

    def price(lines):
        return services.price_order(order_id=order.id, lines=lines, decision=LAB, now=now).total_cents

    price(change_lines())
    order.refresh_from_db()
    assert (order.total_cents, [line.tax_percent for line in order.lines.all()]) == (231000, [Decimal(10)] * 2)
    services.start_payment(order_id=order.id, now=now, **RETURN)
    assert price(change_lines(late=False)) == 231000
    services.stop_payment(order_id=order.id, now=now)
    assert price(change_lines(late=False)) == 176000


def test_a_paid_order_is_not_priced_anew(aiko, book, now):
    order = book(aiko)
    pay_at(order, now)
    with pytest.raises(Refused) as refusal:
        services.price_order(order_id=order.id, lines=change_lines(), decision=LAB, now=now)
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    assert [line.net_cents for line in order.lines.all()] == [160000]


def test_closing_the_card_page_finds_what_was_paid_on_it(aiko, book, cards, now, payments_gateway):
    order = book(aiko)
    payment = services.start_payment(order_id=order.id, now=now, **RETURN)
    cards.pay(payment.page_url)
    services.stop_payment(order_id=order.id, now=now)
    order.refresh_from_db()
    assert order.status == "paid"
    services.stop_payment(order_id=order.id, now=now)  # nothing is open any more
