"""Where and when expert labs are held.

A *site* has *patterns*, from which its *sittings* are opened a year ahead, and *closures*. A *sitting* is one day of a
site; its *seats* are what bookings take.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from candidates.models import Track

WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)


class Site(models.Model):
    """A place where expert labs are held."""

    class Kind(models.TextChoices):
        FIXED = "fixed", _("fixed")
        MOBILE = "mobile", _("mobile")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIXED)
    country = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=50)
    address = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SitePrice(models.Model):
    """A site's own price of a seat, from a day on; without one the book's holds (LAB-04)."""

    class Kit(models.TextChoices):
        FIXED = "fixed", _("the site's equipment")
        BRING_YOUR_OWN = "mobile_byod", _("the candidate's own equipment")
        KIT = "mobile_kit", _("the organiser's kit")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="prices")
    kit = models.CharField(max_length=12, choices=Kit, default=Kit.FIXED)  # a key of lab.fee
    since = models.DateField()
    net_cents = models.PositiveIntegerField()

    class Meta:
        ordering = ["site", "kit", "-since"]
        constraints = [
            models.UniqueConstraint(name="site_price_one_per_day", fields=["site", "kit", "since"]),
            models.CheckConstraint(
                name="site_price_known_kit", condition=Q(kit__in=["fixed", "mobile_byod", "mobile_kit"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.kit} since {self.since}"


class SittingPattern(models.Model):
    """A weekday on which a site regularly holds a sitting. Sittings opened from it before it changed stay."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="patterns")
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(WEEKDAYS)))  # as date.weekday(): 0 is Monday
    starts_at = models.TimeField()  # by the site's clock
    seats = models.PositiveSmallIntegerField()
    tracks = models.ManyToManyField(Track, blank=True, related_name="+")  # none: every track that has a lab
    holds_from = models.DateField()
    holds_until = models.DateField(null=True, blank=True)  # the last day, included

    class Meta:
        ordering = ["site", "weekday", "holds_from"]
        constraints = [
            models.CheckConstraint(name="sitting_pattern_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(name="sitting_pattern_has_seats", condition=Q(seats__gt=0)),
            models.CheckConstraint(
                name="sitting_pattern_days_in_order",
                condition=Q(holds_until__isnull=True) | Q(holds_until__gte=F("holds_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} on {self.get_weekday_display()}"


class Closure(models.Model):
    """Days on which a site holds no sitting. Those with a live booking stay until staff have moved it."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="closures")
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(name="closure_days_in_order", condition=Q(last_day__gte=F("first_day"))),
            ExclusionConstraint(
                name="closure_no_overlap",
                expressions=[
                    ("site", RangeOperators.EQUAL),
                    (
                        Func(
                            F("first_day"),
                            F("last_day"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} from {self.first_day} to {self.last_day}"


class Sitting(models.Model):
    """One day of labs at a site. Its start is by the site's clock, so that it stays right when clocks change."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="sittings")
    day = models.DateField()
    starts_at = models.TimeField()
    tracks = models.ManyToManyField(Track, blank=True, related_name="+")  # none: every track that has a lab
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # no longer offered, as the site is closed that day
    closed_at = models.DateTimeField(null=True, blank=True)  # by the proctor, at the end of the day
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["day", "site"]
        constraints = [
            models.UniqueConstraint(name="sitting_one_per_site_and_day", fields=["site", "day"]),
            models.CheckConstraint(
                name="sitting_closed_by_somebody",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["day"], name="sitting_by_day", condition=Q(withdrawn_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.site_id} on {self.day}"


class Seat(models.Model):
    """A place at a sitting. Bookings refer to it, and the database lets at most one of them have it."""

    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["sitting", "number"]
        constraints = [models.UniqueConstraint(name="seat_number_once", fields=["sitting", "number"])]

    def __str__(self) -> str:
        return f"{self.sitting_id}: {self.number}"


class SiteMember(models.Model):
    """A proctor of a site."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="members")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="site_member")
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.user_id} at {self.site_id}"
