"""What earns credits without a claim: sessions at events, exam items and workshops of exam development."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, Track
from catalog.models import SessionTime


class Attendance(models.Model):
    """A person at a session, by the badge scans that the organiser reported, with what was decided (LIVE-01 to 08).

    More scans of the same session add to it and have it decided anew, until it has earned.
    """

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="attendances")
    session_time = models.ForeignKey(SessionTime, on_delete=models.PROTECT, related_name="attendances")
    attended_on = models.DateField()
    badges = models.JSONField()  # [[minute in, minute out], ...] from the start, overlapping pairs merged (LIVE-04)
    minutes_present = models.PositiveSmallIntegerField()
    # What it is worth (LIVE-05) where all is met that can be said of it alone; null where something is not.
    credits = models.PositiveSmallIntegerField(null=True, blank=True)
    earned = models.BooleanField(default=False)  # beside the person's other attendances (CR-04, LIVE-06)
    decision = models.JSONField()
    recorded_at = models.DateTimeField()
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["attended_on", "id"]
        constraints = [
            models.UniqueConstraint(name="attendance_once_per_session_time", fields=["candidate", "session_time"]),
            models.CheckConstraint(
                name="attendance_earned_is_worth_something",
                condition=Q(earned=False) | Q(credits__isnull=False, credits__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} at {self.session_time_id}"


class AuthoredItems(models.Model):
    """Exam items of one kind by one author, accepted on a day, as the exam team reports them (XDEV-01). Append-only."""

    class Kind(models.TextChoices):
        EXPERT_LAB_PERFORMANCE = "expert_lab_performance", _("expert lab, performance-based")
        CORE_OR_SPECIALIST_PERFORMANCE = "core_or_specialist_performance", _("core or specialist, performance-based")
        ASSOCIATE_PERFORMANCE = "associate_performance", _("associate, performance-based")
        SPECIALIST = "specialist", _("specialist")
        CORE = "core", _("core")
        ASSOCIATE = "associate", _("associate")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="authored_items")
    reference = models.CharField(max_length=60, unique=True)  # the exam team's own: reporting it twice is once
    kind = models.CharField(max_length=40, choices=Kind)
    accepted = models.PositiveSmallIntegerField()
    accepted_on = models.DateField()
    credits = models.PositiveSmallIntegerField()
    decision = models.JSONField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "authored items"
        ordering = ["-accepted_on", "-id"]
        constraints = [models.CheckConstraint(name="authored_items_some", condition=Q(accepted__gt=0, credits__gt=0))]

    def __str__(self) -> str:
        return self.reference


class Workshop(models.Model):
    """A person's days in a workshop of exam development, as the exam team reports them (XDEV-03). Append-only."""

    class Kind(models.TextChoices):
        MQC = "mqc", _("minimally qualified candidate")
        JTA = "jta", _("job task analysis")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="workshops")
    reference = models.CharField(max_length=60, unique=True)  # the exam team's own: reporting it twice is once
    kind = models.CharField(max_length=10, choices=Kind)
    level = models.CharField(max_length=20, choices=Track.Level)
    days = models.PositiveSmallIntegerField()
    held_on = models.DateField()  # its last day
    credits = models.PositiveSmallIntegerField()
    decision = models.JSONField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["-held_on", "-id"]
        constraints = [models.CheckConstraint(name="workshop_some_days", condition=Q(days__gt=0, credits__gt=0))]

    def __str__(self) -> str:
        return self.reference
