"""Messages of the card service: kept as they came, then followed up by asking again.

What a message says is never believed for itself; it only says what to ask about, so that order, repetition and
loss of messages do no harm (PAY-04).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from ceportal.kernel import clock
from payments import gateway
from payments.models import Payment, Refund, StripeEvent
from payments.services.disputes import DisputeNotTold, follow_dispute, hand_over_dispute
from payments.services.paying import CardServiceUnavailable, refresh_payment
from payments.services.refunds import follow_refund

TAKE_UP_AFTER = timedelta(minutes=2)  # by then its task should have run
ASKED_FOR = timedelta(days=3)  # a refusal of the card service may be a fault of its, or of our key, for so long


@transaction.atomic
def store_event(*, body: bytes, signature: str, now: datetime) -> StripeEvent:
    """Keep a message with a valid signature, once; a repetition gives the first. gateway.InvalidSignature."""
    event = gateway.parse_event(body=body, signature=signature)
    stored, _created = StripeEvent.objects.get_or_create(
        stripe_id=event.id,
        defaults={
            "kind": event.type,
            "object_id": event.object_id,
            "body": body.decode(),
            "received_at": now,
            "due_at": now + TAKE_UP_AFTER,
        },
    )
    return stored


def collect_events(*, now: datetime) -> int:
    """Ask the card service what happened lately and keep the messages that never came; how many there were.

    What was late or lost is then followed up as if it had come (PAY-04). CardServiceUnavailable: not now.
    """
    # Beyond the last message that came: those before it may have been lost, too, for as long as an outage takes.
    look_back = timedelta(days=settings.CARD_LOOK_BACK_DAYS)
    latest = StripeEvent.objects.aggregate(at=Max("received_at"))["at"] or now
    try:
        events = gateway.list_events(since=latest - look_back - clock.shift())
    except (gateway.GatewayUnavailable, gateway.GatewayRefused) as error:
        raise CardServiceUnavailable(str(error)) from error
    known = set(
        StripeEvent.objects.filter(stripe_id__in=[each.id for each in events]).values_list("stripe_id", flat=True)
    )
    missing = [
        StripeEvent(
            stripe_id=each.id,
            kind=each.type,
            object_id=each.object_id,
            body=json.dumps(each.payload),
            received_at=now,
            due_at=now,
        )
        for each in events
        if each.id not in known
    ]
    # One that comes by itself in this very moment is there already.
    StripeEvent.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def process_event(*, event_id: int, now: datetime) -> StripeEvent:
    """Follow up what a message is about, and note the outcome; one that was processed is left alone.

    What the portal does not know is noted and no error. A dispute that the card service refuses to tell of for three
    days opens a case and is asked for no longer. CardServiceUnavailable: try again later.
    """
    event = StripeEvent.objects.get(id=event_id)
    if event.processed_at is not None:
        return event
    subject = json.loads(event.body)["data"]["object"]
    try:
        event.outcome = _follow(subject, now)[:200]
    except DisputeNotTold as refusal:
        if now < event.received_at + ASKED_FOR:
            raise
        event.outcome = hand_over_dispute(
            stripe_id=subject["id"], intent_id=subject.get("payment_intent") or "", said=str(refusal), now=now
        )
    event.processed_at = now
    StripeEvent.objects.filter(id=event_id, processed_at=None).update(processed_at=now, outcome=event.outcome)
    return event


def _follow(subject: dict[str, Any], now: datetime) -> str:
    if subject["object"] == "dispute":
        dispute = follow_dispute(stripe_id=subject["id"], now=now)
        return f"dispute {dispute.pk}: {dispute.status}" if dispute else "a dispute of nothing that the portal knows"
    if subject["object"] == "refund":
        refund = _find_refund(subject)
        if refund is None:
            return "a refund that the portal did not ask for"
        try:
            refund = follow_refund(refund_id=refund.id, now=now)
        except gateway.GatewayUnavailable as error:
            raise CardServiceUnavailable(str(error)) from error
        return f"refund {refund.id}: {refund.status}"
    payment = _find_payment(subject)
    if payment is None:
        return "nothing that the portal knows"
    payment = refresh_payment(payment_id=payment.id, now=now)
    return f"payment {payment.id}: {payment.status}"


def _find_payment(subject: dict[str, Any]) -> Payment | None:
    if subject["object"] == "checkout.session":
        return Payment.objects.filter(session_id=subject["id"]).first()
    intent_id = subject["id"] if subject["object"] == "payment_intent" else subject.get("payment_intent")
    if intent_id and (payment := Payment.objects.filter(intent_id=intent_id).first()):
        return payment
    # An intent is made at the first attempt to pay, so this may be the first the portal hears of it.
    key, number = _names(subject, "payment")
    return Payment.objects.filter(id=key, order__number=number).first() if key else None


def _find_refund(subject: dict[str, Any]) -> Refund | None:
    if refund := Refund.objects.filter(stripe_id=subject["id"]).first():
        return refund
    key, number = _names(subject, "refund")
    return Refund.objects.filter(id=key, payment__order__number=number).first() if key else None


def _names(subject: dict[str, Any], kind: str) -> tuple[int | None, str]:
    """Our own key and order number, as the gateway wrote them on the object."""
    metadata = subject.get("metadata") or {}
    key = metadata.get(kind, "")
    return (int(key) if key.isdecimal() else None), metadata.get("order_number", "")
