"""Tasks of the partner API."""

from __future__ import annotations

from celery import shared_task

from ceportal.kernel import clock
from ceportal.partner_api import feed, jobs


@shared_task(name="partner_api.run_job")
def run_job(job_id: int) -> None:
    """Do what is left of a job."""
    jobs.run_job(job_id=job_id, clock=clock.now)


@shared_task(name="partner_api.jobs_left")
def wake_left_jobs() -> None:
    """Go on with jobs whose worker died."""
    jobs.wake_left_jobs(now=clock.now())


@shared_task(name="partner_api.give_positions")
def give_positions() -> None:
    """Give the entries of the feed that wait for one their positions."""
    feed.give_positions()
