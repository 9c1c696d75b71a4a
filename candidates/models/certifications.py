"""Certifications and their lives."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models.people import Candidate


class Track(models.Model):
    """What one can be certified in."""

    class Level(models.TextChoices):
        ENTRY = "entry", _("Entry")
        ASSOCIATE = "associate", _("Associate")
        SPECIALIST = "specialist", _("Specialist")
        PROFESSIONAL = "professional", _("Professional")
        EXPERT = "expert", _("Expert")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    level = models.CharField(max_length=20, choices=Level)
    family = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="track_known_level",
                condition=Q(level__in=["entry", "associate", "specialist", "professional", "expert"]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Certification(models.Model):
    """A certification held in a track. The dates are those of its running term, as of the last sweep or change."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        GRACE = "grace", _("In grace")
        EMERITUS = "emeritus", _("Emeritus")
        LIFETIME_EMERITUS = "lifetime_emeritus", _("Lifetime Emeritus")
        INACTIVE = "inactive", _("Inactive")
        REVOKED = "revoked", _("Revoked")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="certifications")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="certifications")
    number = models.CharField(max_length=61, unique=True)
    first_certified_on = models.DateField()
    status = models.CharField(max_length=20, choices=Status)
    active_ends_on = models.DateField(null=True, blank=True)  # a term bought ahead included; null: valid for life
    inactive_on = models.DateField(null=True, blank=True)  # null: never by itself (CERT-02, EMR-11)
    next_change_on = models.DateField(null=True, blank=True)  # the next day on which its dates or status change
    imported = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="certification_one_per_track", fields=["candidate", "track"]),
            models.CheckConstraint(
                name="certification_known_status",
                condition=Q(
                    status__in=[
                        "active",
                        "suspended",
                        "grace",
                        "emeritus",
                        "lifetime_emeritus",
                        "inactive",
                        "revoked",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="certification_dates_in_order",
                condition=Q(active_ends_on__isnull=True, inactive_on__isnull=True)
                | Q(active_ends_on__isnull=False, inactive_on__gte=models.F("active_ends_on"))
                # Lifetime follows, or has followed, the active status (EMR-11).
                | Q(active_ends_on__isnull=False, inactive_on__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["next_change_on"], name="certification_due"),
            models.Index(fields=["active_ends_on"], name="certification_lapsing", condition=Q(status="active")),
        ]

    def __str__(self) -> str:
        return f"{self.track_id} {self.number}"


class Term(models.Model):
    """One stretch of a certification's life. Where two overlap, the one that begins later holds from its start."""

    class Kind(models.TextChoices):
        ACTIVE = "active", _("active term")
        EMERITUS = "emeritus", _("Emeritus term")

    class Reason(models.TextChoices):
        EARNED = "earned", _("earned")
        IMPORTED = "imported", _("imported from the certification records")
        RENEWED = "renewed", _("renewed")
        EARNED_ANOTHER = "earned_another", _("renewed by earning another certification")
        BOUGHT = "bought", _("bought")

    certification = models.ForeignKey(Certification, on_delete=models.PROTECT, related_name="terms")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ACTIVE)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # Emeritus terms only; active terms are dated by the book
    renewed_on = models.DateField()  # the requirement date, the day it was earned or imported from, or bought
    reason = models.CharField(max_length=20, choices=Reason)
    source = models.CharField(max_length=60, blank=True)  # what renewed it, as "app.model:id"
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            # A term bought ahead and a renewal on the day it begins start on the same day (CE-09).
            models.UniqueConstraint(
                name="term_one_per_start_and_renewal",
                fields=["certification", "kind", "starts_on", "renewed_on"],
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="term_ends_if_emeritus",
                condition=Q(kind="active", ends_on__isnull=True)
                | Q(kind="emeritus", ends_on__isnull=False, ends_on__gt=models.F("starts_on")),
            ),
            models.CheckConstraint(
                name="term_known_reason",
                condition=Q(reason__in=["earned", "imported", "renewed", "earned_another", "bought"]),
            ),
            # Nothing else is bought as Emeritus: it renews nothing (EMR-15).
            models.CheckConstraint(name="term_bought_is_emeritus", condition=~Q(reason="bought") | Q(kind="emeritus")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.starts_on}"


class StatusChange(models.Model):
    """A change in a certification's life, kept with its reason. Append-only."""

    certification = models.ForeignKey(Certification, on_delete=models.PROTECT, related_name="status_changes")
    effective_on = models.DateField()
    before = models.CharField(max_length=20, choices=Certification.Status, blank=True)
    after = models.CharField(max_length=20, choices=Certification.Status)
    active_ends_on = models.DateField(null=True, blank=True)
    inactive_on = models.DateField(null=True, blank=True)
    clause = models.CharField(max_length=10)
    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.before or '-'} to {self.after} on {self.effective_on}"
