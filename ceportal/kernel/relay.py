"""The relay: hands pending deliveries to workers, at least once, and marks each done once."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.module_loading import import_string

from ceportal.kernel.models import Delivery

log = structlog.get_logger(__name__)

BATCH = 200
LEASE = timedelta(minutes=2)  # a delivery handed out and not heard of again is handed out anew
FIRST_RETRY_SECONDS = 30
LONGEST_RETRY_SECONDS = 6 * 3600
ATTEMPTS = 12


@transaction.atomic
def take_due(*, now: datetime) -> list[int]:
    """Lease the next deliveries that are due and give their ids, oldest first; others skip what is leased."""
    due = list(
        Delivery.objects.select_for_update(skip_locked=True)
        .filter(status=Delivery.Status.PENDING, due_at__lte=now)
        .order_by("due_at", "id")
        .values_list("id", flat=True)[:BATCH]
    )
    Delivery.objects.filter(id__in=due).update(due_at=now + LEASE)
    return due


@transaction.atomic
def deliver(*, delivery_id: int, now: datetime) -> bool:
    """Tell one receiver of one event. False if it was done already or another worker is at it.

    A receiver that fails is tried again, later each time; after the last attempt staff see it as failed.
    """
    delivery = (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event")
        .filter(id=delivery_id, status=Delivery.Status.PENDING)
        .first()
    )
    if delivery is None:
        return False
    delivery.attempts += 1
    try:
        with transaction.atomic():
            import_string(import_string("ceportal.events.RECEIVERS")[delivery.receiver])(delivery.event, now)
    except Exception as error:  # noqa: BLE001 - whatever a receiver raises, the row must say so and be tried again
        delivery.last_error = f"{type(error).__name__}: {error}"[:1000]
        wait = min(FIRST_RETRY_SECONDS * 2 ** (delivery.attempts - 1), LONGEST_RETRY_SECONDS)
        delivery.due_at = now + timedelta(seconds=wait * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
        if delivery.attempts >= ATTEMPTS:
            delivery.status = Delivery.Status.FAILED
        log.warning("delivery_failed", delivery=delivery.id, receiver=delivery.receiver, error=delivery.last_error)
    else:
        delivery.status = Delivery.Status.DONE
        delivery.done_at = now
        delivery.last_error = ""
    delivery.save(update_fields=["status", "attempts", "due_at", "done_at", "last_error"])
    return delivery.status == Delivery.Status.DONE


@transaction.atomic
def try_again(*, delivery_ids: list[int], now: datetime) -> int:
    """Let deliveries that failed for good be due once more, with all their attempts; returns how many there were."""
    return Delivery.objects.filter(id__in=delivery_ids, status=Delivery.Status.FAILED).update(
        status=Delivery.Status.PENDING, attempts=0, due_at=now
    )
