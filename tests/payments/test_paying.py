"""Paying on the card page of the sandbox, with the official SDK over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from payments import services
from payments.models import Order, Payment, Refund
from tests.payments.conftest import RETURN, session, topics

pytestmark = pytest.mark.django_db
DECLINED = "4000 0000 0000 0002"
NO_FUNDS = "4000 0000 0000 9995"


@pytest.fixture(autouse=True)
def sandbox(payments_gateway):
    """The gateway speaks to the sandbox."""


def start(order, now):
    return services.start_payment(order_id=order.id, now=now, **RETURN)


def refresh(payment, now):
    return services.refresh_payment(payment_id=payment.id, now=now)


def test_an_order_is_paid(cards, order, now):
    payment = start(order, now)
    assert payment.page_url.startswith(cards.url)
    assert payment.expires_at == now + timedelta(hours=2)
    cards.pay(payment.page_url, name="Ada Lovelace")

    payment = refresh(payment, now + timedelta(minutes=1))

    order.refresh_from_db()
    assert (payment.status, payment.amount_cents) == ("succeeded", 36300)
    assert (payment.cardholder_name, payment.card_brand, payment.card_last4) == ("Ada Lovelace", "visa", "4242")
    assert payment.intent_id.startswith("pi_")
    assert order.status == "paid"
    assert now <= payment.paid_at == order.paid_at <= now + timedelta(minutes=1)
    assert topics(order) == ["order_opened", "payment_requested", "payment_started", "payment_succeeded", "order_paid"]
    event = Event.objects.get(topic="payments.order_paid")
    assert event.payload == {
        "purpose": "admin_fee",
        "reference": "cycle:1",
        "paid_on": order.paid_on.isoformat(),
    }


def test_the_card_page_shows_lines_tax_and_reference(cards, order, now):
    start(order, now)
    (opened,) = cards.state()["sessions"]
    assert (opened["amount_total"], opened["currency"]) == (36300, "usd")
    assert opened["client_reference_id"] == order.number
    assert opened["customer_email"] == order.candidate.email
    assert opened["metadata"] == {"order_number": order.number, "payment": str(order.payments.get().id)}


def test_a_second_press_goes_to_the_same_page(cards, order, now):
    first = start(order, now)
    second = start(order, now + timedelta(minutes=5))
    assert (first.id, first.page_url) == (second.id, second.page_url)
    assert len(cards.state()["sessions"]) == 1
    assert topics(order) == ["order_opened", "payment_requested", "payment_started"]


def test_a_crash_between_the_page_and_its_address_leads_to_the_same_page(cards, order, now):
    first = start(order, now)
    Payment.objects.update(session_id=None, page_url="")  # as if the answer had never been written
    second = start(order, now + timedelta(minutes=5))
    assert (first.session_id, first.page_url) == (second.session_id, second.page_url)
    assert len(cards.state()["sessions"]) == 1


def test_an_answer_that_gets_lost_is_asked_for_again(cards, order, now):
    cards.turn(calls=[{"path": "/v1/checkout/sessions", "method": "POST", "mode": "lose_answer", "times": 1}])
    payment = start(order, now)
    assert payment.page_url
    assert len(cards.state()["sessions"]) == 1


def test_what_changed_since_the_crash_makes_a_new_page(cards, order, now):
    first = start(order, now)
    Payment.objects.update(session_id=None, page_url="")
    order.candidate.email = "moved@example.org"
    order.candidate.save()
    second = start(order, now + timedelta(minutes=5))
    assert second.id != first.id
    assert second.page_url
    assert [each.status for each in order.payments.order_by("id")] == ["expired", "open"]


def test_a_card_service_that_is_down_loses_nothing(cards, order, now):
    cards.turn(calls=[{"path": "/v1/checkout/sessions", "mode": "error", "times": 3}])
    with pytest.raises(services.CardServiceUnavailable):
        start(order, now)
    assert topics(order) == ["order_opened", "payment_requested"]
    payment = start(order, now)
    assert payment.page_url
    assert order.payments.count() == 1


def test_a_card_service_that_refuses_makes_room_for_the_next_try(cards, order, now):
    cards.turn(calls=[{"path": "/v1/checkout/sessions", "mode": "refuse", "times": 1}])
    with pytest.raises(services.CardServiceUnavailable):
        start(order, now)
    assert start(order, now).page_url
    assert [each.status for each in order.payments.order_by("id")] == ["expired", "open"]


def test_a_paid_order_is_not_paid_again(cards, order, now):
    payment = start(order, now)
    cards.pay(payment.page_url)
    # Nobody has told the portal yet, and the candidate presses again.
    with pytest.raises(Refused) as refusal:
        start(order, now + timedelta(minutes=1))
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    order.refresh_from_db()
    assert order.status == "paid"
    assert len(cards.state()["sessions"]) == 1


def test_settling_twice_changes_nothing(cards, order, now):
    payment = start(order, now)
    cards.pay(payment.page_url)
    first = refresh(payment, now + timedelta(minutes=1))
    second = refresh(payment, now + timedelta(minutes=2))
    again = services.record_checkout(payment_id=payment.id, session=session(status="expired"), now=now)
    assert first.paid_at == second.paid_at == again.paid_at
    assert topics(order).count("order_paid") == 1


def test_a_decline_is_told_and_the_next_card_works(cards, order, now):
    """PAY-05: it changes nothing."""
    payment = start(order, now)
    cards.pay(payment.page_url, number=DECLINED)
    for _time in range(2):
        payment = refresh(payment, now)
    order.refresh_from_db()
    assert (payment.status, payment.last_decline) == ("open", "Your card was declined.")
    assert order.status == "open"
    assert topics(order) == ["order_opened", "payment_requested", "payment_started", "payment_declined"]

    again = start(order, now + timedelta(minutes=1))
    assert again.page_url == payment.page_url
    cards.pay(again.page_url, number=NO_FUNDS)
    assert refresh(payment, now).last_decline == "Your card has insufficient funds."
    cards.pay(again.page_url)
    payment = refresh(payment, now + timedelta(minutes=2))
    assert (payment.status, payment.last_decline) == ("succeeded", "")


def test_a_page_past_its_time_is_closed_and_another_opened(cards, order, now):
    first = start(order, now)
    second = start(order, now + timedelta(hours=2))
    assert second.id != first.id
    assert second.page_url not in {"", first.page_url}
    states = {each["id"]: each["status"] for each in cards.state()["sessions"]}
    assert states == {first.session_id: "expired", second.session_id: "open"}
    assert topics(order).count("payment_expired") == 1


def test_a_page_that_expired_by_itself_makes_room(cards, order, now):
    payment = start(order, now)
    cards.turn(clock={"offset_seconds": 3 * 3600})
    assert refresh(payment, now).status == "expired"
    order.refresh_from_db()
    assert order.status == "open"
    cards.turn(clock={"offset_seconds": 0})
    assert start(order, now).id != payment.id


def test_the_price_of_a_new_page_is_that_of_its_day(cards, order, now):
    order.candidate.billing_country = "JP"
    order.candidate.save()
    payment = start(order, now)
    order.refresh_from_db()
    assert (payment.amount_cents, order.total_cents) == (33000, 33000)
    assert cards.state()["sessions"][0]["amount_total"] == 33000


def test_a_payment_for_a_cancelled_order_goes_back(cards, order, now):
    payment = start(order, now)
    services.cancel_order(order_id=order.id, now=now)
    cards.pay(payment.page_url)
    payment = refresh(payment, now + timedelta(minutes=1))
    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (payment.status, order.status) == ("surplus", "cancelled")
    assert (refund.payment, refund.amount_cents, refund.status) == (payment, 36300, "requested")
    assert topics(order)[-2:] == ["payment_surplus", "refund_requested"]
    assert "order_paid" not in topics(order)


def test_a_cancelled_order_is_not_paid(order, now):
    services.cancel_order(order_id=order.id, now=now)
    with pytest.raises(Refused) as refusal:
        start(order, now)
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    assert not Payment.objects.exists()


def test_closing_the_page_of_a_cancelled_order(cards, order, now):
    payment = start(order, now)
    services.cancel_order(order_id=order.id, now=now)
    assert refresh(payment, now).status == "expired"
    assert cards.state()["sessions"][0]["status"] == "expired"


def test_another_amount_than_asked_for_goes_back(order, now):
    payment = start(order, now)
    answer = session(charged_at=now, amount_cents=100)
    payment = services.record_checkout(payment_id=payment.id, session=answer, now=now)
    order.refresh_from_db()
    assert (payment.status, payment.amount_cents, order.status) == ("surplus", 100, "open")
    assert Refund.objects.get().amount_cents == 100


def test_a_page_the_card_service_forgot_makes_room(cards, order, now):
    payment = start(order, now)
    cards.turn(reset="all")
    assert refresh(payment, now).status == "expired"
    assert start(order, now).page_url


def test_nothing_is_decided_while_the_card_service_is_down(cards, order, now):
    payment = start(order, now)
    cards.turn(calls=[{"path": f"/v1/checkout/sessions/{payment.session_id}", "mode": "error", "times": 3}])
    with pytest.raises(services.CardServiceUnavailable):
        refresh(payment, now)
    payment.refresh_from_db()
    assert payment.status == "open"


@pytest.mark.parametrize(
    ("_case", "charged_after", "expected_after"),
    [
        ("between start and now", timedelta(seconds=30), timedelta(seconds=30)),
        ("their clock is behind", timedelta(seconds=-2), timedelta()),
        ("their clock is ahead", timedelta(hours=1), timedelta(minutes=5)),
    ],
)
def test_the_moment_of_payment_lies_between_start_and_now(order, now, _case, charged_after, expected_after):
    payment = start(order, now)
    answer = session(charged_at=now + charged_after)
    later = now + timedelta(minutes=5)
    payment = services.record_checkout(payment_id=payment.id, session=answer, now=later)
    assert payment.paid_at == now + expected_after


def test_a_payment_belongs_to_one_order(ask, now):
    first, second = ask(), ask(reference="cycle:2")
    assert start(first, now).page_url != start(second, now).page_url
    assert Order.objects.filter(payments__status="open").count() == 2
