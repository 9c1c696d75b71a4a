"""Giving money back: asked for in the transaction that makes it due, carried out by the relay, followed up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from candidates.models import Case
from candidates.services import compose_notice, open_case
from ceportal.kernel.decisions import require
from ceportal.kernel.models import Event
from ceportal.kernel.outbox import emit
from payments import gateway, queries, rules
from payments.models import CreditNote, Order, OrderLine, Payment, Refund
from payments.services import transfers
from payments.services.invoices import issue_credit_note
from payments.services.pricing import lock_order

log = structlog.get_logger(__name__)

FIRST_CHECK = timedelta(minutes=10)
KEY_HOLDS = timedelta(hours=20)  # the card service keeps a key for a day from its first call, which may have come later
SUCCEEDED, PENDING = "succeeded", frozenset({"pending", "requires_action"})
PAID_ORDERS = frozenset({Order.Status.PAID, Order.Status.REFUNDED})
REFUNDED_ALREADY = "charge_already_refunded"


@transaction.atomic
def request_refund(*, order_id: int, kinds: Collection[str] | None = None, reason: str, now: datetime) -> Refund | None:
    """Give back what a card paid for an order: all of it, or only the lines of some kinds; never a line twice.

    Asking again gives the same refund, or another where the last one failed. What an invoice names is taken back by a
    credit note at once (PAY-03). None where a card paid nothing of these lines, as a voucher did. Refused where no
    money was taken for the order (PAY-04). Emits payments.refund_requested; the relay carries it out.
    """
    order = lock_order(order_id)
    if kinds is not None and order.status in PAID_ORDERS and order.total_cents == 0:
        return None
    chosen = order.lines.select_related("refund").filter(**({} if kinds is None else {"kind__in": kinds}))
    lines = [line for line in chosen if line.total_cents and not _is_given_back(line)]
    if not lines and (given := next((line.refund for line in chosen if line.refund), None)):
        return given
    payment = order.payments.filter(status=Payment.Status.SUCCEEDED).first()
    require(rules.assess_refund(paid_by_card=payment is not None))
    if not lines:
        return None
    assert payment is not None  # assessed: PAY-04
    payment.order = order
    return _give_lines_back(payment, lines, reason=reason, now=now)


@transaction.atomic
def repeat_refund(*, refund_id: int, now: datetime) -> Refund:
    """Ask once more for money whose refund failed; the lines it was about are given back by the new one (PAY-04).

    What was asked for anew already is not again; where that is all of it, the latest is the answer. What was invoiced
    meanwhile is taken back by a credit note (PAY-03). A refund that did not fail is left alone. Emits
    payments.refund_requested.
    """
    order = lock_order(Refund.objects.values_list("payment__order_id", flat=True).get(id=refund_id))
    refund = Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("payment").get(id=refund_id)
    refund.payment.order = order
    if refund.status != Refund.Status.FAILED:
        return refund
    lines = list(order.lines.filter(refund=refund))
    if lines:
        return _give_lines_back(refund.payment, lines, reason=refund.reason, now=now)
    later = refund.payment.refunds.filter(id__gt=refund.pk).order_by("-id").first()
    if later is not None:
        return repeat_refund(refund_id=later.pk, now=now)
    # It is about no lines where nothing was owed when it was paid.
    return give_back(refund.payment, amount_cents=refund.amount_cents, reason=refund.reason, now=now)


def _give_lines_back(payment: Payment, lines: Collection[OrderLine], *, reason: str, now: datetime) -> Refund:
    """Ask for what a card paid of some lines, take back their sale, and what was invoiced by a credit note (PAY-03)."""
    refund = give_back(payment, amount_cents=sum(line.total_cents for line in lines), reason=reason, now=now)
    OrderLine.objects.filter(id__in=[line.id for line in lines]).update(refund=refund)
    transfers.post_lines_given_back(refund, lines, now=now)
    invoiced = [line for line in lines if line.invoice_id and not line.credit_note_id]
    if invoiced:
        issue_credit_note(refund, invoiced, now=now)
    return refund


def _is_given_back(line: OrderLine) -> bool:
    return line.refund is not None and line.refund.status != Refund.Status.FAILED


def give_back(payment: Payment, *, amount_cents: int, reason: str, now: datetime) -> Refund:
    """Ask for money of a payment to be given back; the caller holds the locks and has decided."""
    refund = Refund.objects.create(
        payment=payment,
        amount_cents=amount_cents,
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

    GatewayUnavailable where it cannot be reached: the same call is then made again later, and works once. After a day
    the card service has forgotten the call's key, so what it made then is looked for before it is asked again (PAY-04).
    """
    refund = Refund.objects.select_related("payment__order").get(id=refund_id)
    if refund.status == Refund.Status.FAILED:
        return refund
    try:
        if refund.stripe_id:
            answer = gateway.fetch_refund(refund.stripe_id)
        else:
            answer = _made_before(refund, now=now) or _make(refund)
    except gateway.GatewayRefused as refusal:
        log.exception("refund_refused", refund=refund.id, code=refusal.code)
        if refund.stripe_id:
            return refund
        # Given back by hand in the card service's own pages, the money is back all the same.
        done = SUCCEEDED if refusal.code == REFUNDED_ALREADY else "failed"
        answer = gateway.GatewayRefund(refund.payment.intent_id, done, refund.amount_cents)
    return record_refund(refund_id=refund.id, answer=answer, now=now)


