"""What an order comes to on a day: its lines with tax, and what a voucher covers of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import candidates.queries
from candidates.rules import assess_bar
from candidates.services import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from payments import queries, rules
from payments.models import Order, OrderLine, Payment
from payments.voucher_rules import PAYS_FOR

FOR_EXAMS = frozenset({Order.Purpose.LAB_BOOKING, Order.Purpose.LAB_RESCHEDULE, Order.Purpose.REREAD})


@dataclass(frozen=True, slots=True)
class LineRequest:
    """Something to be paid: what it is and what it costs before tax, in cents.

    `kind` is an OrderLine.Kind: a line is given back by its kind. `country` is where the service is given, whose tax is
    charged; empty: the billing country's (PAY-01).
    """

    description: str
    net_cents: int
    kind: str
    country: str = ""


def lock_order(order_id: int) -> Order:
    """An order, locked after its candidate: the one order of locks of everything about money."""
    candidate = lock_candidate(Order.objects.values_list("candidate_id", flat=True).get(id=order_id))
    order = Order.objects.select_for_update(no_key=True).get(id=order_id)
    order.candidate = candidate
    return order


def has_open_payment(order: Order) -> bool:
    """Whether somebody may be paying it at this moment, at the price on the card page."""
    return order.payments.filter(status=Payment.Status.OPEN).exists()


def assess_paying(order: Order, *, now: datetime) -> Decision:
    """Whether an order can be paid at this moment: it is open and in time, and no sanction bars it (CAND-02)."""
    bar = candidates.queries.bar_on(order.candidate_id)
    return assess_bar(bar, for_exams=order.purpose in FOR_EXAMS) + rules.assess_payment(
        queries.order_facts(order, now=now)
    )


def ask_opener(order: Order, *, now: datetime) -> None:
    """Let whoever opened an order know that it is about to be paid: they refuse, or price it as of now (LAB-04).

    The caller holds its lock. Emits payments.payment_requested.
    """
    emit("payments.payment_requested", order, now=now, purpose=order.purpose, reference=order.reference)
    candidate = order.candidate
    order.refresh_from_db()
    order.candidate = candidate


def line_requests(order: Order) -> list[LineRequest]:
    """What an order asks for, as it was asked."""
    return [LineRequest(line.description, line.net_cents, line.kind, line.served_in) for line in order.lines.all()]


def price_anew(order: Order, *, now: datetime) -> None:
    """Bring an order's tax and cover up to the day, the billing country and its voucher; the caller holds its lock."""
    price(order, line_requests(order), Decision.from_json(order.decision), now=now)


def price(order: Order, lines: Sequence[LineRequest], decision: Decision, *, now: datetime) -> None:
    """Write an order's lines and sums as of today: the payment day's rates govern, and today is when one pays (LAB-04).

    A voucher that the order has, or that comes along with its payment, covers the fee of one exam (VCH-02). The caller
    holds the order's lock, and nobody is paying it.
    """
    policy = BOOK.on(clock.day_of(now))
    country = order.candidate.billing_country or order.candidate.country
    fees = [place for place, line in enumerate(lines) if line.kind in PAYS_FOR]
    covered = fees[:1] if queries.voucher_of(order.pk) else []  # one voucher pays the fee of one exam (VCH-02)
    priced = [
        rules.price_line(
            description=line.description,
            net_cents=line.net_cents,
            country=country,
            policy=policy,
            kind=line.kind,
            served_in=line.country,
            covered_cents=line.net_cents if place in covered else 0,
        )
        for place, line in enumerate(lines)
    ]
    if priced == queries.priced_lines(order):
        return
    _write_lines(order, priced)
    reasons = Decision(tuple(each for each in decision.findings if each.clause != "PAY-01"))
    order.net_cents = sum(line.net_cents for line in priced)
    order.covered_cents = sum(line.covered_cents for line in priced)
    order.tax_cents = sum(line.tax_cents for line in priced)
    order.total_cents = sum(line.total_cents for line in priced)
    order.decision = (reasons + rules.explain_taxes(priced, policy)).as_json()
    order.save(update_fields=["net_cents", "covered_cents", "tax_cents", "total_cents", "decision"])


def _write_lines(order: Order, priced: Sequence[rules.PricedLine]) -> None:
    order.lines.all().delete()
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            kind=line.kind,
            description=line.description,
            net_cents=line.net_cents,
            covered_cents=line.covered_cents,
            served_in=line.served_in,
            tax_country=line.tax_country,
            tax_percent=line.tax_percent,
            tax_cents=line.tax_cents,
        )
        for position, line in enumerate(priced, start=1)
    )
