"""What the portal has of each payment, refund and dispute, to be compared with the card service's balance (PAY-04).

A *subject* names what is compared: "payment:7", "refund:3", "dispute:4", "order:5" for an order that is complete though
no card paid it, and "stripe:KEY" for what only the card service knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, F, Max, OuterRef, Q, Sum, When

from payments.gateway import BalanceEntry
from payments.models import Dispute, Order, Payment, Refund, Transfer
from payments.reconciliation_rules import Ours
from payments.transfer_rules import CARD

TAKEN = frozenset({Payment.Status.SUCCEEDED, Payment.Status.SURPLUS})
COMPLETE = frozenset({Order.Status.PAID, Order.Status.REFUNDED})
PAYMENT, REFUND, DISPUTE, ORDER, STRIPE = "payment", "refund", "dispute", "order", "stripe"
SUBJECT_OF = {"charge": PAYMENT, "refund": REFUND, "dispute": DISPUTE}  # by the card service's word


@dataclass(frozen=True, slots=True)
class Known:
    """One of ours: what the portal says of it, and where the card service has it.

    `source_id` is the refund's or dispute's key there; a payment's charge is found by its card page, a refund that was
    made by hand by its payment, `intent_id`.
    """

    ours: Ours
    order: Order
    payment: Payment | None = None
    refund: Refund | None = None
    dispute: Dispute | None = None
    source_id: str = ""
    session_id: str = ""
    intent_id: str = ""


def subjects_of_day(*, since: datetime, before: datetime) -> set[str]:
    """What of ours moved money from a moment until before another, by its transfers or by its own row."""
    window = (since, before)
    moved = Transfer.objects.filter(moved_at__gte=since, moved_at__lt=before)
    found = {
        f"{cause}:{key}"
        for cause in (PAYMENT, REFUND, DISPUTE)
        for key in moved.filter(cause=cause).values_list(f"{cause}_id", flat=True)
    }
    rows: Iterable[tuple[str, Any]] = (
        (PAYMENT, Payment.objects.filter(_within("paid_at", *window), status__in=TAKEN)),
        (PAYMENT, Payment.objects.filter(_within("order__paid_at", *window), status__in=TAKEN)),
        (REFUND, Refund.objects.filter(_within("done_at", *window))),
        (DISPUTE, Dispute.objects.filter(_within("opened_at", *window) | _within("closed_at", *window))),
        (ORDER, _paid_by_nobody().filter(_within("paid_at", *window))),
    )
    return found | {f"{what}:{key}" for what, some in rows for key in some.values_list("id", flat=True)}


def _within(name: str, since: datetime, before: datetime) -> Q:
    return Q(**{f"{name}__gte": since, f"{name}__lt": before})


def _paid_by_nobody() -> Any:
    paid = Payment.objects.filter(order=OuterRef("pk"), status=Payment.Status.SUCCEEDED)
    return Order.objects.filter(~Exists(paid), status__in=COMPLETE, total_cents__gt=0)


def subjects_named(entries: Iterable[BalanceEntry]) -> dict[str, str]:
    """The subject of each source that movements of the balance name, whether it is one of ours or not."""
    one_each = {entry.source_id: entry for entry in entries if entry.source_type in SUBJECT_OF}
    named = {key: f"{STRIPE}:{key}" for key in one_each}
    named |= dict(_named_payments([each for each in one_each.values() if each.source_type == "charge"]))
    named |= dict(_named_refunds([each for each in one_each.values() if each.source_type == "refund"]))
    disputes = Dispute.objects.filter(stripe_id__in=one_each).values_list("stripe_id", "id")
    return named | {key: f"{DISPUTE}:{row}" for key, row in disputes}


def _named_payments(entries: Collection[BalanceEntry]) -> Iterator[tuple[str, str]]:
    """By the card service's key of the payment, or by our own where that is not known yet."""
    intents = [each.payment_intent_id for each in entries if each.payment_intent_id]
    by_intent = dict(Payment.objects.filter(intent_id__in=intents).values_list("intent_id", "id"))
    by_key = {
        (str(key), number): key
        for key, number in Payment.objects.filter(id__in=_keys(entries, PAYMENT)).values_list("id", "order__number")
    }
    for each in entries:
        row = by_intent.get(each.payment_intent_id) or by_key.get(_ours(each, PAYMENT))
        if row:
            yield each.source_id, f"{PAYMENT}:{row}"