def _make(refund: Refund) -> gateway.GatewayRefund:
    return gateway.create_refund(
        refund_key=f"{refund.id}-{refund.requested_at:%Y%m%d%H%M%S%f}",
        payment_intent_id=refund.payment.intent_id,
        amount_cents=refund.amount_cents,
        metadata=_known_by(refund),
    )


def _made_before(refund: Refund, *, now: datetime) -> gateway.GatewayRefund | None:
    """What an earlier call made whose answer was lost, where its key may be forgotten by now."""
    if now - refund.requested_at < KEY_HOLDS:
        return None
    made = gateway.list_refunds(payment_intent_id=refund.payment.intent_id)
    return next((each for each in made if each.known_by == _known_by(refund)), None)


def _known_by(refund: Refund) -> dict[str, str]:
    """Our own names for it, which the card service keeps on the refund."""
    return {"refund": str(refund.id), "order_number": refund.payment.order.number}


@transaction.atomic
def record_refund(*, refund_id: int, answer: gateway.GatewayRefund, now: datetime) -> Refund:
    """Write down what the card service says of a refund; what is known already changes nothing.

    Done: the candidate is told, and the order is refunded once all of it is back. Failed: a case is opened, even where
    the bank sends back what was made already. Emits payments.refunded or payments.refund_failed.
    """
    order = lock_order(Refund.objects.values_list("payment__order_id", flat=True).get(id=refund_id))
    refund = Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("payment").get(id=refund_id)
    refund.payment.order = order
    refund.stripe_id = refund.stripe_id or answer.id
    failed = answer.status not in {SUCCEEDED, *PENDING}
    if failed and refund.status != Refund.Status.FAILED:
        refund.status, refund.done_at = Refund.Status.FAILED, now
        transfers.post_refund_returned(refund, now=now)
        log.error("refund_failed", refund=refund.id, order=order.number)
        _emit("payments.refund_failed", refund, now, status=answer.status)
        _open_case(refund, now)
    completed = answer.status == SUCCEEDED and refund.status == Refund.Status.REQUESTED
    if completed:
        refund.status, refund.done_at = Refund.Status.SUCCEEDED, now
        transfers.post_refund(refund, now=now)
    refund.save(update_fields=["status", "stripe_id", "done_at"])
    if completed:
        _tell(refund, now)
    return refund


def _open_case(refund: Refund, now: datetime) -> None:
    payment = refund.payment
    order = payment.order
    open_case(
        key=f"failed_refund:{refund.pk}",
        kind=Case.Kind.FAILED_REFUND,
        clause="PAY-04",
        candidate_id=order.candidate_id,
        subject=f"payments.refund:{refund.pk}",
        facts={
            "order": order.number,
            "amount_cents": refund.amount_cents,
            "currency": order.currency,
            "reason": refund.reason,
            "asked_for_at": refund.requested_at.isoformat(),
            "paid_at": payment.paid_at.isoformat() if payment.paid_at else "",
            "card": f"{payment.card_brand} {payment.card_last4}".strip(),
            "card_service": {"refund": refund.stripe_id, "payment": payment.intent_id},
            "records": [f"payments.payment:{payment.pk}", f"payments.order:{order.pk}"],
        },
        now=now,
    )


def _tell(refund: Refund, now: datetime) -> None:
    order = refund.payment.order
    if refund.payment.status == Payment.Status.SUCCEEDED and not _owes_or_keeps(order):
        order.status = Order.Status.REFUNDED
        order.save(update_fields=["status"])
    _emit("payments.refunded", refund, now, purpose=order.purpose, reference=order.reference)
    compose_notice(
        candidate=order.candidate,
        kind="refund_made",
        key=f"refund_made:{refund.id}",
        context={
            "refund": refund,
            "order": order,
            "credit_note": _credit_note_of(refund),
            "surplus": refund.payment.status == Payment.Status.SURPLUS,
            "arrival": queries.refund_arrival(now),
        },
        now=now,
    )


def _credit_note_of(refund: Refund) -> CreditNote | None:
    """The paper about what a refund gives back, though another that failed may have brought it about."""
    return CreditNote.objects.select_related("invoice").filter(lines__refund=refund).first()


def _owes_or_keeps(order: Order) -> bool:
    """Whether anything that a card paid is not back yet; given back in part, an order stays paid."""
    lines = order.lines.select_related("refund")
    return any(
        line.total_cents and (line.refund is None or line.refund.status != Refund.Status.SUCCEEDED) for line in lines
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
