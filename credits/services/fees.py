"""The administrative fee: offered when the credits are there, charged once a cycle (CE-08)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

import payments.services
from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.rules import bought_ahead, status_on
from ceportal.kernel import clock, money
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import AdministrativeFee, Cycle, Enrollment
from credits.rules import renewal
from payments.models import Order, OrderLine


def assess_fee(*, candidate_id: int, now: datetime) -> Decision:
    """Whether the fee can be paid now, and why not where it cannot."""
    day = clock.day_of(now)
    held = candidates_queries.held_by(candidate_id)
    cycles = queries.cycles_of(candidate_id)
    facts = queries.renewal_facts(held, cycles, candidate_id)
    top = renewal.highest_renewable(BOOK, facts.held, day)
    progress = renewal.progress_on(BOOK, facts, top, day) if top else []
    return renewal.assess_fee(
        renewal.FeeFacts(
            enrolled=Enrollment.objects.filter(candidate_id=candidate_id).exists(),
            status=status_on(BOOK, top.life, day) if top else None,
            level=top.level if top else "",
            credits_met=any(each.fee_due or (each.fee and each.met) for each in progress),
            paid_already=facts.fee_paid_on is not None,
            bought_ahead=top is not None and bought_ahead(top.life, day),
            bar=candidates_queries.bar_on(candidate_id),
        ),
        BOOK.on(day),  # the book of the payment day governs (CE-08)
    )


@transaction.atomic
def request_fee(*, candidate_id: int, now: datetime) -> Order:
    """Open the order for the administrative fee of the running cycle, or refuse and say why (CE-08)."""
    candidates.lock_candidate(candidate_id)
    decision = require(assess_fee(candidate_id=candidate_id, now=now))
    cycle = queries.current_cycle(queries.cycles_of(candidate_id))
    assert cycle is not None  # credits are in a cycle
    day = clock.day_of(now)
    held = candidates_queries.held_by(candidate_id)
    top = renewal.highest_renewable(BOOK, queries.renewal_facts(held, [cycle], candidate_id).held, day)
    assert top is not None  # assessed: CE-06
    fee = BOOK.on(day)["recert.admin_fee"].for_key(top.level)
    return payments.services.open_order(
        candidate_id=candidate_id,
        purpose=Order.Purpose.ADMIN_FEE,
        reference=f"cycle-{cycle.id}",
        lines=[payments.services.LineRequest("Administrative fee", money.cents(fee), OrderLine.Kind.ADMIN_FEE)],
        decision=decision,
        now=now,
    )


def record_fee(*, order_id: int, paid_on: date) -> bool:
    """Enter the fee as paid for its cycle; False where nothing was due any more on the day it was paid (CE-08).

    That is so where the book of that day knows no fee, and where the cycle was renewed otherwise or had ended
    inactive by then (CE-06). The caller holds the candidate's lock.
    """
    order = Order.objects.get(id=order_id)
    cycle = Cycle.objects.get(id=int(order.reference.removeprefix("cycle-")))
    if cycle.withdrawn_at is not None:  # a reversal made another of it since (EXAM-09)
        replaced_by = queries.cycle_on(queries.cycles_of(cycle.candidate_id), cycle.started_on)
        assert replaced_by is not None
        cycle = replaced_by
    renewed = cycle.end_reason == Cycle.EndReason.RENEWED
    ended = cycle.ended_on is not None and paid_on > cycle.ended_on
    if renewed or ended or not BOOK.on(paid_on)["recert.admin_fee"].value:
        return False
    AdministrativeFee.objects.get_or_create(cycle=cycle, defaults={"order": order, "paid_on": paid_on})
    return True
