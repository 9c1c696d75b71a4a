"""Orders: opened, priced, completed, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import EllipsisType

from django.db import connection, transaction

from candidates.models import Candidate
from candidates.services import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.money import CURRENCY
from ceportal.kernel.outbox import emit
from payments import queries, rules
from payments.models import Order, Payment
from payments.services import holding, transfers
from payments.services.details import last_details
from payments.services.pricing import LineRequest, has_open_payment, lock_order, price


@transaction.atomic
def open_order(
    *,
    candidate_id: int,
    purpose: str,
    reference: str,
    lines: Sequence[LineRequest],
    decision: Decision,
    now: datetime,
    voucher_id: int | None = None,
    left_order_id: int | None = None,
    pay_before: datetime | None = None,
    pay_before_clause: str = "",
) -> Order:
    """Ask a candidate for money, with the tax of the place of service (PAY-01); `decision` says why this much.

    Safe to repeat: what is asked for already is found again, at today's price unless its card page is open.
    A voucher is put on it as `holding.put_on` says; that of `left_order_id`, the order of a booking that is left, may
    come along. What costs nothing is complete at once, without a card. Refused where it was paid before (PAY-04), where
    the voucher does not pay for it (VCH-01..03, RSCH-06), and where the given decision does not grant. From
    `pay_before` on nothing is taken any more, as its clause says. Emits payments.order_opened.
    """
    if not lines:
        raise ValueError("An order asks for something: it needs a line.")
    candidate = lock_candidate(candidate_id)
    order = _live_order(candidate, purpose, reference)
    decision = require(decision + rules.assess_opening(paid_on=order.paid_on if order else None))
    opened = order is None
    if order is None:
        order = _create_order(candidate, purpose, reference, now)
    if opened or not has_open_payment(order):
        order.pay_before, order.pay_before_clause = pay_before, pay_before_clause
        order.save(update_fields=["pay_before", "pay_before_clause"])
        if voucher_id is not None:
            _put_on(order, voucher_id, lines, left_order_id=left_order_id, now=now)
        price(order, lines, decision, now=now)
    if opened:
        emit("payments.order_opened", order, now=now, purpose=purpose, reference=reference)
    if order.total_cents == 0:
        complete_order(order, paid_at=now, now=now)
    return order


@transaction.atomic
def price_order(
    *,
    order_id: int,
    lines: Sequence[LineRequest],
    decision: Decision,
    now: datetime,
    voucher_id: int | EllipsisType | None = ...,
) -> Order:
    """Price an open order anew; one whose card page is open keeps its price until that is settled (LAB-04).

    `voucher_id` puts a voucher on it, None takes off the one it has; left out, it stays. Refused unless the order is
    open and its time is not over (PAY-04, LAB-07). What costs nothing any more is complete at once.
    """
    order = lock_order(order_id)
    require(decision + rules.assess_payment(queries.order_facts(order, now=now)))
    if has_open_payment(order):
        return order
    if voucher_id is None:
        holding.let_go(order, now=now)
    elif not isinstance(voucher_id, EllipsisType):
        _put_on(order, voucher_id, lines, now=now)
    price(order, lines, decision, now=now)
    if order.total_cents == 0:
        complete_order(order, paid_at=now, now=now)
    return order


@transaction.atomic
def cancel_order(*, order_id: int, now: datetime) -> Order:
    """Ask no longer for an order's money; a cancelled one stays cancelled. Refused once it is paid (PAY-04).

    Its voucher is free again (LAB-07). A card page that is still open is closed by the next sweep; what is paid on it
    meanwhile is given back. Emits payments.order_cancelled.
    """
    order = lock_order(order_id)
    if order.status == Order.Status.CANCELLED:
        return order
    require(rules.assess_cancelling(queries.order_facts(order, now=now)))
    order.status = Order.Status.CANCELLED
    order.save(update_fields=["status"])
    holding.let_go(order, now=now)
    order.payments.filter(status=Payment.Status.OPEN).update(next_check_at=now)
    emit("payments.order_cancelled", order, now=now, purpose=order.purpose, reference=order.reference)
    return order


def complete_order(order: Order, *, paid_at: datetime, now: datetime) -> None:
    """Mark an order paid, and its voucher redeemed or moved; the caller holds its lock.

    What it brings in is posted. Emits payments.order_paid, upon which its purpose is met.
    """
    order.status = Order.Status.PAID
    order.paid_at = paid_at
    order.save(update_fields=["status", "paid_at"])
    transfers.post_sale(order, holding.settle(order, now=now), now=now)
    emit(
        "payments.order_paid",
        order,
        now=now,
        purpose=order.purpose,
        reference=order.reference,
        paid_on=clock.day_of(paid_at).isoformat(),
    )


def _put_on(
    order: Order, voucher_id: int, lines: Sequence[LineRequest], *, left_order_id: int | None = None, now: datetime
) -> None:
    voucher = holding.lock_voucher(voucher_id, order=order)
    kinds = frozenset(line.kind for line in lines)
    holding.put_on(voucher, order, kinds=kinds, left_order_id=left_order_id, now=now)


def _live_order(candidate: Candidate, purpose: str, reference: str) -> Order | None:
    """What is asked or was paid already for the same thing; ValueError where somebody else is asked for it."""
    live = Order.objects.filter(purpose=purpose, reference=reference, status__in=[Order.Status.OPEN, Order.Status.PAID])
    order = live.select_for_update(no_key=True).first()
    if order is None:
        return None
    if order.candidate_id != candidate.pk:
        raise ValueError(f"{purpose} {reference} is asked of candidate {order.candidate_id} already.")
    order.candidate = candidate
    return order


def _create_order(candidate: Candidate, purpose: str, reference: str, now: datetime) -> Order:
    # The number is made of the row's own key, drawn first: it cannot collide, and gaps do no harm here.
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('payments_order', 'id'))")
        (order_id,) = cursor.fetchone()
    return Order.objects.create(
        id=order_id,
        number=f"O-{clock.day_of(now).year}-{order_id:06d}",
        candidate=candidate,
        purpose=purpose,
        reference=reference,
        currency=CURRENCY,
        net_cents=0,
        tax_cents=0,
        total_cents=0,
        decision=[],
        created_at=now,
        **last_details(candidate.pk),
    )
