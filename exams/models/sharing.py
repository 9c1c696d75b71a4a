"""What candidates show to others: links to score reports of their choice, or to all that they passed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate
from candidates.models.sharing import TOKEN_LENGTH
from exams.models.results import Attempt


class ResultLink(models.Model):
    """A link by which whoever has it sees results that their candidate chose (EXAM-14).

    The token is kept as it is, so that the candidate can copy the link again; it opens nothing else.
    """

    class Shows(models.TextChoices):
        REPORTS = "reports", _("the results I choose")
        TRANSCRIPT = "transcript", _("a transcript: every exam I have passed, later ones too")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="result_links")
    form_key = models.UUIDField()  # of the form it was made by: sent twice, it makes one link
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True)
    label = models.CharField(_("for whom"), max_length=80, blank=True)  # the candidate's own words, for nobody else
    shows = models.CharField(max_length=10, choices=Shows)
    attempts = models.ManyToManyField(Attempt, related_name="+", blank=True)  # as chosen; none of a transcript
    with_sections = models.BooleanField(_("with the breakdown by section"), default=False)
    last_on = models.DateField(_("last day"), null=True, blank=True)  # it still shows them on it; null: until withdrawn
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="result_link_once_per_form", fields=["candidate", "form_key"]),
            models.CheckConstraint(name="result_link_known_shows", condition=Q(shows__in=["reports", "transcript"])),
        ]
        indexes = [models.Index(fields=["candidate", "-created_at"], name="result_link_by_candidate")]

    def __str__(self) -> str:
        return f"link {self.pk} of {self.candidate_id}"
