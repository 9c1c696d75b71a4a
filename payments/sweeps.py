"""What dates make due about money: invoices and vouchers every night; every minute whatever was left open.

Each row is its own transaction, so a sweep can be killed anywhere and run again or late.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import models, transaction

from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.outbox import emit_many
from ceportal.kernel.sweeping import on_each
from payments import queries, services
from payments.models import Payment, Reconciliation, Refund, StripeEvent, Voucher

log = structlog.get_logger(__name__)

BATCH = 100
ASK_AGAIN_AFTER = timedelta(minutes=10)
COMPARED_AFTER = timedelta(hours=2)  # the end of a day: by then both sides have written down what it brought
CAUGHT_UP = timedelta(days=30)


def issue_due_invoices(*, now: datetime) -> int:
    """Issue every invoice whose day has come (PAY-02), and count them."""

    def issue(order_id: int) -> int:
        try:
            services.issue_invoice(order_id=order_id, now=now)
        except Refused:
            return 0  # it was given back between the question and the lock
        return 1

    return on_each(queries.orders_to_invoice(day=clock.day_of(now)), issue)


def expire_vouchers(*, now: datetime) -> int:
    """Mark the unused vouchers whose last day is over (VCH-02), and count them.

    One that is being used at this moment is left to the next night; by its date nobody can use it any more.
    """
    day, expired = clock.day_of(now), 0
    while batch := _expire_some(day, now=now):
        expired += batch
    return expired


@transaction.atomic
def _expire_some(day: date, *, now: datetime) -> int:
    unused = Voucher.objects.filter(status=Voucher.Status.UNUSED, expires_on__lt=day).order_by("expires_on", "id")
    vouchers = list(unused.select_for_update(skip_locked=True, no_key=True)[:BATCH])
    Voucher.objects.filter(id__in=[each.pk for each in vouchers]).update(status=Voucher.Status.EXPIRED)
    emit_many(
        "payments.voucher_expired",
        [(each, {"expires_on": each.expires_on.isoformat()}) for each in vouchers],
        now=now,
    )
    return len(vouchers)


def follow_up(*, now: datetime) -> int:
    """Ask the card service about payments and refunds left open, and process messages that never were.

    Counts what was followed up; one that fails is logged, tried again later, and does not stop the rest.
    """
    payments = Payment.objects.filter(status=Payment.Status.OPEN)
    refunds = Refund.objects.filter(status=Refund.Status.REQUESTED)
    messages = StripeEvent.objects.filter(processed_at=None)
    return (
        _follow_each(payments, "next_check_at", lambda key: services.follow_payment(payment_id=key, now=now), now=now)
        + _follow_each(refunds, "next_check_at", lambda key: services.follow_refund(refund_id=key, now=now), now=now)
        + _follow_each(messages, "due_at", lambda key: services.process_event(event_id=key, now=now), now=now)
    )


def collect_events(*, now: datetime) -> int:
    """Keep the messages of the card service that never came, and follow them up; how many there were.

    Payments and refunds under way are asked about anyway; of disputes, and of money that a bank sends back later, the
    portal hears in no other way where the webhook failed.
    """
    missing = services.collect_events(now=now)
    if missing:
        follow_up(now=now)
    return missing


def reconcile_days(*, now: datetime) -> int:
    """Compare each finished day that was not compared since it ended with the card service's balance; how many.

    Days that were missed are made up for, a month at most. CardServiceUnavailable: the next sweep tries again.
    """
    last = clock.day_of(now - COMPARED_AFTER) - timedelta(days=1)
    earliest = last - CAUGHT_UP
    ran = dict(Reconciliation.objects.filter(day__range=(earliest, last)).values_list("day", "ran_at"))
    day, done = min(ran, default=last), 0
    while day <= last:
        if day not in ran or ran[day] < clock.at(day + timedelta(days=1), 0) + COMPARED_AFTER:
            services.reconcile_day(day=day, now=now)
            done += 1
        day += timedelta(days=1)
    return done


def _follow_each(rows: models.QuerySet[Any], due: str, follow: Callable[[int], object], *, now: datetime) -> int:
    followed = 0
    while keys := _take_due(rows, due, now=now):
        for key in keys:
            try:
                follow(key)
            except Exception:
                log.exception("follow_up_failed", what=rows.model._meta.label_lower, id=key)
            else:
                followed += 1
    return followed


@transaction.atomic
def _take_due(rows: models.QuerySet[Any], due: str, *, now: datetime) -> list[int]:
    """Take the next rows that are due, for a while; another sweep at the same time skips them."""
    keys = list(
        rows.select_for_update(skip_locked=True, no_key=True)
        .filter(**{f"{due}__lte": now})
        .order_by(due, "id")
        .values_list("id", flat=True)[:BATCH]
    )
    rows.model._default_manager.filter(id__in=keys).update(**{due: now + ASK_AGAIN_AFTER})
    return keys
