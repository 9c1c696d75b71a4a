"""What is said to people, and what is put before programme staff."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models.people import Candidate, User


class Notice(models.Model):
    """An official message: what was said, to which address, when, and whether it arrived (CE-13).

    It is held back, and only to be read in the portal, while its address is one that mail came back from. What the
    mail service reports is kept moment by moment; the status follows from the moments, in whatever order they came.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("on its way")
        HELD = "held", _("held back")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("returned")
        COMPLAINED = "complained", _("marked as unwanted")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)  # kind, subject and day: the same message is made once
    address = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    language = models.CharField(max_length=10, default="", db_default="", blank=True)  # in which it is written
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)  # by the clock of the mail service, as the next two
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(default="", db_default="", blank=True)  # the other side's words when it came back
    service_id = models.CharField(max_length=255, default="", db_default="", blank=True)  # the mail service's own name
    read_at = models.DateTimeField(_("opened in the portal"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="notice_known_status",
                condition=Q(status__in=["queued", "held", "sent", "delivered", "bounced", "complained"]),
            ),
            models.CheckConstraint(
                name="notice_sent_has_when", condition=Q(status__in=["queued", "held"]) | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["candidate", "-created_at"], name="notice_by_candidate"),
            models.Index(fields=["service_id"], name="notice_by_service_id", condition=~Q(service_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"


class Case(models.Model):
    """Something that a rule leaves to people: opened with all that is known, closed with what was decided."""

    class Kind(models.TextChoices):
        CORRECTED_RESULT = "corrected_result", _("corrected result under a later renewal")
        FAILED_AUDIT = "failed_audit", _("failed audit")
        GUESSED_CODES = "guessed_codes", _("guessed or forged voucher codes")
        LAB_INCIDENT = "lab_incident", _("lab ended by a fault or an event")
        CLOSED_SITE = "closed_site", _("site closed on days with bookings")
        DISALLOWED_RESULT = "disallowed_result", _("result that the rules forbid")
        LATE_BREACH = "late_breach", _("result in breach of one reported later")
        BARRED_RETURNS = "barred_returns", _("registered again under a sanction")
        DISPUTED_PAYMENT = "disputed_payment", _("payment disputed by the cardholder")
        FAILED_REFUND = "failed_refund", _("refund that did not arrive")
        MONEY_DIFFERENCE = "money_difference", _("money that differs from the card service's")
        TIP = "tip", _("suspicion reported in confidence")

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
