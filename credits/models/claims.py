"""Enrollment, claims with their evidence, and providers' own reports."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Acceptance, Candidate
from catalog.models import Delivery, Item, Provider, ProviderMember


class Enrollment(models.Model):
    """A candidate's entry into the programme, with the decision that allowed it (CE-02 to CE-05)."""

    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="enrollment")
    acceptance = models.ForeignKey(Acceptance, on_delete=models.PROTECT)
    enrolled_on = models.DateField()
    enrolled_at = models.DateTimeField()
    decision = models.JSONField()

    def __str__(self) -> str:
        return f"{self.candidate_id} since {self.enrolled_on}"


class Claim(models.Model):
    """A candidate's word that a training was completed, for the provider that delivered it to confirm (CE-10)."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        VOIDED = "voided", _("Voided")

    class Kit(models.TextChoices):
        DIGITAL = "digital", _("digital kit")
        PRINTED = "printed", _("printed kit")
        PRINTED_REGISTERED = "printed_registered", _("printed kit, registered in the digital kit platform")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="claims")
    number = models.CharField(max_length=20, unique=True)
    form_key = models.UUIDField(unique=True)  # made with the form: sending it twice is one claim
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    credits = models.PositiveSmallIntegerField(null=True, blank=True)  # as listed on the completion day (CAT-01)
    kit = models.CharField(max_length=20, choices=Kit, default=Kit.DIGITAL)
    note = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_on = models.DateField(null=True, blank=True)  # stays when a returned claim is handed in again (CE-14)
    answer_due_on = models.DateField(null=True, blank=True)
    checked = models.JSONField(null=True, blank=True)  # the decision with which it was accepted for review
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        ProviderMember, on_delete=models.PROTECT, null=True, blank=True, related_name="decided_claims"
    )
    decision = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)  # the provider's words when it rejects or returns
    escalated_on = models.DateField(null=True, blank=True)  # the day by which the promise was broken (CE-10)
    # Whose rejection an appeal set aside: another member decides next (CE-10).
    rejected_before_by = models.ForeignKey(
        ProviderMember, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What the lot of its approval gave, in millionths, and whether that is to be audited and has not been yet (CE-12).
    audit_lot = models.PositiveIntegerField(null=True, blank=True)
    audit_due = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="claim_known_status",
                condition=Q(status__in=["draft", "submitted", "returned", "approved", "rejected", "voided"]),
            ),
            models.CheckConstraint(
                name="claim_beyond_draft_is_complete",
                condition=Q(status="draft")
                | Q(
                    item__isnull=False,
                    provider__isnull=False,
                    completed_on__isnull=False,
                    credits__isnull=False,
                    submitted_at__isnull=False,
                    submitted_on__isnull=False,
                    answer_due_on__isnull=False,
                    checked__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="claim_decided_has_when_and_why",
                condition=Q(status__in=["draft", "submitted"]) | Q(decided_at__isnull=False, decision__isnull=False),
            ),
            # The same completion is claimed once; the service also knows cycles and equivalences (CR-04).
            models.UniqueConstraint(
                name="claim_one_live_per_completion",
                fields=["candidate", "item", "completed_on"],
                condition=Q(status__in=["submitted", "returned", "approved"]),
            ),
            models.CheckConstraint(
                name="claim_escalated_after_the_promise",
                condition=Q(escalated_on__isnull=True) | Q(escalated_on__gt=F("answer_due_on")),
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "status", "submitted_at"], name="claim_queue"),
            models.Index(fields=["candidate", "status"], name="claim_by_candidate"),
            models.Index(
                fields=["answer_due_on"], name="claim_promised", condition=Q(status="submitted", escalated_on=None)
            ),
            models.Index(fields=["decided_at"], name="claim_to_audit", condition=Q(status="approved", audit_due=True)),
        ]

    def __str__(self) -> str:
        return self.number

    def is_overdue(self, day: date) -> bool:
        """Whether the provider's answer has not come by the day promised for it (CE-10)."""
        return self.status == self.Status.SUBMITTED and self.answer_due_on is not None and self.answer_due_on < day


class Evidence(models.Model):
    """A certificate of completion handed in with a claim (CE-11), or what an audit of it asked for (CE-12).

    Kept under a random name, served by permission. The database refuses any change while an appeal is open.
    """

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"

    class Destroyed(models.TextChoices):
        AGE = "age", _("kept long enough")
        ERASURE = "erasure", _("its owner was erased")

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="evidence")
    # For the programme's eyes, not the provider's; null: handed in with the claim.
    audit = models.ForeignKey("credits.Audit", on_delete=models.PROTECT, null=True, blank=True, related_name="evidence")
    file = models.FileField(upload_to="evidence", max_length=200)
    original_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)  # taken back: kept from view
    destroyed_at = models.DateTimeField(null=True, blank=True)  # the file itself is gone (CAND-09)
    destroyed_because = models.CharField(max_length=10, choices=Destroyed, blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "evidence"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="evidence_destroyed_has_why",
                condition=Q(destroyed_at__isnull=True, destroyed_because="")
                | Q(destroyed_at__isnull=False, destroyed_because__in=["age", "erasure"]),
            )
        ]
        indexes = [models.Index(fields=["uploaded_at"], name="evidence_by_age", condition=Q(destroyed_at__isnull=True))]

    def __str__(self) -> str:
        return self.original_name


class Receipt(models.Model):
    """What was handed in, when, with which files: frozen and signed at that moment. Append-only.

    A returned claim that is handed in again has one more.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="receipts")
    ordinal = models.PositiveSmallIntegerField()  # which handing-in of the claim, from 1
    content = models.JSONField()  # what is signed
    note = models.TextField(blank=True)  # the candidate's, of which the content has the hash
    token = models.TextField()  # the content as signed (kernel.signatures)
    filed_at = models.DateTimeField()

    class Meta:
        ordering = ["claim", "ordinal"]
        constraints = [models.UniqueConstraint(name="receipt_once_per_handing_in", fields=["claim", "ordinal"])]

    def __str__(self) -> str:
        return f"{self.content.get('claim', self.claim_id)}/{self.ordinal}"  # of somebody erased it says nothing


class CompletionReport(models.Model):
    """A provider's own word that a candidate completed an item (CE-10). Append-only."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="reports")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="reports")
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, blank=True)  # if it was named (CAT-07)
    completed_on = models.DateField()
    reported_by = models.ForeignKey(ProviderMember, on_delete=models.PROTECT, null=True, blank=True)
    reported_at = models.DateTimeField()
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    decision = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="report_once_per_completion", fields=["provider", "candidate", "item", "completed_on"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id}: {self.item_id} on {self.completed_on}"
