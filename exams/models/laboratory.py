"""What happens on the exam day and after it: arrival, the log, faults and their remedies, re-reads."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from exams.models.bookings import Booking
from exams.models.places import Sitting
from payments.models import Order, Voucher


class CheckIn(models.Model):
    """An arrival: when, with which two identity documents, photographed and signed (EXAM-13, LAB-12). Append-only."""

    class Document(models.TextChoices):
        PASSPORT = "passport", _("passport")
        IDENTITY_CARD = "identity_card", _("national identity card")
        DRIVING_LICENCE = "driving_licence", _("driving licence")
        RESIDENCE_PERMIT = "residence_permit", _("residence permit")
        BANK_CARD = "bank_card", _("bank card with signature")
        EMPLOYEE_CARD = "employee_card", _("employee card with signature")

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="check_in")
    minutes_late = models.PositiveSmallIntegerField()
    photo_document = models.CharField(max_length=20, choices=Document, blank=True)  # a government's, with a photograph
    second_document = models.CharField(max_length=20, choices=Document, blank=True)
    photographed = models.BooleanField()  # with the candidate's consent
    signed = models.BooleanField()
    decision = models.JSONField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.booking_id}, {self.minutes_late} minutes late"


class LogEntry(models.Model):
    """A line of the proctor's log (LAB-18). Append-only."""

    class Kind(models.TextChoices):
        STARTED = "started", _("started")
        BREAK = "break", _("break")
        DICTIONARY = "dictionary", _("paper dictionary checked")
        NOTE = "note", _("note")
        MISSED = "missed", _("not appeared")
        FAULT = "fault", _("fault")
        ENDED = "ended", _("ended")

    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="log")
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="log")
    kind = models.CharField(max_length=12, choices=Kind)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.CharField(max_length=500, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.recorded_at}"


class Incident(models.Model):
    """A fault during a lab, or an unavoidable event that prevented or disturbed it (INC-01, INC-02, INC-04)."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="incidents")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)  # None while its clock is running
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)  # time lost; None where none was counted
    too_long = models.BooleanField(default=False, db_default=False)  # as one could see, the limit or more (INC-02)
    unavoidable = models.BooleanField(default=False)  # an event, not a fault of the lab (INC-04)
    description = models.TextField(blank=True)
    caused_by_candidate = models.BooleanField(null=True, blank=True)
    modules_passed = models.BooleanField(null=True, blank=True)  # every completed one that the fault did not touch
    decision = models.JSONField(null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["began_at", "id"]
        constraints = [
            models.UniqueConstraint(
                name="incident_one_running", fields=["booking"], condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="incident_ended_has_outcome",
                condition=Q(ended_at__isnull=True) | Q(minutes__isnull=False) | Q(too_long=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.minutes} minutes"

    @property
    def is_running(self) -> bool:
        """Whether its clock is running."""
        return self.ended_at is None


class Remedy(models.Model):
    """What a candidate gets for an incident: a free reschedule or a voucher, never money (INC-03)."""

    class Kind(models.TextChoices):
        RESCHEDULE = "reschedule", _("free reschedule")
        VOUCHER = "voucher", _("voucher")

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="remedy")
    kind = models.CharField(max_length=10, choices=Kind)
    used_at = models.DateTimeField(null=True, blank=True)  # the free reschedule was made
    voucher = models.OneToOneField(Voucher, on_delete=models.PROTECT, null=True, blank=True, related_name="remedy")
    decision = models.JSONField()
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "remedies"
        constraints = [
            models.CheckConstraint(
                name="remedy_is_a_change_or_a_voucher",
                condition=Q(kind="reschedule", voucher__isnull=True)
                | Q(kind="voucher", voucher__isnull=False, used_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.booking_id}"


class Reread(models.Model):
    """A failed lab read once more on request (RRD-01 to RRD-05)."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested, not paid")
        PAID = "paid", _("being read")
        UNCHANGED = "unchanged", _("the result stays")
        TURNED = "turned", _("turned to a pass")
        LAPSED = "lapsed", _("not paid in time")

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="reread")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    decision = models.JSONField()
    requested_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)  # by when the outcome is promised (RRD-05)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reread_known_status",
                condition=Q(status__in=["requested", "paid", "unchanged", "turned", "lapsed"]),
            ),
            models.CheckConstraint(
                name="reread_paid_has_when",
                condition=~Q(status__in=["paid", "unchanged", "turned"])
                | Q(paid_at__isnull=False, due_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.status}"
