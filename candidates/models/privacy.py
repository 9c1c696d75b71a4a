"""What candidates ask about their own data, and who of the staff looked at it (CAND-09)."""

from __future__ import annotations

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models.people import Candidate, User


class DataRequest(models.Model):
    """A candidate's request for a copy of everything held about them, or for its erasure (CAND-09)."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("a copy of everything")
        ERASURE = "erasure", _("erasure")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        EXPIRED = "expired", _("expired")
        WITHDRAWN = "withdrawn", _("withdrawn")
        DONE = "done", _("done")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="data_requests")
    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    decision = models.JSONField(null=True, blank=True)  # of an erasure, as it was looked at last
    asked_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)  # of an erasure: from this day on it is carried out
    postponed_on = models.DateField(null=True, blank=True)  # it was due, and something stood in the way
    # Of a copy: its name is drawn when it is asked for, so that whoever begins again writes the same file.
    file = models.FileField(upload_to="exports", max_length=200, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    expires_on = models.DateField(null=True, blank=True)  # the last day on which it can be downloaded
    ended_at = models.DateTimeField(null=True, blank=True)  # when it came to its last state so far

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="data_request_known_status",
                condition=Q(kind="export", status__in=["waiting", "ready", "expired"])
                | Q(kind="erasure", status__in=["waiting", "withdrawn", "done"]),
            ),
            models.CheckConstraint(
                name="data_request_ended_has_when", condition=Q(status="waiting") | Q(ended_at__isnull=False)
            ),
            models.CheckConstraint(
                name="data_request_ready_can_be_downloaded",
                condition=~Q(status="ready") | Q(expires_on__isnull=False, size_bytes__isnull=False) & ~Q(file=""),
            ),
            models.CheckConstraint(
                name="data_request_erasure_has_day", condition=~Q(kind="erasure") | Q(due_on__isnull=False)
            ),
            models.UniqueConstraint(
                name="data_request_one_of_a_kind", fields=["candidate", "kind"], condition=Q(status="waiting")
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="data_request_due", condition=Q(kind="erasure", status="waiting")),
            models.Index(fields=["expires_on"], name="data_request_to_expire", condition=Q(status="ready")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.candidate_id}: {self.status}"


class StaffAccess(models.Model):
    """A page or file by which a member of staff saw what is held about candidates (CAND-09). Append-only.

    One row for a page, however many people stand on it. What a verifier's program reads is a page too, read in the
    name of who answers for the program.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    candidate_ids = ArrayField(models.BigIntegerField())  # whose data stood on it
    record_type = models.CharField(max_length=80)  # "credits.claim"
    record_ids = ArrayField(models.BigIntegerField())  # which of them
    page = models.CharField(max_length=200)  # its address, without what was searched for
    # Whose program read it, by the name of that day; empty: somebody of the staff did.
    partner = models.CharField(max_length=160, blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "accesses by staff"
        ordering = ["-id"]
        indexes = [GinIndex(fields=["candidate_ids"], name="staff_access_by_candidate")]

    def __str__(self) -> str:
        return f"{self.record_type} at {self.at}"

    @property
    def what(self) -> str:
        """What was seen, in words."""
        return str(apps.get_model(self.record_type)._meta.verbose_name)
