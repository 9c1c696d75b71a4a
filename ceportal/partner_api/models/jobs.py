"""Bulks of rows: handed in at once, done chunk by chunk, each chunk with the outcome of every row."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """A bulk of rows that a worker does, and how far it is."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    application = models.ForeignKey("partner_api.Application", on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=40)  # of ceportal.events.JOBS
    about = models.JSONField(default=dict)  # what the rows are about: the delivery, the event
    dry_run = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    rows_total = models.PositiveIntegerField()
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # rows by the status of their outcome
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    progressed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="job_known_status", condition=Q(status__in=["waiting", "running", "done", "failed"])
            ),
            models.CheckConstraint(
                name="job_finished_has_when",
                condition=Q(status__in=["done", "failed"], finished_at__isnull=False)
                | Q(status__in=["waiting", "running"], finished_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="job_to_be_done", condition=Q(status__in=["waiting", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class JobChunk(models.Model):
    """Some rows of a job; with their outcomes once they are done, all in one transaction."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="chunks")
    first_row = models.PositiveIntegerField()  # counted from 1
    rows = models.JSONField()
    outcomes = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["first_row"]
        constraints = [models.UniqueConstraint(name="job_chunk_once", fields=["job", "first_row"])]

    def __str__(self) -> str:
        return f"{self.job_id} from {self.first_row}"
