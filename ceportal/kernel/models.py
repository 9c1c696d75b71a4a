"""What the kernel keeps: events, their deliveries, nightly runs, and the demo's clock.

An *event* is something that became true: the audit trail, the outbox and the partners' feed in one row. A *delivery*
is one receiver outside the house that must hear of it, once.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something that became true. Append-only: a database trigger refuses change and removal."""

    topic = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    candidate_id = models.BigIntegerField(null=True, blank=True)  # the kernel knows no app, so no foreign key
    payload = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["candidate_id", "id"], name="event_by_candidate"),
            models.Index(fields=["subject_type", "subject_id"], name="event_by_subject"),
            models.Index(fields=["topic", "id"], name="event_by_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject_id}"


class Delivery(models.Model):
    """One receiver that must hear of an event: recorded with the event, done at least once, marked once."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    receiver = models.CharField(max_length=80)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(name="delivery_once_per_receiver", fields=["event", "receiver"]),
            models.CheckConstraint(name="delivery_known_status", condition=Q(status__in=["pending", "done", "failed"])),
            models.CheckConstraint(
                name="delivery_done_has_when",
                condition=Q(status="done", done_at__isnull=False) | (~Q(status="done") & Q(done_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="delivery_pending", condition=Q(status="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} of event {self.event_id}"


class NightlyRun(models.Model):
    """One finished night: all sweeps of that day were run to their end."""

    day = models.DateField(unique=True)
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"night of {self.day}"


class ClockShift(models.Model):
    """How far the demo's clock stands ahead of the real one, or behind it in a demo of the past; a single row.

    While the clock travels, night by night, the row says between which days.
    """

    seconds = models.BigIntegerField()
    travelling_from = models.DateField(null=True, blank=True)
    travelling_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="clock_shift_single", condition=Q(id=1)),
            models.CheckConstraint(
                name="clock_shift_travels_forward",
                condition=Q(travelling_from__isnull=True, travelling_to__isnull=True)
                | Q(
                    travelling_from__isnull=False,
                    travelling_to__isnull=False,
                    travelling_to__gt=models.F("travelling_from"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seconds} s"


class FileToRemove(models.Model):
    """A stored file that nothing refers to any more: removed after the commit, and by the nightly sweep if that failed.

    The row stays and says when; a file that cannot be removed says why.
    """

    name = models.CharField(max_length=200, unique=True)  # of the storage
    because = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "files to remove"
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="file_to_remove_waiting", condition=Q(removed_at__isnull=True))]

    def __str__(self) -> str:
        return self.name
