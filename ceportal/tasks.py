"""The nightly sweeps as a task; beat asks every hour, and what was run is not run again."""

from __future__ import annotations

from celery import shared_task

from ceportal import nightly
from ceportal.kernel import clock


@shared_task(name="ceportal.run_nightly")
def run_nightly() -> None:
    """Run the nights that are due."""
    nightly.run_due_nights(now=clock.now())
