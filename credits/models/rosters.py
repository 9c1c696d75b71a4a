"""Rosters: files of completions that a provider uploads, looks at as a dry run, and then reports (CE-10)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate
from catalog.models import Delivery, Item, Provider, ProviderMember
from credits.models.claims import Claim, CompletionReport


class Roster(models.Model):
    """A file as it was uploaded, and how far it has come. It stays, whoever looked at it and whatever became of it."""

    class Status(models.TextChoices):
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("dry run")
        REPORTING = "reporting", _("being reported")
        REPORTED = "reported", _("reported")
        DISCARDED = "discarded", _("discarded")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="rosters")
    form_key = models.UUIDField(unique=True)  # made with the form: sending it twice is one roster; also its address
    file_name = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status, default=Status.CHECKING)
    uploaded_by = models.ForeignKey(ProviderMember, on_delete=models.PROTECT, related_name="rosters")
    uploaded_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)  # the moment that the dry run speaks of
    reported_by = models.ForeignKey(
        ProviderMember, on_delete=models.PROTECT, null=True, blank=True, related_name="reported_rosters"
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="roster_known_status",
                condition=Q(status__in=["checking", "checked", "reporting", "reported", "discarded"]),
            ),
            models.CheckConstraint(
                name="roster_checked_has_when", condition=Q(status="checking") | Q(checked_at__isnull=False)
            ),
            models.CheckConstraint(
                name="roster_reported_has_who",
                condition=Q(status__in=["reporting", "reported"], reported_by__isnull=False)
                | Q(status__in=["checking", "checked", "discarded"], reported_by__isnull=True),
            ),
            models.CheckConstraint(
                name="roster_finished_has_when",
                condition=Q(status__in=["reported", "discarded"], finished_at__isnull=False)
                | Q(status__in=["checking", "checked", "reporting"], finished_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="roster_at_work", condition=Q(status__in=["checking", "reporting"])),
        ]

    def __str__(self) -> str:
        return self.file_name


class RosterRow(models.Model):
    """A line of a roster: what it says, and what reporting it would do or, once it is done, did."""

    class Outcome(models.TextChoices):
        EARNS = "earns", _("earns credits")
        APPROVES = "approves", _("approves a claim")
        COUNTED = "counted", _("has counted already")
        REFUSED = "refused", _("cannot be reported")

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField()  # as a spreadsheet counts: the first line holds the names of the columns
    given = models.JSONField()  # the cells as they were read, by column
    # What they name; null where they name nothing that this provider may report about.
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    completed_on = models.DateField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)  # empty: not checked yet
    credits = models.PositiveSmallIntegerField(null=True, blank=True)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    problems = models.JSONField(default=list)  # [{column, finding}]: why it is refused
    remarks = models.JSONField(default=list)  # likewise: what does not stand in the way
    report = models.ForeignKey(CompletionReport, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)  # from then on the outcome is what it did

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(name="roster_row_once_per_line", fields=["roster", "line"]),
            models.CheckConstraint(
                name="roster_row_known_outcome",
                condition=Q(outcome__in=["", "earns", "approves", "counted", "refused"]),
            ),
            models.CheckConstraint(
                name="roster_row_to_report_names_everything",
                condition=Q(outcome__in=["", "refused"])
                | Q(candidate__isnull=False, item__isnull=False, completed_on__isnull=False),
            ),
            models.CheckConstraint(
                name="roster_row_done_has_its_report",
                condition=Q(done_at__isnull=True, report__isnull=True)
                | Q(done_at__isnull=False, outcome="refused", report__isnull=True)
                | Q(done_at__isnull=False, outcome__in=["earns", "approves", "counted"], report__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["roster", "completed_on", "line"],
                name="roster_row_to_report",
                condition=Q(done_at__isnull=True, outcome__in=["earns", "approves", "counted"]),
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of {self.roster_id}"
