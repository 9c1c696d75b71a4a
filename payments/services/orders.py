"""Orders: opened, priced with tax, completed, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from candidates.models import Candidate
from candidates.services import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.money import CURRENCY
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from payments import queries, rules
from payments.models import Order, OrderLine, Payment


@dataclass(frozen=True, slots=True)
class LineRequest:
    """Something to be paid: what it is and what it costs before tax, in cents."""

    description: str
    net_cents: int


def lock_order(order_id: int) -> Order:
    """An order, locked after its candidate: the one order of locks of everything about money."""
    candidate = lock_candidate(Order.objects.values_list("candidate_id", flat=True).get(id=order_id))
    order = Order.objects.select_for_update(no_key=True).get(id=order_id)
    order.candidate = candidate
    return order


@transaction.atomic
def open_order(
    *,
    candidate_id: int,
    purpose: str,
    reference: str,
    lines: Sequence[LineRequest],
    decision: Decision,
    now: datetime,
) -> Order:
    """Ask a candidate for money, with the tax of the billing country (PAY-01); `decision` says why this much.

    Safe to repeat: what is asked for already is found again, at today's price unless its card page is open.
    What costs nothing is complete at once, without a card. Refused where it was paid before (PAY-04), and where
    the given decision does not grant. Emits payments.order_opened.
    """
    if not lines:
        raise ValueError("An order asks for something: it needs a line.")
    candidate = lock_candidate(candidate_id)
    order = (
        Order.objects.select_for_update(no_key=True)
        .filter(purpose=purpose, reference=reference, status__in=[Order.Status.OPEN, Order.Status.PAID])
        .first()
    )
    if order is not None and order.candidate_id != candidate_id:
        raise ValueError(f"{purpose} {reference} is asked of candidate {order.candidate_id} already.")
    decision = require(decision + rules.assess_opening(paid_on=order.paid_on if order else None))
    if order is None:
        order = _create_order(candidate, purpose, reference, now)
        _price(order, lines, decision, candidate, now)
        emit("payments.order_opened", order, now=now, purpose=purpose, reference=reference)
    elif not has_open_payment(order):
        _price(order, lines, decision, candidate, now)
    if order.total_cents == 0:
        complete_order(order, paid_at=now, now=now)
    return order


@transaction.atomic
def cancel_order(*, order_id: int, now: datetime) -> Order:
    """Ask no longer for an order's money; a cancelled one stays cancelled. Refused once it is paid (PAY-04).

    A card page that is still open is closed by the next sweep; what is paid on it meanwhile is given back.
    Emits payments.order_cancelled.
    """
    order = lock_order(order_id)
    if order.status == Order.Status.CANCELLED:
        return order
    require(rules.assess_cancelling(queries.order_facts(order)))
    order.status = Order.Status.CANCELLED
    order.save(update_fields=["status"])
    order.payments.filter(status=Payment.Status.OPEN).update(next_check_at=now)
    emit("payments.order_cancelled", order, now=now, purpose=order.purpose, reference=order.reference)
    return order


def complete_order(order: Order, *, paid_at: datetime, now: datetime) -> None:
    """Mark an order paid; the caller holds its lock. Emits payments.order_paid, upon which its purpose is met."""
    order.status = Order.Status.PAID
    order.paid_at = paid_at
    order.save(update_fields=["status", "paid_at"])
    emit(
        "payments.order_paid",
        order,
        now=now,
        purpose=order.purpose,
        reference=order.reference,
        paid_on=clock.day_of(paid_at).isoformat(),
    )


def has_open_payment(order: Order) -> bool:
    """Whether somebody may be paying it at this moment, at the price on the card page."""
    return order.payments.filter(status=Payment.Status.OPEN).exists()


def price_anew(order: Order, *, now: datetime) -> None:
    """Bring an order's tax up to the day and the billing country; the caller holds its lock."""
    lines = [LineRequest(line.description, line.net_cents) for line in order.lines.all()]
    _price(order, lines, Decision.from_json(order.decision), order.candidate, now)


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
    )


def _price(order: Order, lines: Sequence[LineRequest], decision: Decision, candidate: Candidate, now: datetime) -> None:
    """Write an order's lines and sums as of today: the payment day's rates govern, and today is when one pays."""
    policy = BOOK.on(clock.day_of(now))
    country = candidate.billing_country or candidate.country
    priced = [
        rules.price_line(description=line.description, net_cents=line.net_cents, country=country, policy=policy)
        for line in lines
    ]
    if priced == queries.priced_lines(order):
        return
    order.lines.all().delete()
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            description=line.description,
            net_cents=line.net_cents,
            tax_country=line.tax_country,
            tax_percent=line.tax_percent,
            tax_cents=line.tax_cents,
        )
        for position, line in enumerate(priced, start=1)
    )
    reasons = Decision(tuple(each for each in decision.findings if each.clause != "PAY-01"))
    order.net_cents = sum(line.net_cents for line in priced)
    order.tax_cents = sum(line.tax_cents for line in priced)
    order.total_cents = order.net_cents + order.tax_cents
    order.decision = (reasons + rules.explain_tax(country, policy)).as_json()
    order.save(update_fields=["net_cents", "tax_cents", "total_cents", "decision"])
