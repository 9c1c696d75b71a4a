"""Celery: the relay, the nightly sweeps, mail and payment follow-ups. Tasks only wake up work that rows hold."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging
from django_structlog.celery.receivers import CeleryReceiver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ceportal.settings")

app = Celery("ceportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["ceportal.kernel", "ceportal.partner_api", "ceportal.demo"])
app.conf.beat_schedule = {
    "deliver what the relay left": {"task": "kernel.relay", "schedule": 30.0},
    "nightly sweeps": {"task": "ceportal.run_nightly", "schedule": crontab(minute=30)},
    "badge scans that were left": {"task": "credits.import_scans", "schedule": 60.0},
    "rosters that were left": {"task": "credits.work_on_rosters", "schedule": 60.0},
    "bulks handed in that were left": {"task": "partner_api.jobs_left", "schedule": 60.0},
    "entries of the feed that have no position yet": {"task": "partner_api.give_positions", "schedule": 30.0},
    "messages to webhooks that are due": {"task": "partner_api.webhooks_left", "schedule": 30.0},
    "follow up on payments": {"task": "payments.follow_up", "schedule": 60.0},
    "messages of the card service that never came": {"task": "payments.collect_events", "schedule": 900.0},
    "the card service's balance of yesterday": {"task": "payments.reconcile_days", "schedule": crontab(minute=50)},
    "seats that somebody waits for": {"task": "exams.offer_seats", "schedule": 600.0},
    "bookings and their deadlines": {"task": "exams.follow_bookings", "schedule": 60.0},
}


# Whoever queues a task sends the id of the request along, and whoever runs it logs under that id. Connected here once
# for web server and worker alike: the library's two ways together would say everything twice in the worker.
request_ids = CeleryReceiver()
request_ids.connect_worker_signals()


@setup_logging.connect
def configure_logging(**_kwargs: Any) -> None:
    """Workers log as the web server does: one JSON object a line."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
    structlog.get_logger(__name__).debug("logging_configured")
