"""Buying Emeritus: asked for with a price, judged again when it is paid, and begun when the active status ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

import payments.services
from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Term
from candidates.queries import Held
from candidates.rules import comes_from_emeritus
from ceportal.kernel import clock, money
from ceportal.kernel.decisions import Decision, Refused, finding, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from emeritus import queries, rules
from emeritus.models import EmeritusPurchase, EmeritusRecord
from emeritus.rules import Position
from payments.models import Order

ONE_DAY = timedelta(days=1)
Covers = EmeritusPurchase.Covers


def buy_emeritus(*, candidate_id: int, family: str, confirmed: bool, now: datetime) -> Order:
    """Ask for the term of a family that is on offer today, or refuse and say why; nothing changes before it is paid.

    `confirmed`: the holder was warned where a younger certification stands beside it, and wants Emeritus all the same
    (EMR-09). Asked for again, the same order is found, at today's price. CardServiceUnavailable where a card page at a
    price that no longer holds is still open and cannot be closed now.
    """
    # Asking the card service comes first: no locks are held meanwhile.
    outdated = Order.objects.filter(
        candidate_id=candidate_id, purpose=Order.Purpose.EMERITUS, status=Order.Status.OPEN, pay_before__lte=now
    )
    for order in outdated:
        payments.services.refresh_order(order_id=order.id, now=now)
    return _request(candidate_id, family, confirmed=confirmed, now=now)


@transaction.atomic
def _request(candidate_id: int, family: str, *, confirmed: bool, now: datetime) -> Order:
    candidates.lock_candidate(candidate_id)
    day = clock.day_of(now)
    held = candidates.catch_up(candidate_id, now=now)
    position = queries.position(held, family, day)
    decision = require(_assess(position, candidate_id, confirmed=confirmed))
    assert position.window is not None  # assessed: EMR-02
    purchase, _created = EmeritusPurchase.objects.get_or_create(
        candidate_id=candidate_id,
        covers=_covers(position),
        starts_on=position.window.anniversary_on,
        defaults={"ends_on": position.window.term_ends_on, "decision": decision.as_json(), "asked_at": now},
    )
    if position.younger and purchase.confirmed_at is None:
        purchase.confirmed_at = now
        purchase.save(update_fields=["confirmed_at"])
    return _ask(purchase, position, decision, now=now)


@transaction.atomic
def renew_request(*, order_id: int, now: datetime) -> None:
    """Judge a purchase anew when it is about to be paid, at the price of now; Refused where it is no longer on offer.

    The caller holds the order's lock, and nobody is paying it.
    """
    order = Order.objects.get(id=order_id)
    purchase = EmeritusPurchase.objects.get(id=_purchase_id(order))
    held = candidates.catch_up(order.candidate_id, now=now)
    position, decision = _judge(purchase, held, clock.day_of(now))
    _ask(purchase, position, require(decision), now=now)


@transaction.atomic
def record_purchase(*, order_id: int, paid_on: date, now: datetime) -> EmeritusPurchase | None:
    """Enter a term as bought on the day it was paid; None where it was no longer on offer then (EMR-04, EMR-05).

    What is entered stays bought and paid: whoever recertifies before the term or in it gets nothing back (EMR-10).
    The caller holds the candidate's lock. Emits emeritus.bought, and candidates.certification_changed for what it
    changed. What it begins is decided with the life of each certification (EMR-06).
    """
    order = Order.objects.get(id=order_id)
    purchase = EmeritusPurchase.objects.get(id=_purchase_id(order))
    held = candidates.catch_up(purchase.candidate_id, now=now)
    position, decision = _judge(purchase, held, paid_on)
    if not decision.granted:
        return None
    purchase.order, purchase.bought_on, purchase.decision = order, paid_on, decision.as_json()
    purchase.save(update_fields=["order", "bought_on", "decision"])
    alive = [
        each
        for each in queries.in_question(held)
        if each.life.family in position.covers and each.dated_status_on(paid_on) not in rules.GONE
    ]
    terms = candidates.buy_emeritus_terms(
        certification_ids=[each.certification.id for each in alive],
        starts_on=purchase.starts_on,
        ends_on=purchase.ends_on,
        bought_on=paid_on,
        source=f"emeritus.emerituspurchase:{purchase.id}",
        now=now,
    )
    _keep_records(purchase, alive, terms, paid_on, now=now)
    emit(
        "emeritus.bought",
        purchase,
        now=now,
        covers=purchase.covers,
        starts_on=purchase.starts_on.isoformat(),
        ends_on=purchase.ends_on.isoformat(),
        bought_on=paid_on.isoformat(),
        certifications=[each.certification.id for each in alive],
    )
    return purchase


def _covers(position: Position) -> Covers:
    return Covers.BOTH if len(position.covers) > 1 else Covers(position.family)


def _purchase_id(order: Order) -> int:
    return int(order.reference.removeprefix("purchase-"))


def _assess(position: Position, candidate_id: int, *, confirmed: bool) -> Decision:
    # The book of the day of the position governs: the payment day.
    policy, bar = BOOK.on(position.day), candidates_queries.bar_on(candidate_id)
    return rules.assess_purchase(position, policy, bar=bar, confirmed=confirmed)


def _judge(purchase: EmeritusPurchase, held: Sequence[Held], day: date) -> tuple[Position, Decision]:
    """A purchase that was asked for, judged on another day: it must be on offer still, and the same."""
    family = Covers.CCIE if purchase.covers == Covers.BOTH else purchase.covers
    position = queries.position(held, family, day)
    same = (
        position.window is not None
        and position.window.anniversary_on == purchase.starts_on
        and _covers(position) == purchase.covers
    )
    decision = _assess(position, purchase.candidate_id, confirmed=purchase.confirmed_at is not None)
    still = finding(
        "EMR-04",
        same,
        yes=_("It is the term that was asked for."),
        no=_("The term from %(starts_on)s that was asked for is no longer on offer."),
        next_step=_("See what is on offer now."),
        starts_on=purchase.starts_on,
    )
    return position, decision + Decision((still,))


def _ask(purchase: EmeritusPurchase, position: Position, decision: Decision, *, now: datetime) -> Order:
    """Open the order, or price it anew: the late fee is due from the day after the anniversary (EMR-04).

    Nothing is taken at a price that no longer holds, nor after the window.
    """
    window, day = position.window, clock.day_of(now)
    if window is None:
        raise Refused(decision)
    last_day, clause = (window.closes_on, "EMR-05") if position.late else (window.anniversary_on, "EMR-04")
    return payments.services.open_order(
        candidate_id=purchase.candidate_id,
        purpose=Order.Purpose.EMERITUS,
        reference=f"purchase-{purchase.id}",
        lines=[
            payments.services.LineRequest(fee.description, money.cents(fee.amount), fee.kind)
            for fee in rules.fees_of(window, BOOK.on(day), paid_on=day)
        ],
        decision=decision,
        pay_before=clock.at(last_day + ONE_DAY, 0),
        pay_before_clause=clause,
        now=now,
    )


def _keep_records(
    purchase: EmeritusPurchase, alive: Sequence[Held], terms: Sequence[Term], paid_on: date, *, now: datetime
) -> None:
    """Keep how each term's holder comes back to active: where Emeritus goes on, as before (CE-04, EMR-18)."""
    term_of = {term.certification_id: term for term in terms}
    before: dict[int, EmeritusRecord] = {
        record.certification_id: record
        for record in EmeritusRecord.objects.filter(
            certification_id__in=term_of, term__withdrawn_at__isnull=True
        ).order_by("term__starts_on")
    }
    for each in alive:
        certification_id = each.certification.id
        goes_on = comes_from_emeritus(BOOK, each.life, paid_on)
        record = before.get(certification_id) if goes_on else None
        EmeritusRecord.objects.create(
            certification_id=certification_id,
            term=term_of[certification_id],
            purchase=purchase,
            route=record.route if record else EmeritusRecord.Route.RECERTIFY,
            origin=record.origin if record else EmeritusRecord.Origin.PURCHASE,
            created_at=now,
        )
