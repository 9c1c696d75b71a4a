"""The relay's tasks."""

from __future__ import annotations

import structlog
from celery import shared_task

from ceportal.kernel import clock, relay

log = structlog.get_logger(__name__)


@shared_task(name="kernel.relay")
def run_relay() -> None:
    """Hand every due delivery to a worker."""
    while due := relay.take_due(now=clock.now()):
        for delivery_id in due:
            deliver.delay(delivery_id)


@shared_task(name="kernel.deliver")
def deliver(delivery_id: int) -> None:
    """Make one delivery."""
    relay.deliver(delivery_id=delivery_id, now=clock.now())


def nudge_relay() -> None:
    """Ask for the relay soon. A broker that cannot be reached is no error: the sweep comes by anyway."""
    try:
        run_relay.apply_async(retry=False)
    except run_relay.OperationalError as error:
        log.warning("relay_not_nudged", error=str(error))