def _named_refunds(entries: Collection[BalanceEntry]) -> Iterator[tuple[str, str]]:
    """By the card service's key, by our own, or by the payment where it was made there by hand."""
    keys = {each.source_id for each in entries} | {each.payment_intent_id for each in entries}
    by_stripe = dict(Refund.objects.filter(stripe_id__in=keys - {""}).values_list("stripe_id", "id"))
    by_key = {
        (str(key), number): key
        for key, number in Refund.objects.filter(id__in=_keys(entries, REFUND)).values_list(
            "id", "payment__order__number"
        )
    }
    for each in entries:
        row = by_stripe.get(each.source_id) or by_key.get(_ours(each, REFUND)) or by_stripe.get(each.payment_intent_id)
        if row:
            yield each.source_id, f"{REFUND}:{row}"


def _ours(entry: BalanceEntry, what: str) -> tuple[str, str]:
    """Our own key and the order's number, as the gateway wrote them on it."""
    return entry.known_by.get(what, ""), entry.known_by.get("order_number", "")


def _keys(entries: Iterable[BalanceEntry], what: str) -> list[int]:
    keys = (entry.known_by.get(what, "") for entry in entries)
    return [int(key) for key in keys if key.isdecimal() and len(key) < 18]


def load(subjects: Iterable[str]) -> dict[str, Known]:
    """What the portal has of each of these subjects; those that it does not know are left out."""
    keys: dict[str, list[int]] = {}
    for subject in subjects:
        what, _colon, key = subject.partition(":")
        if what != STRIPE:
            keys.setdefault(what, []).append(int(key))
    return {
        **_payments(keys.get(PAYMENT, [])),
        **_refunds(keys.get(REFUND, [])),
        **_disputes(keys.get(DISPUTE, [])),
        **_orders(keys.get(ORDER, [])),
    }


def _payments(keys: list[int]) -> dict[str, Known]:
    posted = _posted(PAYMENT, keys)
    found = {}
    for row in Payment.objects.filter(id__in=keys).select_related("order"):
        # What a card paid for an order is what the order came to; what was not owed is told by the payment alone.
        amounts = {Payment.Status.SUCCEEDED: row.order.total_cents, Payment.Status.SURPLUS: row.amount_cents}
        told = amounts.get(Payment.Status(row.status), 0)
        ours = _said(told, posted.get(row.pk), row.order, row.paid_at)
        found[f"{PAYMENT}:{row.pk}"] = Known(ours, row.order, payment=row, session_id=row.session_id or "")
    return found


def _refunds(keys: list[int]) -> dict[str, Known]:
    posted = _posted(REFUND, keys)
    found = {}
    for row in Refund.objects.filter(id__in=keys).select_related("payment__order"):
        order = row.payment.order
        told = -row.amount_cents if row.status == Refund.Status.SUCCEEDED else 0
        awaited = -row.amount_cents if row.status == Refund.Status.REQUESTED else None
        ours = _said(told, posted.get(row.pk), order, row.done_at, awaited_cents=awaited)
        by_hand = row.stripe_id == row.payment.intent_id  # that is all that a refusal leaves to know
        found[f"{REFUND}:{row.pk}"] = Known(
            ours,
            order,
            refund=row,
            source_id="" if by_hand else row.stripe_id or "",
            intent_id=row.payment.intent_id if by_hand else "",
        )
    return found


def _disputes(keys: list[int]) -> dict[str, Known]:
    posted = _posted(DISPUTE, keys)
    return {
        f"{DISPUTE}:{row.pk}": Known(
            _said(-row.taken_cents, posted.get(row.pk), row.payment.order, row.closed_at or row.opened_at),
            row.payment.order,
            dispute=row,
            source_id=row.stripe_id,
        )
        for row in Dispute.objects.filter(id__in=keys).select_related("payment__order")
    }


def _orders(keys: list[int]) -> dict[str, Known]:
    """Orders that are complete though no card paid them; what was found out about since is left out of it."""
    return {
        f"{ORDER}:{row.pk}": Known(Ours(row.total_cents, 0, row.currency, row.paid_at), row)
        for row in _paid_by_nobody().filter(id__in=keys)
    }


@dataclass(frozen=True, slots=True)
class _Posted:
    cents: int
    recorded_at: datetime


def _posted(cause: str, keys: list[int]) -> dict[int, _Posted]:
    """What came to the card's account by the transfers of each row, and when the last was written."""
    rows = (
        Transfer.objects.filter(**{"cause": cause, f"{cause}__in": keys})
        .order_by()
        .values_list(f"{cause}_id")
        .annotate(
            cents=Sum(Case(When(debit=CARD, then=F("amount_cents")), default=-F("amount_cents"))),
            last=Max("recorded_at"),
        )
    )
    return {key: _Posted(cents, last) for key, cents, last in rows}


def _said(
    told: int, posted: _Posted | None, order: Order, at: datetime | None, *, awaited_cents: int | None = None
) -> Ours:
    moved_at = max(filter(None, (at, posted.recorded_at if posted else None)), default=None)
    return Ours(told, posted.cents if posted else 0, order.currency, moved_at, awaited_cents)
