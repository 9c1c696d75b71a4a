"""The relay's tasks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import structlog
from celery import Task, shared_task

from ceportal.kernel import clock, relay

log = structlog.get_logger(__name__)

AWAY_SECONDS = 30.0  # as often as beat asks for the relay


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


@dataclass(slots=True)
class _Broker:
    """What this process remembers of a broker it could not reach."""

    away_until: float = 0.0  # monotonic seconds


_broker = _Broker()


def nudge_relay() -> None:
    """Ask for the relay soon."""
    wake(run_relay)


def wake(task: Task, *arguments: Any) -> None:
    """Ask for a task soon. A broker that cannot be reached is no error: a sweep finds what rows hold.

    Finding out takes the client some seconds, so a process that has found out does not ask again for a while.
    """
    if time.monotonic() < _broker.away_until:
        return
    try:
        task.apply_async(arguments, retry=False)
    except task.OperationalError as error:
        _broker.away_until = time.monotonic() + AWAY_SECONDS
        log.warning("task_not_woken", task=task.name, error=str(error))
