"""Cycles, renewals, and the ledger of credits."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, Certification
from catalog.models import Item
from credits.models.activities import Attendance, AuthoredItems, Workshop
from credits.models.claims import Claim, CompletionReport
from exams.models import Attempt
from payments.models import Order


class Cycle(models.Model):
    """A recertification cycle of a candidate, first and last day included (CR-02, CR-03).

    Its end is written once; where a reversal changes the cycles, the old rows are withdrawn and new ones made, so that
    one can tell which cycle was known to run at any moment.
    """

    class EndReason(models.TextChoices):
        RENEWED = "renewed", _("renewed")
        INACTIVE = "inactive", _("certification became inactive")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="cycles")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=10, choices=EndReason, blank=True)
    known_from = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)  # the moment its end was written
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # a reversal made one cycle of two (EXAM-09)

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
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="cycle_ended_has_reason",
                condition=Q(ended_on__isnull=True, end_reason="", closed_at__isnull=True)
                | Q(
                    ended_on__isnull=False,
                    closed_at__isnull=False,
                    end_reason__in=["renewed", "inactive"],
                    ended_on__gte=F("started_on"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} from {self.started_on}"


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
    passes = models.ManyToManyField(Attempt, blank=True, related_name="recertifications")  # the exams it rests on
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_because = models.CharField(max_length=60, blank=True)  # what fell, as "app.model:id" (EXAM-09, CE-12)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="recertification_once_per_day",
                fields=["certification", "requirement_on"],
                condition=Q(reversed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="recertification_reversed_has_why",
                condition=Q(reversed_at__isnull=True, reversed_because="")
                | (Q(reversed_at__isnull=False) & ~Q(reversed_because="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certification_id} as of {self.requirement_on}"


class Grant(models.Model):
    """Credits earned by one completed activity. What remains of them is kept by a trigger from the entries."""

    class Source(models.TextChoices):
        CLAIM = "claim", _("claim")
        REPORT = "report", _("provider's report")
        ATTENDANCE = "attendance", _("event session")
        AUTHORED = "authored", _("exam items")
        WORKSHOP = "workshop", _("exam development workshop")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="grants")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="grants")
    source = models.CharField(max_length=12, choices=Source)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True)
    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, null=True, blank=True, related_name="grant")
    report = models.OneToOneField(
        CompletionReport, on_delete=models.PROTECT, null=True, blank=True, related_name="grant"
    )
    # A session cut to nothing by a late report has its grant corrected away, and may earn a new one (LIVE-06).
    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    authored = models.OneToOneField(
        AuthoredItems, on_delete=models.PROTECT, null=True, blank=True, related_name="grant"
    )
    workshop = models.OneToOneField(Workshop, on_delete=models.PROTECT, null=True, blank=True, related_name="grant")
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
                condition=Q(source="claim", claim__isnull=False)
                | Q(source="report", report__isnull=False)
                | Q(source="attendance", attendance__isnull=False)
                | Q(source="authored", authored__isnull=False)
                | Q(source="workshop", workshop__isnull=False),
            ),
            models.CheckConstraint(name="grant_of_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="grant_expires_later", condition=Q(expires_on__gt=F("earned_on"))),
        ]
        indexes = [
            models.Index(fields=["expires_on", "id"], name="grant_due", condition=Q(remaining__gt=0)),
            models.Index(fields=["candidate", "earned_on"], name="grant_by_candidate"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.title}"


class Entry(models.Model):
    """A line of the ledger. Append-only by trigger; a correction is a new line that names the old one (CR-07).

    *Restored* gives back what was used, expired, cut or voided; *corrected* takes back what had been earned.
    """

    class Kind(models.TextChoices):
        EARNED = "earned", _("earned")
        CUT = "cut", _("cut")
        USED = "used", _("used")
        EXPIRED = "expired", _("expired")
        VOIDED = "voided", _("voided")
        RESTORED = "restored", _("restored")
        CORRECTED = "corrected", _("corrected")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="entries")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.SmallIntegerField()  # what it adds to the balance, or takes from it
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
                | Q(kind__in=["cut", "used", "expired", "voided", "corrected"], amount__lt=0),
            ),
            models.CheckConstraint(
                name="entry_restored_names_what_it_corrects",
                condition=Q(kind__in=["restored", "corrected"], corrects__isnull=False)
                | (~Q(kind__in=["restored", "corrected"]) & Q(corrects__isnull=True)),
            ),
            models.CheckConstraint(
                name="entry_used_names_its_renewal",
                condition=~Q(kind="used") | Q(recertification__isnull=False),
            ),
            models.UniqueConstraint(name="entry_earned_once", fields=["grant"], condition=Q(kind="earned")),
        ]
        indexes = [
            models.Index(fields=["candidate", "counts_from"], name="entry_by_candidate"),
            BrinIndex(fields=["written_at"], name="entry_by_moment", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class AdministrativeFee(models.Model):
    """The administrative fee paid for a cycle, once (CE-08)."""

    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="fee")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="administrative_fee")
    paid_on = models.DateField()

    def __str__(self) -> str:
        return f"{self.cycle_id} paid on {self.paid_on}"
