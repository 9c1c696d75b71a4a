"""What happens to a claim after it was decided: the audit of an approval (CE-12), the appeal of a rejection."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from credits.models.claims import Claim


class Audit(models.Model):
    """A second look at an approved claim: drawn by chance or asked for by staff (CE-12)."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PASSED = "passed", _("passed")
        FAILED = "failed", _("failed")

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="audit")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    drawn = models.BooleanField()  # by chance, at the rate of the book of the approval day
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    reason = models.TextField(blank=True)
    decision = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(name="audit_known_status", condition=Q(status__in=["open", "passed", "failed"])),
            models.CheckConstraint(
                name="audit_decided_has_when_and_why",
                condition=Q(status="open", decided_at__isnull=True)
                | (Q(status__in=["passed", "failed"], decided_at__isnull=False, decision__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"audit of {self.claim_id}"


class Appeal(models.Model):
    """A candidate's appeal of a rejection to the programme, with the claim and its evidence as they stood."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        UPHELD = "upheld", _("upheld")
        DISMISSED = "dismissed", _("dismissed")

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="appeal")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    words = models.TextField()  # the candidate's
    frozen = models.JSONField()  # the claim, the provider's decision and each file's name and SHA-256 at filing
    filed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-filed_at", "-id"]
        constraints = [
            models.CheckConstraint(name="appeal_known_status", condition=Q(status__in=["open", "upheld", "dismissed"])),
            models.CheckConstraint(
                name="appeal_decided_has_when_and_why",
                condition=Q(status="open", decided_at__isnull=True)
                | (Q(status__in=["upheld", "dismissed"], decided_at__isnull=False) & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"appeal of {self.claim_id}"
