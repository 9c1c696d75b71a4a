"""How a minor's parent or guardian signs from afar: by a link that is sent to them (CAND-05)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models.agreements import Agreement, GuardianConsent
from candidates.models.people import Candidate, User

NONCE_LENGTH = 32  # characters of base64: 192 random bits


class GuardianRequest(models.Model):
    """A link by which a parent or guardian signs once, without an account, and can take the signature back.

    The link is the nonce under the portal's signature (candidates.guardians), so that nobody who reads the row, and not
    the candidate either, can make it.
    """

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="guardian_requests")
    nonce = models.CharField(max_length=NONCE_LENGTH, unique=True)
    email = models.EmailField(_("guardian's e-mail address"))
    language = models.CharField(_("language"), max_length=10)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(_("expires"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)  # the link, before anybody signed
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    ip_address = models.GenericIPAddressField(_("signed from"), null=True, blank=True)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    language_read = models.CharField(_("language read"), max_length=10, blank=True)
    consent = models.ForeignKey(
        GuardianConsent, on_delete=models.PROTECT, null=True, blank=True, related_name="requests"
    )

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="guardian_request_one_open",
                fields=["candidate"],
                condition=Q(withdrawn_at__isnull=True, signed_at__isnull=True),
            ),
            models.CheckConstraint(name="guardian_request_ends_later", condition=Q(expires_at__gt=F("asked_at"))),
            models.CheckConstraint(
                name="guardian_request_signed_has_consent",
                condition=Q(signed_at__isnull=True, consent__isnull=True, language_read="")
                | Q(signed_at__isnull=False, consent__isnull=False, withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"guardian of {self.candidate_id} asked on {self.asked_at:%Y-%m-%d}"
