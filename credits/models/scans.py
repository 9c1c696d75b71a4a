"""Files of badge scans, as organisers of events hand them in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ScanImport(models.Model):
    """A file of badge scans, how far it has been recorded, and what came of it.

    The row is the truth about the work: whoever is killed at it, the next one goes on behind the last person finished.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    file = models.FileField(upload_to="scans", max_length=200)
    original_name = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    uploaded_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    rows = models.PositiveIntegerField(null=True, blank=True)  # that could be read; null until they were
    rows_done = models.PositiveIntegerField(default=0)
    done_to = models.BigIntegerField(default=0)  # people are taken by their ids; the last one finished
    earning = models.PositiveIntegerField(default=0)  # attendances
    refused = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)  # the first of them: row, column, sentence, facts
    problem_count = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)  # one after the other, without anybody finished between
    last_error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("import of badge scans")
        verbose_name_plural = _("imports of badge scans")
        constraints = [
            models.CheckConstraint(
                name="scanimport_known_status", condition=Q(status__in=["waiting", "running", "done", "failed"])
            ),
            models.CheckConstraint(
                name="scanimport_done_has_when",
                condition=Q(status="done", finished_at__isnull=False, rows__isnull=False)
                | (~Q(status="done") & Q(finished_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.original_name
