"""Channel partners, and the experts who are associated with them (CERT-07)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from candidates.models.people import Candidate, User


class ChannelPartner(models.Model):
    """A company whose standing as a partner rests on the experts it employs."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PartnerMember(models.Model):
    """A user who acts for a channel partner: confirms who works there, and sees the partner's own people."""

    partner = models.ForeignKey(ChannelPartner, on_delete=models.PROTECT, related_name="members")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="partner_member")
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.user_id} at {self.partner_id}"


class Affiliation(models.Model):
    """An expert's association with a channel partner in a country: asked for, confirmed, and ended; history is kept."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        WITHDRAWN = "withdrawn", _("withdrawn")
        DECLINED = "declined", _("declined")
        IN_FORCE = "in_force", _("in force")
        ENDED = "ended", _("ended")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="affiliations")
    partner = models.ForeignKey(ChannelPartner, on_delete=models.PROTECT, related_name="affiliations")
    country = models.CharField(_("country where it counts"), max_length=2)
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision = models.JSONField()  # of the request, then of the confirmation
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)  # the first day without it
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)  # why it was declined or ended by others

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="affiliation_known_status",
                condition=Q(status__in=["requested", "withdrawn", "declined", "in_force", "ended"]),
            ),
            models.CheckConstraint(name="affiliation_country_code", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.UniqueConstraint(
                name="affiliation_one_request", fields=["candidate"], condition=Q(status="requested")
            ),
            models.CheckConstraint(
                name="affiliation_days_as_the_status_says",
                condition=Q(
                    status__in=["requested", "withdrawn", "declined"], starts_on__isnull=True, ends_on__isnull=True
                )
                | Q(status="in_force", starts_on__isnull=False, ends_on__isnull=True, decided_by__isnull=False)
                | Q(status="ended", ends_on__isnull=False, ends_on__gte=F("starts_on"), decided_by__isnull=False),
            ),
            # Whatever was in force, ever: on no day with two partners (CERT-07).
            ExclusionConstraint(
                name="affiliation_one_at_a_time",
                expressions=[
                    ("candidate", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_on"),
                            Coalesce(F("ends_on"), Value("infinity"), output_field=models.DateField()),
                            Value("[)"),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(status__in=["in_force", "ended"]),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "country"], name="affiliation_in_force", condition=Q(status="in_force"))
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} at {self.partner_id} ({self.status})"
