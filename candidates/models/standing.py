"""What bears on whether somebody may be tested, and take part at all: sanctions, and proofs of residence."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from candidates.models.messages import Case, Notice
from candidates.models.people import Candidate, User


class Sanction(models.Model):
    """A bar for a breach of the agreement: proposed by one member of staff, decided by another (CAND-02)."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        DECLINED = "declined", _("declined")
        RUNNING = "running", _("in force")
        LIFTED = "lifted", _("lifted")

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("upheld")
        DISMISSED = "dismissed", _("dismissed")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="sanctions")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="sanctions")
    clause = models.CharField(_("clause that was broken"), max_length=10)
    permanent = models.BooleanField(_("permanent"))
    exams_only = models.BooleanField(_("for exams only"), default=False)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)  # null: it stands until it is lifted
    statement = models.TextField(_("what happened"))  # the candidate reads it
    evidence = models.TextField(_("evidence"), blank=True)  # for staff
    status = models.CharField(max_length=10, choices=Status, default=Status.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_because = models.TextField(blank=True)
    decision = models.JSONField(null=True, blank=True)
    told = models.OneToOneField(Notice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    appeal_until = models.DateField(null=True, blank=True)  # the last day to file one
    appeal = models.TextField(blank=True)  # the candidate's words
    appealed_at = models.DateTimeField(null=True, blank=True)
    appeal_outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    appeal_decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    appeal_decided_at = models.DateTimeField(null=True, blank=True)
    appeal_decided_because = models.TextField(blank=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.TextField(blank=True)
    # Of one that bars for good whoever was erased since: by it the programme knows the person again (CAND-09, CAND-02).
    person_mark = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="sanction_known_status", condition=Q(status__in=["proposed", "declined", "running", "lifted"])
            ),
            models.UniqueConstraint(name="sanction_one_proposal", fields=["candidate"], condition=Q(status="proposed")),
            models.CheckConstraint(
                name="sanction_decided_has_who_and_when",
                condition=Q(status="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(status="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="sanction_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="sanction_told_and_open_to_appeal",
                condition=Q(status__in=["proposed", "declined"])
                | Q(told__isnull=False, decision__isnull=False, appeal_until__isnull=False),
            ),
            models.CheckConstraint(
                name="sanction_lifted_has_when_and_why",
                condition=Q(status="lifted", lifted_at__isnull=False) & ~Q(lifted_because="")
                | (~Q(status="lifted") & Q(lifted_at__isnull=True, lifted_because="")),
            ),
            models.CheckConstraint(
                name="sanction_permanent_has_no_end", condition=Q(permanent=False) | Q(ends_on__isnull=True)
            ),
            models.CheckConstraint(
                name="sanction_appeal_has_words", condition=Q(appealed_at__isnull=True) | ~Q(appeal="")
            ),
            models.CheckConstraint(
                name="sanction_appeal_decided_by_a_third",
                condition=Q(
                    appeal_outcome="",
                    appeal_decided_by__isnull=True,
                    appeal_decided_at__isnull=True,
                )
                | (
                    Q(
                        appeal_outcome__in=["upheld", "dismissed"],
                        appealed_at__isnull=False,
                        appeal_decided_by__isnull=False,
                        appeal_decided_at__isnull=False,
                    )
                    & ~Q(appeal_decided_because="")
                    & ~Q(appeal_decided_by=F("proposed_by"))
                    & ~Q(appeal_decided_by=F("decided_by"))
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["candidate"], name="sanction_running", condition=Q(status="running")),
        ]

    def __str__(self) -> str:
        return f"{self.clause} ({self.status})"

    @property
    def reach_in_words(self) -> str:
        """What it bars, and for how long, in the reader's language."""
        if self.exams_only:
            return gettext("exams, permanently") if self.permanent else gettext("exams, for the time being")
        if self.permanent:
            return gettext("everything, permanently; certifications are revoked")
        return gettext("everything, for the time being")


class SanctionFile(models.Model):
    """A file that a proposed sanction rests on, for both who sign it: attached with the proposal and never after it.

    The database refuses any change of it, and of what was proposed, while the sanction waits or is in force.
    """

    sanction = models.ForeignKey(Sanction, on_delete=models.PROTECT, related_name="files")
    file = models.FileField(upload_to="sanctions", max_length=200)
    original_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    attached_at = models.DateTimeField()  # the moment of the proposal

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(name="sanction_file_once", fields=["sanction", "sha256"])]

    def __str__(self) -> str:
        return self.original_name


class ResidenceProof(models.Model):
    """A document that proves residence elsewhere, as staff saw it; it lapses when the candidate moves (CAND-07)."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="residence_proofs")
    country = models.CharField(_("country of residence"), max_length=2)
    region = models.CharField(_("region"), max_length=6, blank=True)
    document = models.TextField(_("the document, and what was checked"))
    verified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField()
    lapsed_at = models.DateTimeField(null=True, blank=True)
    lapsed_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-verified_at", "-id"]
        constraints = [
            models.CheckConstraint(name="residence_proof_country_code", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.UniqueConstraint(
                name="residence_proof_one_that_stands", fields=["candidate"], condition=Q(lapsed_at__isnull=True)
            ),
            models.CheckConstraint(
                name="residence_proof_lapsed_has_why",
                condition=Q(lapsed_at__isnull=True, lapsed_because="")
                | (Q(lapsed_at__isnull=False) & ~Q(lapsed_because="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} ({self.verified_at:%Y-%m-%d})"
