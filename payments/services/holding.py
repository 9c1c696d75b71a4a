"""Which voucher pays for which order: put on, moved along, let go.

The caller holds the locks of the candidate and of the order.
"""

from __future__ import annotations

from datetime import datetime

from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from payments import queries, voucher_rules
from payments.models import Order, Voucher
from payments.services import transfers

# A change of booking leaves the old one as it was until it is paid, so its voucher waits (RSCH-04).
WAITS = frozenset({Order.Purpose.LAB_RESCHEDULE})


def lock_voucher(voucher_id: int, *, order: Order) -> Voucher:
    """A voucher of the order's candidate, locked after both; Voucher.DoesNotExist for anybody else's (VCH-01)."""
    vouchers = Voucher.objects.select_for_update(no_key=True, of=("self",)).select_related("order")
    return vouchers.get(id=voucher_id, candidate_id=order.candidate_id)


def put_on(
    voucher: Voucher, order: Order, *, kinds: frozenset[str], left_order_id: int | None = None, now: datetime
) -> None:
    """Let a voucher pay for an open order, or refuse and say why (VCH-01..03, LAB-05); on it already, nothing changes.

    It is redeemed at once (LAB-10), or reserved where the order is a change of booking, until that is paid. A voucher
    that pays for the order of the booking being left comes along once the change is paid, if it is valid today
    (RSCH-05, RSCH-06); from any other booking none is taken (VCH-03).
    Emits payments.voucher_redeemed or payments.voucher_reserved.
    """
    if order.pk in {voucher.order_id, voucher.moving_to_id}:
        return
    held = queries.voucher_of(order.pk) is not None
    fits = voucher_rules.assess_paid_by_voucher(kinds=kinds, held=held)
    facts = queries.voucher_facts(voucher, day=clock.day_of(now))
    if order.purpose in WAITS and voucher.order_id == left_order_id and _can_leave(voucher):
        require(fits + voucher_rules.assess_move(facts))
        voucher.moving_to = order
        voucher.save(update_fields=["moving_to"])
        return
    require(fits + voucher_rules.assess_voucher(facts))
    voucher.order = order
    if order.purpose in WAITS:
        voucher.status = Voucher.Status.RESERVED
    else:
        voucher.status, voucher.redeemed_at = Voucher.Status.REDEEMED, now
    voucher.save(update_fields=["order", "status", "redeemed_at"])
    emit(f"payments.voucher_{voucher.status}", voucher, now=now, order=order.number)


def _can_leave(voucher: Voucher) -> bool:
    """Whether a voucher pays for a booking that is paid, as one that is changed is (RSCH-07), and goes nowhere yet."""
    pays = voucher.order
    return pays is not None and pays.status == Order.Status.PAID and voucher.moving_to_id is None


def settle(order: Order, *, now: datetime) -> Voucher | None:
    """An order was paid: what was reserved for it is redeemed, what comes along has come (RSCH-05).

    The voucher that pays for it, if one does. Emits payments.voucher_redeemed or payments.voucher_moved.
    """
    voucher = _on(order)
    if voucher is None or (voucher.order_id == order.pk and voucher.status == Voucher.Status.REDEEMED):
        return voucher
    if voucher.moving_to_id == order.pk:
        left = voucher.order
        voucher.order, voucher.moving_to = order, None
        voucher.save(update_fields=["order", "moving_to"])
        if left is not None:
            transfers.post_voucher_left(left, now=now)
        emit("payments.voucher_moved", voucher, now=now, order=order.number, left=left.number if left else "")
        return voucher
    voucher.status, voucher.redeemed_at = Voucher.Status.REDEEMED, now
    voucher.save(update_fields=["status", "redeemed_at"])
    emit("payments.voucher_redeemed", voucher, now=now, order=order.number)
    return voucher


def let_go(order: Order, *, now: datetime) -> Voucher | None:
    """Free the voucher of an order: usable again, or expired by its date (LAB-07, VCH-02); None where there is none.

    One that would have come along stays where it is. Emits payments.voucher_released.
    """
    voucher = _on(order)
    if voucher is None:
        return None
    if voucher.moving_to_id == order.pk:
        voucher.moving_to = None
        voucher.save(update_fields=["moving_to"])
        return voucher
    voucher.order = voucher.redeemed_at = None
    voucher.status = voucher_rules.status_when_free(expires_on=voucher.expires_on, day=clock.day_of(now))
    voucher.save(update_fields=["order", "status", "redeemed_at"])
    emit("payments.voucher_released", voucher, now=now, order=order.number, status=voucher.status)
    return voucher


def _on(order: Order) -> Voucher | None:
    found = queries.voucher_of(order.pk)
    return lock_voucher(found.pk, order=order) if found else None
