"""The one place that posts: each movement of money as a transfer between two accounts, with what brings it about.

Whoever records a payment, completes an order, gives money back or lets a fee be forfeited says so here, in the same
transaction; the caller holds the order's lock. Which accounts are meant is for payments.transfer_rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from ceportal.kernel.outbox import emit
from payments import transfer_rules as rules
from payments.models import Dispute, Order, OrderLine, Payment, Refund, Transfer, Voucher
from payments.services.pricing import lock_order
from payments.transfer_rules import Movement, SoldLine

Cause = Transfer.Cause
STANDING = {"reverses__isnull": True, "reversed_by__isnull": True}  # neither taken back nor what takes back


def post_payment(payment: Payment, *, now: datetime) -> None:
    """A card paid, owed or not, at the moment of the charge."""
    assert payment.paid_at is not None  # it was taken
    _post(payment.order, [rules.payment(payment.amount_cents)], payment=payment, moved_at=payment.paid_at, now=now)


def post_sale(order: Order, voucher: Voucher | None, *, now: datetime) -> None:
    """An order is complete: what its lines bring in, the tax by country, and what a voucher pays (LAB-10)."""
    assert order.paid_at is not None  # it is complete
    sold = rules.sale(_sold(line) for line in order.lines.all())
    _post(order, sold, voucher=voucher, moved_at=order.paid_at, now=now)


def post_voucher_left(order: Order, *, now: datetime) -> None:
    """The voucher of an order pays for another from now on (RSCH-05): what it paid here is taken back."""
    _take_back(Transfer.objects.filter(order=order, cause=Cause.VOUCHER, **STANDING), now=now)


def post_lines_given_back(refund: Refund, lines: Collection[OrderLine], *, now: datetime) -> None:
    """Lines are given back: their sale is taken back, and the money is owed to the candidate until it has arrived.

    Whatever a voucher pays of them stays. A line whose first refund failed was taken back with that one.
    """
    standing = Transfer.objects.filter(line__in=lines, **STANDING)
    forfeited = _take_back(standing.filter(cause=Cause.FORFEIT), refund=refund, now=now)
    _take_back(standing.filter(cause=Cause.SALE), refund=refund, now=now)
    if forfeited:  # what a voucher paid of it stays forfeited
        _forfeit(refund.payment.order, {row.line_id for row in forfeited if row.line_id}, now=now)


def post_refund(refund: Refund, *, now: datetime) -> None:
    """Money arrived back at the card."""
    _post(refund.payment.order, [rules.refund(refund.amount_cents)], refund=refund, moved_at=now, now=now)


def post_refund_returned(refund: Refund, *, now: datetime) -> None:
    """A bank sent back what had arrived; of a refund that failed at once nothing was posted."""
    _take_back(Transfer.objects.filter(refund=refund, cause=Cause.REFUND, **STANDING), now=now)


def post_dispute(dispute: Dispute, *, taken_cents: int, moved_at: datetime, now: datetime) -> None:
    """A bank has so much of a payment today: what it took is posted, what it gave back is taken back, once each."""
    standing = list(Transfer.objects.filter(dispute=dispute, cause=Cause.DISPUTE, **STANDING))
    if sum(row.amount_cents for row in standing) == taken_cents:
        return
    _take_back(standing, now=now)
    if taken_cents:
        order = dispute.payment.order
        _post(order, [rules.dispute(taken_cents)], dispute=dispute, moved_at=moved_at, now=now)


@transaction.atomic
def forfeit_fee(*, order_id: int, kinds: Collection[str], now: datetime) -> int:
    """Keep the fees of some kinds of a paid order for nothing (LAB-13, LAB-14, RSCH-06); how many cents that were.

    The tax stays what it was: it is owed to its country. What was given back is not forfeited, and nothing is twice.
    Emits payments.fee_forfeited where something was.
    """
    order = lock_order(order_id)
    lines = OrderLine.objects.filter(order=order, kind__in=kinds).values_list("id", flat=True)
    cents = _forfeit(order, set(lines), now=now)
    if cents:
        emit("payments.fee_forfeited", order, now=now, amount_cents=cents)
    return cents


@transaction.atomic
def restore_fee(*, order_id: int, now: datetime) -> int:
    """Take back that the fees of an order are forfeited (INC-04: what prevented the exam was found out later).

    How many cents that were. Emits payments.fee_restored where something was.
    """
    order = lock_order(order_id)
    rows = _take_back(Transfer.objects.filter(order=order, cause=Cause.FORFEIT, **STANDING), now=now)
    cents = sum(row.amount_cents for row in rows)
    if cents:
        emit("payments.fee_restored", order, now=now, amount_cents=cents)
    return cents


# ── Parts ─────────────────────────────────────────────────────────────────────────────────────────
def _forfeit(order: Order, line_ids: set[int], *, now: datetime) -> int:
    standing = Transfer.objects.filter(line__in=line_ids, **STANDING).order_by("id")
    movements = rules.forfeit(_movement(row) for row in standing)
    _post(order, movements, moved_at=now, now=now)
    return sum(each.amount_cents for each in movements)


def _post(
    order: Order,
    movements: Iterable[Movement],
    *,
    payment: Payment | None = None,
    refund: Refund | None = None,
    voucher: Voucher | None = None,
    dispute: Dispute | None = None,
    moved_at: datetime,
    now: datetime,
) -> None:
    Transfer.objects.bulk_create(
        Transfer(
            debit=each.debit,
            credit=each.credit,
            amount_cents=each.amount_cents,
            currency=order.currency,
            cause=each.cause,
            order=order,
            line_id=each.line_id,
            payment=payment,
            refund=refund,
            voucher=voucher if each.cause == Cause.VOUCHER else None,
            dispute=dispute,
            moved_at=moved_at,
            recorded_at=now,
        )
        for each in movements
    )


def _take_back(rows: Iterable[Transfer], *, refund: Refund | None = None, now: datetime) -> list[Transfer]:
    """Post each the other way, and name it; `refund` says because of which. What was taken back."""
    taken = list(rows)
    for row in taken:
        other_way = rules.reversal(_movement(row))
        Transfer.objects.create(
            debit=other_way.debit,
            credit=other_way.credit,
            amount_cents=other_way.amount_cents,
            currency=row.currency,
            cause=other_way.cause,
            order_id=row.order_id,
            line_id=row.line_id,
            payment_id=row.payment_id,
            refund_id=refund.pk if refund else row.refund_id,
            voucher_id=row.voucher_id,
            dispute_id=row.dispute_id,
            reverses=row,
            moved_at=now,
            recorded_at=now,
        )
    return taken


def _movement(row: Transfer) -> Movement:
    return Movement(row.debit, row.credit, row.amount_cents, row.cause, row.line_id)


def _sold(line: OrderLine) -> SoldLine:
    return SoldLine(line.pk, line.kind, line.tax_country, line.net_cents, line.covered_cents, line.tax_cents)
