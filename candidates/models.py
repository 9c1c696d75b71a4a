"""People and their certifications.

A *user* logs in. A *candidate* is a person in the certification records and may exist before any login; a user is
linked to it once. A *certification* is held in one track; its life is a chain of *terms*, of which the latest that
has begun runs. A *notice* is an official message, kept with what was said and to which address (CE-13).
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users who log in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Someone who can log in, by e-mail address."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc,assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Candidate(models.Model):
    """A person in the certification records."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True)
    number = models.CharField(_("candidate number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=150)
    born = models.DateField(_("date of birth"))
    country = models.CharField(_("country of residence"), max_length=2)
    region = models.CharField(_("region"), max_length=6, blank=True)
    billing_country = models.CharField(_("billing country"), max_length=2, blank=True)
    email = models.EmailField(_("registered e-mail address"))
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="candidate_country_code", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.CheckConstraint(
                name="candidate_billing_country_code",
                condition=Q(billing_country="") | Q(billing_country__regex=r"^[A-Z]{2}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


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
    inactive_on = models.DateField(null=True, blank=True)
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
                | Q(
                    active_ends_on__isnull=False,
                    inactive_on__isnull=False,
                    inactive_on__gte=models.F("active_ends_on"),
                ),
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

    certification = models.ForeignKey(Certification, on_delete=models.PROTECT, related_name="terms")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ACTIVE)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # Emeritus terms only; active terms are dated by the book
    renewed_on = models.DateField()  # the requirement date, or the day it was earned or imported from
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
                fields=["certification", "starts_on", "renewed_on"],
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="term_ends_if_emeritus",
                condition=Q(kind="active", ends_on__isnull=True)
                | Q(kind="emeritus", ends_on__isnull=False, ends_on__gt=models.F("starts_on")),
            ),
            models.CheckConstraint(
                name="term_known_reason",
                condition=Q(reason__in=["earned", "imported", "renewed", "earned_another"]),
            ),
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


class Agreement(models.Model):
    """A version of a text that people accept: the programme's terms, the candidate agreement, the recording notice."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("programme terms")
        AGREEMENT = "agreement", _("certification and confidentiality agreement")
        RECORDING = "recording", _("recording on camera")

    kind = models.CharField(max_length=20, choices=Kind)
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    text = models.TextField()
    effective_on = models.DateField()

    class Meta:
        ordering = ["kind", "-effective_on"]
        constraints = [
            models.UniqueConstraint(name="agreement_version_unique", fields=["kind", "version"]),
            models.UniqueConstraint(name="agreement_one_per_day", fields=["kind", "effective_on"]),
            models.CheckConstraint(
                name="agreement_known_kind", condition=Q(kind__in=["terms", "agreement", "recording"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class Acceptance(models.Model):
    """A candidate's acceptance of a version, with its moment and address (CE-05). Append-only."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="acceptances")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT)
    accepted_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="acceptance_once", fields=["candidate", "agreement"])]

    def __str__(self) -> str:
        return f"{self.candidate_id} accepted {self.agreement_id}"


class Notice(models.Model):
    """An official message: what was said, to which address, when, and whether it arrived (CE-13)."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("on its way")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("returned")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)  # kind, subject and day: the same message is made once
    address = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="notice_known_status", condition=Q(status__in=["queued", "sent", "delivered", "bounced"])
            ),
            models.CheckConstraint(
                name="notice_sent_has_when", condition=Q(status="queued") | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["candidate", "-created_at"], name="notice_by_candidate")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"


class Case(models.Model):
    """Something that a rule leaves to people: opened with all that is known, closed with what was decided."""

    class Kind(models.TextChoices):
        CORRECTED_RESULT = "corrected_result", _("corrected result under a later renewal")
        FAILED_AUDIT = "failed_audit", _("failed audit")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    key = models.CharField(max_length=120, unique=True)  # kind and subject: the same case is opened once
    kind = models.CharField(max_length=30, choices=Kind)
    clause = models.CharField(max_length=10)
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, null=True, blank=True, related_name="cases")
    subject = models.CharField(max_length=60)  # what it is about, as "app.model:id"
    facts = models.JSONField()  # all that is needed to decide, as it stood
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True)
    resolution = models.TextField(blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="case_closed_has_when_and_why",
                condition=Q(status="open", closed_at__isnull=True, resolution="")
                | (Q(status="closed", closed_at__isnull=False) & ~Q(resolution="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
