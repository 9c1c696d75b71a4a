"""Continuing-education credits, from the claim to the renewal they pay for.

A *claim* asks a provider to confirm a completed training; a *report* is the provider's own word for one. Either earns
a *grant* of credits. A *cycle* runs from one renewal of the candidate's highest certification to the next (CR-02) and
holds the grants completed in it. What happens to a grant is told by *entries*, which are never changed or removed
(CR-07). A *recertification* is a renewal by a path of the policy book.
"""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from candidates.models import Acceptance, Candidate, Certification
from catalog.models import Delivery, Item, Provider, ProviderMember
from payments.models import Order


class Enrollment(models.Model):
    """A candidate's entry into the programme, with the decision that allowed it (CE-02 to CE-05)."""

    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="enrollment")
    acceptance = models.ForeignKey(Acceptance, on_delete=models.PROTECT)
    enrolled_on = models.DateField()
    enrolled_at = models.DateTimeField()
    decision = models.JSONField()

    def __str__(self) -> str:
        return f"{self.candidate_id} since {self.enrolled_on}"


class Cycle(models.Model):
    """A recertification cycle of a candidate, first and last day included (CR-02, CR-03)."""

    class EndReason(models.TextChoices):
        RENEWED = "renewed", _("renewed")
        INACTIVE = "inactive", _("certification became inactive")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="cycles")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=10, choices=EndReason, blank=True)

    class Meta:
        ordering = ["started_on"]
        constraints = [
            ExclusionConstraint(
                name="cycle_one_at_a_time",
                expressions=[
                    ("candidate", RangeOperators.EQUAL),
                    (
                        Func(
                            F("started_on"),
                            Coalesce(F("ended_on"), Value("infinity"), output_field=models.DateField()),
                            Value("[]"),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                name="cycle_ended_has_reason",
                condition=Q(ended_on__isnull=True, end_reason="")
                | Q(
                    ended_on__isnull=False,
                    end_reason__in=["renewed", "inactive"],
                    ended_on__gte=F("started_on"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} from {self.started_on}"


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
        ]
        indexes = [
            models.Index(fields=["provider", "status", "submitted_at"], name="claim_queue"),
            models.Index(fields=["candidate", "status"], name="claim_by_candidate"),
        ]

    def __str__(self) -> str:
        return self.number

    def is_overdue(self, day: date) -> bool:
        """Whether the provider's answer has not come by the day promised for it (CE-10)."""
        return self.status == self.Status.SUBMITTED and self.answer_due_on is not None and self.answer_due_on < day


class Evidence(models.Model):
    """A certificate of completion handed in with a claim (CE-11). Kept under a random name, served by permission."""

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="evidence")
    file = models.FileField(upload_to="evidence", max_length=200)
    original_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "evidence"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.original_name


class CompletionReport(models.Model):
    """A provider's own word that a candidate completed an item (CE-10). Append-only."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="reports")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="reports")
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
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


class Recertification(models.Model):
    """A renewal by a path of the policy book, as of the day its last requirement was met (CE-09)."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="recertifications")
    certification = models.ForeignKey(Certification, on_delete=models.PROTECT, related_name="recertifications")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, null=True, blank=True, related_name="recertifications")
    level = models.CharField(max_length=20)
    path = models.JSONField()
    requirement_on = models.DateField()
    credits_used = models.PositiveIntegerField(default=0)
    decision = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="recertification_once_per_day", fields=["certification", "requirement_on"])
        ]

    def __str__(self) -> str:
        return f"{self.certification_id} as of {self.requirement_on}"


class Grant(models.Model):
    """Credits earned by one completed activity. What remains of them is kept by a trigger from the entries."""

    class Source(models.TextChoices):
        CLAIM = "claim", _("claim")
        REPORT = "report", _("provider's report")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="grants")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="grants")
    source = models.CharField(max_length=12, choices=Source)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True)
    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, null=True, blank=True, related_name="grant")
    report = models.OneToOneField(
        CompletionReport, on_delete=models.PROTECT, null=True, blank=True, related_name="grant"
    )
    title = models.CharField(max_length=200)
    amount = models.PositiveSmallIntegerField()
    remaining = models.IntegerField(default=0)
    earned_on = models.DateField()
    expires_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["earned_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="grant_never_overspent", condition=Q(remaining__gte=0, remaining__lte=F("amount"))
            ),
            models.CheckConstraint(
                name="grant_has_its_source",
                condition=Q(source="claim", claim__isnull=False) | Q(source="report", report__isnull=False),
            ),
            models.CheckConstraint(name="grant_of_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="grant_expires_later", condition=Q(expires_on__gt=F("earned_on"))),
        ]
        indexes = [
            models.Index(fields=["expires_on"], name="grant_expiring", condition=Q(remaining__gt=0)),
            models.Index(fields=["candidate", "earned_on"], name="grant_by_candidate"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.title}"


class Entry(models.Model):
    """A line of the ledger. Append-only by trigger; a correction is a new line that names the old one (CR-07)."""

    class Kind(models.TextChoices):
        EARNED = "earned", _("earned")
        CUT = "cut", _("cut")
        USED = "used", _("used")
        EXPIRED = "expired", _("expired")
        VOIDED = "voided", _("voided")
        RESTORED = "restored", _("restored")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="entries")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.SmallIntegerField()  # what it adds to the balance: earned and restored add, the others take
    counts_from = models.DateField()
    written_at = models.DateTimeField()
    clause = models.CharField(max_length=10)
    recertification = models.ForeignKey(
        Recertification, on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="entry_sign_follows_kind",
                condition=Q(kind__in=["earned", "restored"], amount__gt=0)
                | Q(kind__in=["cut", "used", "expired", "voided"], amount__lt=0),
            ),
            models.CheckConstraint(
                name="entry_restored_names_what_it_corrects",
                condition=Q(kind="restored", corrects__isnull=False) | (~Q(kind="restored") & Q(corrects__isnull=True)),
            ),
            models.CheckConstraint(
                name="entry_used_names_its_renewal",
                condition=~Q(kind="used") | Q(recertification__isnull=False),
            ),
            models.UniqueConstraint(name="entry_earned_once", fields=["grant"], condition=Q(kind="earned")),
        ]
        indexes = [models.Index(fields=["candidate", "counts_from"], name="entry_by_candidate")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class AdministrativeFee(models.Model):
    """The administrative fee paid for a cycle, once (CE-08)."""

    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="fee")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="administrative_fee")
    paid_on = models.DateField()

    def __str__(self) -> str:
        return f"{self.cycle_id} paid on {self.paid_on}"
