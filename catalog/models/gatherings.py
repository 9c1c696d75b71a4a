"""Events with sessions that earn credits: gatherings, their sessions, and when each was held."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Gathering(models.Model):
    """An event such as a yearly conference; attending it earns nothing by itself (LIVE-07)."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    # The code under which its organiser's programs act: they see this event, and nobody else's do.
    organiser = models.SlugField(max_length=50, blank=True, default="", db_default="")
    place = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=50, default="UTC")
    starts_on = models.DateField()
    ends_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(name="gathering_ends_after_start", condition=Q(ends_on__gte=F("starts_on")))
        ]

    def __str__(self) -> str:
        return self.name


class Session(models.Model):
    """A session of a gathering. What it is worth is read from its code and its length (LIVE-01, LIVE-05)."""

    gathering = models.ForeignKey(Gathering, on_delete=models.PROTECT, related_name="sessions")
    code = models.CharField(max_length=20)
    title = models.CharField(max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField()
    marked = models.BooleanField(default=False)  # a mission marked as eligible (LIVE-08)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(name="session_code_once_per_gathering", fields=["gathering", "code"]),
            models.CheckConstraint(name="session_lasts", condition=Q(minutes__gt=0)),
        ]

    def __str__(self) -> str:
        return self.code


class SessionTime(models.Model):
    """One time at which a session was held; the same session may be repeated during a gathering."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="times")
    starts_at = models.DateTimeField()
    held_on = models.DateField()  # the day of its start, in the gathering's time zone
    room = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("session time")
        ordering = ["starts_at"]
        constraints = [models.UniqueConstraint(name="session_time_once", fields=["session", "starts_at"])]

    def __str__(self) -> str:
        return f"{self.session_id} at {self.starts_at:%Y-%m-%d %H:%M}"
