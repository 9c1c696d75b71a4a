"""A story's messages in every order, repeated or lost, end in the same state; disputes and failed refunds are cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction

from candidates.models import Case, Notice
from ceportal.kernel.models import Event
from payments import privacy, services, sweeps
from payments.models import Dispute, Order, Payment, Refund, StripeEvent
from payments.verification import verify
from tests.payments.conftest import RETURN, topics

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=11)
PENDING_REFUND = "4000 0000 0000 7726"


@pytest.fixture
def payment(cards, payments_gateway, order, now) -> Payment:
    """A payment whose card page is open, at a sandbox whose webhook brings nothing by itself."""
    cards.turn(webhooks={"paused": True})
    return services.start_payment(order_id=order.id, now=now, **RETURN)


def charge_of(cards: Any) -> str:
    return str(next(each["id"] for each in cards.state()["charges"] if each["paid"]))


def keep_all(now: datetime) -> dict[str, int]:
    """Every message that the webhook would have brought so far, kept as it came; their keys by what they say."""
    services.collect_events(now=now)
    return dict(StripeEvent.objects.values_list("kind", "id"))


def outcome() -> Any:
    """How everything stands, without the moments at which it was heard of."""
    return (
        list(Order.objects.values_list("status", "paid_at")),
        list(Payment.objects.values_list("status", "paid_at", "intent_id", "card_last4", "amount_cents")),
        list(Refund.objects.values_list("status", "stripe_id", "amount_cents")),
        list(Dispute.objects.values_list("status", "stripe_id")),
        sorted(Case.objects.values_list("kind", flat=True)),
        sorted(Notice.objects.values_list("kind", flat=True)),
        sorted(
            Event.objects.filter(topic__startswith="payments.")
            .exclude(topic="payments.payment_declined")  # a decline may be overtaken by the payment that followed it
            .values_list("topic", flat=True)
        ),
    )


def tell(keys: Iterable[int], now: datetime) -> Any:
    """What comes of these messages in this order, and of the next sweep; then it is as if they had not come."""
    with transaction.atomic():
        for key in keys:
            services.process_event(event_id=key, now=now + timedelta(minutes=1))
        sweeps.follow_up(now=now + LATER)
        stands = outcome()
        transaction.set_rollback(True)
    return stands


def every_way(keys: list[int]) -> list[tuple[int, ...]]:
    """Each choice of messages in each order: none lost, some lost, all lost."""
    return [some for count in range(len(keys) + 1) for some in permutations(keys, count)]


def test_a_payment_ends_the_same_however_it_is_told(cards, payment, now):
    cards.pay(payment.page_url, number="4000 0000 0000 0002")
    cards.pay(payment.page_url)
    told = list(keep_all(now).values())
    assert len(told) == 3  # declined, the intent paid, the page complete
    straight = tell(told, now)
    assert straight[0][0][0] == "paid"
    for some in every_way(told):
        assert tell(some, now) == straight, some
    assert tell([*told, *told], now + timedelta(days=1))[1] == straight[1]  # a day late, and again


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_refund_and_a_dispute_end_the_same_however_they_are_told(cards, payment, now, status):
    cards.pay(payment.page_url, number=PENDING_REFUND)
    services.refresh_payment(payment_id=payment.id, now=now)
    before = set(keep_all(now).values())
    refund = services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    with transaction.atomic():  # made, but the answer is lost
        made = services.follow_refund(refund_id=refund.id, now=now)
        transaction.set_rollback(True)
    cards.turn(refund={"id": made.stripe_id, "status": status})
    told = [key for key in keep_all(now).values() if key not in before]
    straight = tell(told, now)
    assert straight[2] == [(status, made.stripe_id, 36300)]
    assert straight[4] == (["failed_refund"] if status == "failed" else [])
    for some in every_way(told):
        assert tell(some, now) == straight, some


def test_a_dispute_is_put_before_staff_and_its_outcome_kept(cards, payment, now):
    cards.pay(payment.page_url)
    cards.turn(dispute={"charge": charge_of(cards), "reason": "fraudulent"})
    opened = keep_all(now)
    # It is the first that the portal hears of this payment.
    assert services.process_event(event_id=opened["charge.dispute.created"], now=now).outcome.endswith(": open")
    dispute = Dispute.objects.get()
    payment.refresh_from_db()
    assert (payment.status, dispute.payment, dispute.amount_cents, dispute.reason) == (
        "succeeded", payment, 36300, "fraudulent",
    )  # fmt: skip
    case = Case.objects.get()
    assert (case.kind, case.clause, case.candidate) == ("disputed_payment", "PAY-04", payment.order.candidate)
    assert case.subject == f"payments.dispute:{dispute.pk}"
    assert case.facts["order"] == payment.order.number
    assert case.facts["answer_by"].startswith((now + timedelta(days=7)).date().isoformat()[:8])
    assert f"payments.payment:{payment.pk}" in case.facts["records"]
    # The bank keeps the money from the first day, and keeps it for good where the dispute is lost.
    taken = [("disputes", "card", 36300, None)]
    assert posted(dispute) == taken

    cards.turn(dispute={"id": dispute.stripe_id, "status": "lost"})
    both = keep_all(now)
    later = now + timedelta(days=9)
    ends = [both["charge.dispute.created"], both["charge.dispute.closed"]]
    for keys in (ends, ends[::-1], ends[1:]):
        assert tell(keys, later)[3] == [("lost", dispute.stripe_id)]
    services.process_event(event_id=both["charge.dispute.closed"], now=later)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.closed_at) == ("lost", later)
    assert posted(dispute) == taken
    services.follow_dispute(stripe_id=dispute.stripe_id, now=later + LATER)
    assert topics(payment.order)[-2:] == ["dispute_opened", "dispute_closed"]
    assert Case.objects.count() == 1
    assert (posted(dispute), verify(every=True).differences) == (taken, ())


def test_what_a_bank_gives_back_after_a_dispute_is_posted_once(cards, payment, now):
    cards.pay(payment.page_url)
    cards.turn(dispute={"charge": charge_of(cards)})
    first = keep_all(now)["charge.dispute.funds_withdrawn"]
    services.process_event(event_id=first, now=now)
    dispute = Dispute.objects.get()
    assert (dispute.taken_cents, len(posted(dispute))) == (36300, 1)
    cards.turn(dispute={"id": dispute.stripe_id, "status": "won"})
    for _twice in range(2):
        services.follow_dispute(stripe_id=dispute.stripe_id, now=now + LATER)
        dispute.refresh_from_db()
        assert (dispute.status, dispute.taken_cents) == ("won", 0)
        assert posted(dispute) == [("disputes", "card", 36300, None), ("card", "disputes", 36300, "dispute")]
    assert verify(every=True).differences == ()


def posted(dispute: Dispute) -> list[tuple[str, str, int, str | None]]:
    rows = dispute.transfers.order_by("id")
    return list(rows.values_list("debit", "credit", "amount_cents", "reverses__cause"))


def test_a_dispute_of_somebody_elses_payment_is_noted_and_no_more(cards, payments_gateway, stripe_client, now):
    stripe_client.v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}},
    )  # fmt: skip
    cards.turn(webhooks={"paused": True}, dispute={"charge": charge_of(cards)})
    event = services.process_event(event_id=keep_all(now)["charge.dispute.created"], now=now)
    assert event.outcome == "a dispute of nothing that the portal knows"
    assert not Dispute.objects.exists() and not Case.objects.exists()


def test_messages_that_never_came_are_asked_for_once(cards, payment, now):
    cards.pay(payment.page_url)
    cards.turn(dispute={"charge": charge_of(cards)})
    assert sweeps.collect_events(now=now) == 4
    assert (Dispute.objects.get().status, Order.objects.get().status) == ("open", "paid")
    assert sweeps.collect_events(now=now + LATER) == 0
    cards.turn(calls=[{"path": "/v1/events", "mode": "error", "times": 3}])
    with pytest.raises(services.CardServiceUnavailable):
        sweeps.collect_events(now=now + LATER)


def test_messages_lost_in_an_outage_of_days_are_found_behind_the_first_that_came(cards, payment, now, settings):
    """The card service works again, and its newest message hides four lost days from who looks back one day."""
    cards.pay(payment.page_url)
    later = now + timedelta(days=4)
    StripeEvent.objects.create(
        stripe_id="evt_newest", kind="refund.updated", body="{}", received_at=later, due_at=later, processed_at=later
    )
    settings.CARD_LOOK_BACK_DAYS = 1
    assert services.collect_events(now=later) == 0
    settings.CARD_LOOK_BACK_DAYS = 7
    assert services.collect_events(now=later) > 0


def test_a_dispute_that_is_never_told_of_opens_a_case_and_is_asked_for_no_longer(cards, payment, now):
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    cards.turn(webhooks={"paused": True}, dispute={"charge": charge_of(cards)})
    key = keep_all(now)["charge.dispute.created"]
    event = StripeEvent.objects.get(id=key)
    cards.turn(calls=[{"path": f"/v1/disputes/{event.object_id}", "mode": "refuse", "times": 9}])
    last = event.received_at + timedelta(days=3)
    with pytest.raises(services.CardServiceUnavailable):
        services.process_event(event_id=key, now=last - timedelta(seconds=1))
    assert not Case.objects.exists()
    for _again in range(2):
        assert services.process_event(event_id=key, now=last).processed_at == last
    case = Case.objects.get()
    assert (case.kind, case.clause, case.candidate_id) == ("disputed_payment", "PAY-04", payment.order.candidate_id)
    assert case.facts["card_service"]["dispute"] == event.object_id
    assert not Dispute.objects.exists()


def test_an_erasure_leaves_no_message_that_names_the_cardholder(cards, payment, now):
    """CAND-09: those about a charge, a refund and a dispute name the holder as those about the payment do."""
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    sweeps.follow_up(now=now + LATER)
    cards.turn(dispute={"charge": charge_of(cards)})
    sweeps.collect_events(now=now + LATER)
    StripeEvent.objects.create(
        stripe_id="evt_other", kind="refund.updated", object_id="re_other", body="{}", received_at=now, due_at=now,
        processed_at=now, outcome=f"payment {payment.id}9: succeeded",
    )  # fmt: skip
    kinds = set(StripeEvent.objects.exclude(body="").values_list("kind", flat=True))
    assert {"charge.dispute.created", "payment_intent.succeeded", "refund.created"} <= kinds
    list(privacy.erase(payment.order.candidate, now + LATER))
    assert [each.stripe_id for each in StripeEvent.objects.exclude(body="")] == ["evt_other"]
    assert all(StripeEvent.objects.values_list("outcome", flat=True))


def given_back(cards: Any, payment: Payment, now: datetime, **card: str) -> Refund:
    cards.pay(payment.page_url, **card)
    services.refresh_payment(payment_id=payment.id, now=now)
    refund = services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    assert refund is not None
    return services.follow_refund(refund_id=refund.id, now=now)


def lose_at_once(cards: Any, payment: Payment, now: datetime) -> Refund:
    cards.turn(calls=[{"path": "/v1/refunds", "mode": "refuse"}])
    return given_back(cards, payment, now)


def lose_while_pending(cards: Any, payment: Payment, now: datetime) -> Refund:
    refund = given_back(cards, payment, now, number=PENDING_REFUND)
    cards.turn(refund={"id": refund.stripe_id, "status": "failed"})
    sweeps.follow_up(now=now + LATER)
    return refund


def lose_after_success(cards: Any, payment: Payment, now: datetime) -> Refund:
    refund = given_back(cards, payment, now)
    cards.turn(refund={"id": refund.stripe_id, "status": "failed"})
    sweeps.collect_events(now=now)
    return refund


def lose_to_a_dispute(cards: Any, payment: Payment, now: datetime) -> Refund:
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    cards.turn(dispute={"charge": charge_of(cards)})
    refund = services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    assert refund is not None
    return services.follow_refund(refund_id=refund.id, now=now)


@pytest.mark.parametrize("lose", [lose_at_once, lose_while_pending, lose_after_success, lose_to_a_dispute])
def test_a_refund_that_fails_is_a_case_and_can_be_asked_for_again(cards, payment, now, lose: Callable[..., Refund]):
    refund = lose(cards, payment, now)
    refund.refresh_from_db()
    assert refund.status == "failed"
    case = Case.objects.get(kind="failed_refund")
    assert (case.subject, case.facts["amount_cents"]) == (f"payments.refund:{refund.pk}", 36300)
    assert case.facts["order"] == payment.order.number

    again = services.repeat_refund(refund_id=refund.pk, now=now)
    assert again.pk != refund.pk
    assert services.repeat_refund(refund_id=refund.pk, now=now) == again
    if lose is not lose_to_a_dispute:
        cards.turn(reset="switches")
        services.follow_refund(refund_id=again.pk, now=now)
        made = [each for each in cards.state()["refunds"] if each["status"] != "failed"]
        assert [each["amount"] for each in made] == [36300]


def test_a_surplus_whose_refund_fails_is_asked_for_again(cards, payment, now):
    """The card page is left, the order let go, and the payment comes all the same (LAB-09)."""
    services.cancel_order(order_id=payment.order_id, now=now)
    cards.pay(payment.page_url)
    assert services.refresh_payment(payment_id=payment.id, now=now).status == "surplus"
    refund = Refund.objects.get()
    assert services.repeat_refund(refund_id=refund.pk, now=now) == refund  # it did not fail
    cards.turn(calls=[{"path": "/v1/refunds", "mode": "refuse"}])
    services.follow_refund(refund_id=refund.pk, now=now)
    again = services.repeat_refund(refund_id=refund.pk, now=now)
    assert services.repeat_refund(refund_id=refund.pk, now=now) == again
    assert services.follow_refund(refund_id=again.pk, now=now).status == "succeeded"
    told = Notice.objects.get(kind="refund_made").body
    assert "nothing was owed any more" in told
    assert "3 to 5 business days" in told
