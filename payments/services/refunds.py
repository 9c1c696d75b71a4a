"""Giving money back: asked for in the transaction that makes it due, carried out by the relay, followed up."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from candidates.services import compose_notice
from ceportal.kernel.decisions import require
from ceportal.kernel.models import Event
from ceportal.kernel.outbox import emit
from payments import gateway, queries, rules
from payments.models import Order, Payment, Refund
from payments.services.orders import lock_order

log = structlog.get_logger(__name__)

FIRST_CHECK = timedelta(minutes=10)
SUCCEEDED, PENDING = "succeeded", frozenset({"pending", "requires_action"})
REFUNDED_ALREADY = "charge_already_refunded"


@transaction.atomic
def request_refund(*, order_id: int, reason: str, now: datetime) -> Refund:
    """Give back what was paid for an order, all of it; asking again gives the same refund.

    Refused where no money was taken (PAY-04) and where an invoice stands (PAY-03). Emits
    payments.refund_requested; the relay carries it out.
    """
    order = lock_order(order_id)
    refund = (
        Refund.objects.filter(payment__order=order, payment__status=Payment.Status.SUCCEEDED)
        .exclude(status=Refund.Status.FAILED)
        .first()
    )
    if refund is not None:
        return refund
    require(rules.assess_refund(queries.refund_facts(order)))
    payment = order.payments.get(status=Payment.Status.SUCCEEDED)
    payment.order = order
    return give_back(payment, reason=reason, now=now)


def give_back(payment: Payment, *, reason: str, now: datetime) -> Refund:
    """Ask for a payment's money to be given back; the caller holds the locks and has decided."""
    refund = Refund.objects.create(
        payment=payment,
        amount_cents=payment.amount_cents,
        reason=reason,
        requested_at=now,
        next_check_at=now + FIRST_CHECK,
    )
    _emit("payments.refund_requested", refund, now, reason=reason)
    return refund


def execute_refund(event: Event, now: datetime) -> None:
    """Carry out a refund that was asked for: the relay's receiver of payments.refund_requested."""
    follow_refund(refund_id=event.subject_id, now=now)


def follow_refund(*, refund_id: int, now: datetime) -> Refund:
    """Bring a refund to the card service, or ask how the one it has stands, and record the answer.

    GatewayUnavailable where it cannot be reached: the same call is then made again later, and works once.
    """
    refund = Refund.objects.select_related("payment__order").get(id=refund_id)
    if refund.status == Refund.Status.FAILED:
        return refund
    try:
        if refund.stripe_id:
            answer = gateway.fetch_refund(refund.stripe_id)
        else:
            answer = gateway.create_refund(
                refund_key=f"{refund.id}-{refund.requested_at:%Y%m%d%H%M%S%f}",
                payment_intent_id=refund.payment.intent_id,
                amount_cents=refund.amount_cents,
                metadata={"refund": str(refund.id), "order_number": refund.payment.order.number},
            )
    except gateway.GatewayRefused as refusal:
        log.exception("refund_refused", refund=refund.id, code=refusal.code)
        if refund.stripe_id:
            return refund
        # Given back by hand in the card service's own pages, the money is back all the same.
        done = SUCCEEDED if refusal.code == REFUNDED_ALREADY else "failed"
        answer = gateway.GatewayRefund(refund.payment.intent_id, done, refund.amount_cents)
    return record_refund(refund_id=refund.id, answer=answer, now=now)


@transaction.atomic
def record_refund(*, refund_id: int, answer: gateway.GatewayRefund, now: datetime) -> Refund:
    """Write down what the card service says of a refund; what is known already changes nothing.

    Done: the order is refunded and the candidate is told. Failed: staff must see to it. Emits
    payments.refunded or payments.refund_failed.
    """
    order = lock_order(Refund.objects.values_list("payment__order_id", flat=True).get(id=refund_id))
    refund = Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("payment").get(id=refund_id)
    refund.payment.order = order
    refund.stripe_id = refund.stripe_id or answer.id
    failed = answer.status not in {SUCCEEDED, *PENDING}
    if failed and refund.status != Refund.Status.FAILED:
        refund.status, refund.done_at = Refund.Status.FAILED, now
        log.error("refund_failed", refund=refund.id, order=order.number)
        _emit("payments.refund_failed", refund, now, status=answer.status)
    completed = answer.status == SUCCEEDED and refund.status == Refund.Status.REQUESTED
    if completed:
        refund.status, refund.done_at = Refund.Status.SUCCEEDED, now
    refund.save(update_fields=["status", "stripe_id", "done_at"])
    if completed:
        _tell(refund, now)
    return refund


def _tell(refund: Refund, now: datetime) -> None:
    order = refund.payment.order
    if refund.payment.status == Payment.Status.SUCCEEDED:
        order.status = Order.Status.REFUNDED
        order.save(update_fields=["status"])
    _emit("payments.refunded", refund, now, purpose=order.purpose, reference=order.reference)
    compose_notice(
        candidate=order.candidate,
        kind="refund_made",
        key=f"refund_made:{refund.id}",
        context={"refund": refund, "order": order},
        now=now,
    )


def _emit(topic: str, refund: Refund, now: datetime, **payload: object) -> None:
    emit(
        topic,
        refund,
        now=now,
        candidate_id=refund.payment.order.candidate_id,
        order=refund.payment.order.number,
        amount_cents=refund.amount_cents,
        **payload,
    )
