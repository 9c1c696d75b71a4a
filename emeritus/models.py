"""Emeritus: the status that long-time experts buy. The status itself lives with the certification.

A *purchase* is asked for, and made once it is paid: it gives the certifications of a family, or of both, the same term.
A *record* says of each such term how its holder comes back to active.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, Certification, Notice, Term
from payments.models import Order


class EmeritusPurchase(models.Model):
    """A term that a candidate asked to buy, and bought on the day it was paid (EMR-03, EMR-06, EMR-07)."""

    class Covers(models.TextChoices):
        CCIE = "ccie", _("CCIE")
        CCDE = "ccde", _("CCDE")
        BOTH = "both", _("CCIE and CCDE")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="emeritus_purchases")
    covers = models.CharField(max_length=4, choices=Covers)
    starts_on = models.DateField()  # the anniversary; Emeritus itself begins when the active status ends
    ends_on = models.DateField()
    decision = models.JSONField()  # on the day it was asked for; once it is bought, on the day of the payment
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)  # Emeritus all the same, having been warned (EMR-09)
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="emeritus_purchase"
    )
    bought_on = models.DateField(null=True, blank=True)  # the payment day

    class Meta:
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(name="emeritus_purchase_known", condition=Q(covers__in=["ccie", "ccde", "both"])),
            models.CheckConstraint(name="emeritus_purchase_in_order", condition=Q(ends_on__gt=F("starts_on"))),
            models.UniqueConstraint(name="emeritus_purchase_once", fields=["candidate", "covers", "starts_on"]),
            models.CheckConstraint(
                name="emeritus_purchase_paid_has_order",
                condition=Q(bought_on__isnull=True) | Q(order__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.covers} from {self.starts_on}"


class EmeritusRecord(models.Model):
    """What an Emeritus term brings with it: the route back to active, and where it came from (CE-04, EMR-18)."""

    class Route(models.TextChoices):
        RECERTIFY = "recertify", _("by the current recertification requirements")
        WRITTEN_AND_LAB = "written_and_lab", _("by a written exam and a lab")

    class Origin(models.TextChoices):
        PURCHASE = "purchase", _("bought")
        BUSINESS_TRANSFORMATION = "business_transformation", _("Business Transformation certification")

    certification = models.ForeignKey(Certification, on_delete=models.PROTECT, related_name="emeritus_records")
    term = models.OneToOneField(Term, on_delete=models.PROTECT, related_name="emeritus_record")
    purchase = models.ForeignKey(  # none for what was imported
        EmeritusPurchase, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    route = models.CharField(max_length=20, choices=Route, default=Route.RECERTIFY)
    origin = models.CharField(max_length=30, choices=Origin, default=Origin.PURCHASE)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="emeritus_known_route", condition=Q(route__in=["recertify", "written_and_lab"])
            ),
            models.CheckConstraint(
                name="emeritus_known_origin", condition=Q(origin__in=["purchase", "business_transformation"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certification_id} {self.route}"


class WindowTold(models.Model):
    """That a holder was told of a window: once for each anniversary (EMR-02). Append-only."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="emeritus_windows_told")
    family = models.CharField(max_length=4)
    anniversary_on = models.DateField()
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="+")
    told_on = models.DateField()

    class Meta:
        ordering = ["-anniversary_on", "-id"]
        verbose_name_plural = "windows told"
        constraints = [
            models.UniqueConstraint(name="emeritus_window_told_once", fields=["candidate", "family", "anniversary_on"]),
            models.CheckConstraint(name="emeritus_window_known_family", condition=Q(family__in=["ccie", "ccde"])),
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.anniversary_on}"
