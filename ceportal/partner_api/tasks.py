"""Tasks of the partner API."""

from __future__ import annotations

from celery import shared_task

from ceportal.kernel import clock
from ceportal.partner_api import feed, jobs
from ceportal.partner_api.webhooks import delivering


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


@shared_task(name="partner_api.follow_feed")
def follow_feed() -> None:
    """Make a delivery of what webhooks are to be told."""
    delivering.follow_feed(now=clock.now())


@shared_task(name="partner_api.deliver_to_webhook", soft_time_limit=30)
def deliver(delivery_id: int) -> None:
    """Make an attempt at a delivery. One that drags on is left, and made again later."""
    delivering.deliver(delivery_id=delivery_id, clock=clock.now)


@shared_task(name="partner_api.webhooks_left")
def wake_due_deliveries() -> None:
    """Read the feed for webhooks, and go on with what is due and what a worker that died had begun."""
    delivering.follow_feed(now=clock.now())
    delivering.wake_due(now=clock.now())
