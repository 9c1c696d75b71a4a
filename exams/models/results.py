"""Exams and what came of them. An *attempt* is one sitting of an exam by a candidate, with its result."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, Track


class Exam(models.Model):
    """An exam that can be taken under a number."""

    class Kind(models.TextChoices):
        ENTRY = "entry", _("Entry")
        ASSOCIATE = "associate", _("Associate")
        CONCENTRATION = "concentration", _("Concentration")
        CORE = "core", _("Technology core")
        EXPERT_WRITTEN = "expert_written", _("Expert written")
        EXPERT_LAB = "expert_lab", _("Expert lab or practical")
        UNPROCTORED = "unproctored", _("Unproctored online")

    number = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind)
    # The certification that this exam alone earns.
    earns = models.ForeignKey(Track, on_delete=models.PROTECT, null=True, blank=True, related_name="earned_by")
    # The written exam that opens this lab (LAB-03); a lab that nothing opens cannot be booked.
    opened_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="opens")
    retires_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                name="exam_known_kind",
                condition=Q(
                    kind__in=[
                        "entry",
                        "associate",
                        "concentration",
                        "core",
                        "expert_written",
                        "expert_lab",
                        "unproctored",
                    ]
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Attempt(models.Model):
    """One sitting of an exam and its result. Append-only: a correction is a new row that supersedes.

    One that the rules forbid is disallowed: it counts for nothing and stands beside what counts of that day (EXAM-08).
    """

    class Result(models.TextChoices):
        PASS = "pass", _("pass")
        FAIL = "fail", _("fail")
        ANNULLED = "annulled", _("annulled")
        DISALLOWED = "disallowed", _("disallowed")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="attempts")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="attempts")
    taken_on = models.DateField()
    result = models.CharField(max_length=12, choices=Result)
    reported = models.CharField(
        max_length=4, blank=True, default="", db_default=""
    )  # of a disallowed one: the result that was reported
    held_in = models.CharField(
        max_length=2, blank=True, default="", db_default=""
    )  # the country in which it was taken, where that was said
    reported_by = models.SlugField(
        blank=True, default="", db_default=""
    )  # the code of the test partner whose program reported it
    sections = models.JSONField(null=True, blank=True)  # the report by section: title and percent (EXAM-10)
    decision = models.JSONField(null=True, blank=True)  # why it could be taken, or not (EXAM-08)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-taken_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="attempt_once_per_day",
                fields=["candidate", "exam", "taken_on"],
                condition=Q(supersedes__isnull=True) & ~Q(result="disallowed"),
            ),
            models.UniqueConstraint(
                name="attempt_disallowed_once",
                fields=["candidate", "exam", "taken_on", "reported"],
                condition=Q(result="disallowed"),
            ),
            models.CheckConstraint(
                name="attempt_disallowed_has_what_and_why",
                condition=Q(result="disallowed", reported__in=["pass", "fail"], decision__isnull=False)
                | (~Q(result="disallowed") & Q(reported="")),
            ),
            models.CheckConstraint(
                name="attempt_known_result",
                condition=Q(result__in=["pass", "fail", "annulled", "disallowed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} on {self.taken_on}: {self.result}"
