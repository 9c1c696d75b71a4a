"""Emeritus: the status that long-time experts buy. The status itself lives with the certification."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Certification, Term


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
