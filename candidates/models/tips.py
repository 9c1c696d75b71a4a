"""What people report in confidence (CAND-03): tips, what is said about them since, and their files.

Nothing here says who reported: no account, no address of a machine. Whoever has the passphrase is the reporter.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models.messages import Case
from candidates.models.people import User


class Tip(models.Model):
    """A report of suspected misconduct, followed up by its reference and a passphrase of which the hash is kept."""

    class Status(models.TextChoices):
        OPEN = "open", _("being looked into")
        CLOSED = "closed", _("closed")

    class Outcome(models.TextChoices):
        ACTED = "acted", _("We found a breach of the rules and acted on it.")
        NOT_CONFIRMED = "not_confirmed", _("We looked into it and could not confirm a breach of the rules.")
        NO_BREACH = "no_breach", _("We looked into it; what was done breaks no rule of the programme.")
        NOT_ENOUGH = "not_enough", _("There was not enough for us to look into it.")

    reference = models.CharField(_("reference"), max_length=20, unique=True)
    passphrase_sha256 = models.CharField(max_length=64)
    form_sha256 = models.CharField(max_length=64, unique=True)  # of the form's key: sent twice, it is one tip
    person = models.CharField(_("whom it concerns"), max_length=200, blank=True)  # a number or a name, as typed
    activity = models.CharField(_("exam or training"), max_length=200, blank=True)
    happened_on = models.DateField(_("day"))
    words = models.TextField(_("what happened"))
    language = models.CharField(max_length=10)  # of the mail that says a message waits
    address = models.EmailField(blank=True)  # the reporter's choice; staff do not see it, and it goes with the outcome
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="tip")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    filed_at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    answer = models.TextField(_("what the reporter is told"), blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-filed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="tip_closed_has_outcome_and_who",
                condition=Q(status="open", outcome="", answer="", closed_at__isnull=True, closed_by__isnull=True)
                | (
                    Q(
                        status="closed",
                        outcome__in=["acted", "not_confirmed", "no_breach", "not_enough"],
                        closed_at__isnull=False,
                        closed_by__isnull=False,
                    )
                    & ~Q(answer="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class TipMessage(models.Model):
    """Something said about a tip after it came in: a question of staff, or words of the reporter. Append-only."""

    tip = models.ForeignKey(Tip, on_delete=models.PROTECT, related_name="messages")
    staff = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # null: reporter
    words = models.TextField(_("words"))
    form_sha256 = models.CharField(max_length=64, unique=True)  # of the form's key: sent twice, it is said once
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="tip_message_has_words", condition=~Q(words=""))]

    def __str__(self) -> str:
        return f"{self.tip_id}: {self.words[:40]}"

    @property
    def by_staff(self) -> bool:
        """Whether a member of staff wrote it; the reporter is not told which."""
        return self.staff_id is not None


class TipFile(models.Model):
    """A file of a tip. Kept under a random name, served to staff only. Append-only."""

    tip = models.ForeignKey(Tip, on_delete=models.PROTECT, related_name="files")
    file = models.FileField(upload_to="tips", max_length=200)
    original_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="tip_file_once", fields=["tip", "sha256"]),
            models.CheckConstraint(
                name="tip_file_known_kind", condition=Q(kind__in=["application/pdf", "image/png", "image/jpeg"])
            ),
        ]

    def __str__(self) -> str:
        return self.original_name
