"""Tasks of the partner API."""

from __future__ import annotations

from celery import shared_task

from ceportal.kernel import clock
from ceportal.partner_api import jobs


@shared_task(name="partner_api.run_job")
def run_job(job_id: int) -> None:
    """Do what is left of a job."""
    jobs.run_job(job_id=job_id, clock=clock.now)


@shared_task(name="partner_api.jobs_left")
def wake_left_jobs() -> None:
    """Go on with jobs whose worker died."""
    jobs.wake_left_jobs(now=clock.now())
