"""Tasks of payments: ids in, one service call out."""

from __future__ import annotations

from celery import shared_task

from ceportal.kernel import clock
from payments import services, sweeps


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
