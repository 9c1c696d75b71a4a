"""Tasks of payments: ids in, one service call out."""

from __future__ import annotations

import structlog
from celery import shared_task

from ceportal.kernel import clock
from payments import services, sweeps

log = structlog.get_logger(__name__)


@shared_task(
    name="payments.process_event",
    autoretry_for=(services.CardServiceUnavailable,),
    max_retries=6,
    retry_backoff=5,
    retry_backoff_max=300,
    retry_jitter=True,
)
def process_event(event_id: int) -> None:
    """Follow up a message of the card service; what still fails after the last retry is left to the sweep."""
    services.process_event(event_id=event_id, now=clock.now())


@shared_task(name="payments.follow_up")
def follow_up() -> None:
    """Find out about everything that was left open."""
    sweeps.follow_up(now=clock.now())


@shared_task(name="payments.collect_events")
def collect_events() -> None:
    """Ask for the messages that never came."""
    sweeps.collect_events(now=clock.now())


@shared_task(name="payments.reconcile_days")
def reconcile_days() -> None:
    """Compare yesterday's money with the card service's, once it is over; what fails is tried again in an hour."""
    sweeps.reconcile_days(now=clock.now())


def wake_processing(event_id: int) -> None:
    """Ask for a message to be followed up soon. Without a broker the sweep finds it anyway."""
    try:
        process_event.apply_async([event_id], retry=False)
    except process_event.OperationalError as error:
        log.warning("processing_not_woken", event=event_id, error=str(error))
