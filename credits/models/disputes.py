"""What happens to a claim after it was decided: the audit of an approval (CE-12), the appeal of a rejection (CE-10)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import ProviderMember
from credits.models.claims import Claim


class Audit(models.Model):
    """A second look at an approved claim: drawn by lot or asked for by staff (CE-12). One at a time."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PASSED = "passed", _("passed")
        FAILED = "failed", _("failed")

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="audits")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    drawn = models.BooleanField()  # by lot, at the rate of the book of the approval day
    opening = models.JSONField()  # the decision that opened it
    told = models.BooleanField()  # whether the candidate was told that it was opened
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked = models.TextField(blank=True)  # what staff ask the candidate for
    asked_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)  # the candidate's words; the files are evidence of this audit
    answered_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
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
            models.CheckConstraint(name="audit_failed_has_a_reason", condition=~Q(status="failed") | ~Q(reason="")),
            models.UniqueConstraint(name="audit_one_open", fields=["claim"], condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"audit of {self.claim}"


class Appeal(models.Model):
    """A candidate's appeal of a rejection to the programme, with the claim and its evidence as they stood (CE-10).

    The database refuses to change what was filed, and to remove it.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        UPHELD = "upheld", _("upheld")
        DISMISSED = "dismissed", _("dismissed")

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="appeals")
    rejected_at = models.DateTimeField()  # which rejection it is about: one appeal each
    rejected_by = models.ForeignKey(ProviderMember, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    words = models.TextField()  # the candidate's
    frozen = models.JSONField()  # the claim, the provider's decision and each file's name and SHA-256 at filing
    filing = models.JSONField()  # the decision that let it be filed
    filed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True)  # the programme's finding, for the candidate and the provider
    decision = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-filed_at", "-id"]
        constraints = [
            models.CheckConstraint(name="appeal_known_status", condition=Q(status__in=["open", "upheld", "dismissed"])),
            models.CheckConstraint(
                name="appeal_decided_has_when_and_why",
                condition=Q(status="open", decided_at__isnull=True)
                | (
                    Q(status__in=["upheld", "dismissed"], decided_at__isnull=False, decision__isnull=False)
                    & ~Q(reason="")
                ),
            ),
            models.UniqueConstraint(name="appeal_once_per_rejection", fields=["claim", "rejected_at"]),
        ]

    def __str__(self) -> str:
        return f"appeal of {self.claim}"
