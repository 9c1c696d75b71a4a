"""What holders show to others: links to certifications of their choice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from candidates.models.certifications import Certification
from candidates.models.people import Candidate

TOKEN_LENGTH = 32  # characters of base64: 192 random bits, which nobody guesses


class VerificationLink(models.Model):
    """A link by which whoever has it sees certifications that their holder chose (CERT-09).

    The token is kept as it is, so that the holder can copy the link again; it opens nothing else.
    """

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="verification_links")
    form_key = models.UUIDField()  # of the form it was made by: sent twice, it makes one link
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True)
    label = models.CharField(_("for whom"), max_length=80, blank=True)  # the holder's own words, shown to nobody else
    certifications = models.ManyToManyField(Certification, related_name="+")
    last_on = models.DateField(_("last day"), null=True, blank=True)  # it still shows them on it; null: until withdrawn
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="verification_link_once_per_form", fields=["candidate", "form_key"])
        ]
        indexes = [models.Index(fields=["candidate", "-created_at"], name="verification_link_by_candidate")]

    def __str__(self) -> str:
        return f"link {self.pk} of {self.candidate_id}"
