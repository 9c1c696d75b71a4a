"""The journey through time as a task, so that the page can be left meanwhile."""

from __future__ import annotations

import structlog
from celery import Task, shared_task

from ceportal.demo import travel

log = structlog.get_logger(__name__)


@shared_task(name="demo.travel", bind=True, max_retries=60, default_retry_delay=2)
def travel_in_time(self: Task) -> None:
    """Go on with the journey under way; where a worker is at the nights, look again soon."""
    if not travel.travel():
        raise self.retry()


def wake_travel() -> None:
    """Ask for the journey to go on. Without a broker it stays noted, and the page offers to go on."""
    try:
        travel_in_time.apply_async(retry=False)
    except travel_in_time.OperationalError as error:
        log.warning("travel_not_woken", error=str(error))
