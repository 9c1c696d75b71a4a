"""Disputes: what a bank was asked to take back, put before staff while there is time to answer (PAY-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from candidates.models import Case
from candidates.services import open_case
from ceportal.kernel import clock
from ceportal.kernel.outbox import emit
from payments import gateway
from payments.models import Dispute, Payment
from payments.services import transfers
from payments.services.paying import TAKEN, CardServiceUnavailable, lock_payment, refresh_payment

log = structlog.get_logger(__name__)


class DisputeNotTold(CardServiceUnavailable):
    """The card service refuses to say how a dispute stands, as long as it does."""


# How a dispute ends, in the card service's words; everything else is under way.
ENDS = {
    "won": Dispute.Status.WON,
    "lost": Dispute.Status.LOST,
    "warning_closed": Dispute.Status.WITHDRAWN,
    "prevented": Dispute.Status.WITHDRAWN,
}


def follow_dispute(*, stripe_id: str, now: datetime) -> Dispute | None:
    """Ask the card service how a dispute stands and record the answer; None where its payment is none of ours.

    The payment is found out about first where that is not known yet. CardServiceUnavailable: not now; DisputeNotTold
    where the card service refuses to say.
    """
    try:
        answer = gateway.fetch_dispute(stripe_id)
    except gateway.GatewayUnavailable as error:
        raise CardServiceUnavailable(str(error)) from error
    except gateway.GatewayRefused as refusal:
        raise DisputeNotTold(refusal.message) from refusal
    payment = _disputed_payment(answer)
    if payment is None:
        return None
    if payment.status not in TAKEN:
        refresh_payment(payment_id=payment.pk, now=now)
    return record_dispute(payment_id=payment.pk, answer=answer, now=now)


@transaction.atomic
def record_dispute(*, payment_id: int, answer: gateway.GatewayDispute, now: datetime) -> Dispute:
    """Write down how a dispute stands and open its case, once; what was decided stays decided.

    What the bank took, and gave back, is posted. Nothing else changes by itself: what follows from a lost one is for
    people. Emits payments.dispute_opened and payments.dispute_closed.
    """
    payment = lock_payment(payment_id)
    dispute, opened = Dispute.objects.get_or_create(
        stripe_id=answer.id,
        defaults={
            "payment": payment,
            "stage": answer.status,
            "reason": answer.reason,
            "amount_cents": answer.amount_cents,
            "opened_at": min(clock.from_outside(answer.created), now),
            "respond_by": clock.from_outside(answer.respond_by) if answer.respond_by else None,
        },
    )
    if opened:
        _emit("payments.dispute_opened", dispute, payment, now, reason=dispute.reason)
        _open_case(dispute, payment, now)
    if dispute.status == Dispute.Status.OPEN:
        dispute.stage = answer.status
        dispute.status = ENDS.get(answer.status, Dispute.Status.OPEN)
        if dispute.status != Dispute.Status.OPEN:
            dispute.closed_at = now
            _emit("payments.dispute_closed", dispute, payment, now, outcome=dispute.status)
        dispute.save(update_fields=["status", "stage", "closed_at"])
    if dispute.taken_cents != answer.taken_cents:
        dispute.payment, dispute.taken_cents = payment, answer.taken_cents
        dispute.save(update_fields=["taken_cents"])
        moved_at = min(clock.from_outside(answer.moved), now) if answer.moved else now
        transfers.post_dispute(dispute, taken_cents=answer.taken_cents, moved_at=moved_at, now=now)
    return dispute


def hand_over_dispute(*, stripe_id: str, intent_id: str, said: str, now: datetime) -> str:
    """Put a dispute of which the card service tells nothing before people, once; what is noted of its message."""
    payment = Payment.objects.select_related("order").filter(intent_id=intent_id).first() if intent_id else None
    facts: dict[str, Any] = {
        "what": "The card service refuses to say how this dispute stands. Look at it on the card service's own pages.",
        "card_service": {"dispute": stripe_id, "payment": intent_id, "said": said},
        "order": payment.order.number if payment else "",
        "records": [f"payments.payment:{payment.pk}"] if payment else [],
    }
    case = open_case(
        key=f"dispute_not_told:{stripe_id}",
        kind=Case.Kind.DISPUTED_PAYMENT,
        clause="PAY-04",
        candidate_id=payment.order.candidate_id if payment else None,
        subject=f"payments.payment:{payment.pk}" if payment else f"card_service.dispute:{stripe_id}",
        facts=facts,
        now=now,
    )
    log.error("dispute_not_told", dispute=stripe_id, case=case.pk)
    return f"a dispute that the card service does not tell of: case {case.pk}"


def _disputed_payment(answer: gateway.GatewayDispute) -> Payment | None:
    """Found by the card service's key, or by our own where that is not known yet."""
    if answer.payment_intent_id and (found := Payment.objects.filter(intent_id=answer.payment_intent_id).first()):
        return found
    key = answer.known_by.get("payment", "")
    number = answer.known_by.get("order_number", "")
    return Payment.objects.filter(id=int(key), order__number=number).first() if key.isdecimal() else None


def _open_case(dispute: Dispute, payment: Payment, now: datetime) -> None:
    order = payment.order
    log.error("payment_disputed", dispute=dispute.pk, order=order.number, reason=dispute.reason)
    facts: dict[str, Any] = {
        "order": order.number,
        "for": [line.description for line in order.lines.all()],
        "amount_cents": dispute.amount_cents,
        "currency": order.currency,
        "reason_of_the_bank": dispute.reason,
        "answer_by": dispute.respond_by.isoformat() if dispute.respond_by else "",
        "paid_at": payment.paid_at.isoformat() if payment.paid_at else "",
        "card": f"{payment.card_brand} {payment.card_last4}".strip(),
        "given_back": [f"{each.amount_cents} cents, {each.status}" for each in payment.refunds.order_by("id")],
        "card_service": {"dispute": dispute.stripe_id, "payment": payment.intent_id},
        "records": [f"payments.payment:{payment.pk}", f"payments.order:{order.pk}"],
    }
    open_case(
        key=f"disputed_payment:{dispute.stripe_id}",
        kind=Case.Kind.DISPUTED_PAYMENT,
        clause="PAY-04",
        candidate_id=order.candidate_id,
        subject=f"payments.dispute:{dispute.pk}",
        facts=facts,
        now=now,
    )


def _emit(topic: str, dispute: Dispute, payment: Payment, now: datetime, **payload: object) -> None:
    emit(
        topic,
        dispute,
        now=now,
        candidate_id=payment.order.candidate_id,
        order=payment.order.number,
        amount_cents=dispute.amount_cents,
        **payload,
    )
