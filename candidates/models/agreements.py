"""What people accept and sign."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models.people import Candidate, User


class Agreement(models.Model):
    """A version of a text that people accept: the programme's terms, the candidate agreement, the recording notice."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("programme terms")
        AGREEMENT = "agreement", _("certification and confidentiality agreement")
        RECORDING = "recording", _("recording on camera")

    kind = models.CharField(max_length=20, choices=Kind)
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    text = models.TextField()
    effective_on = models.DateField()

    class Meta:
        ordering = ["kind", "-effective_on"]
        constraints = [
            models.UniqueConstraint(name="agreement_version_unique", fields=["kind", "version"]),
            models.UniqueConstraint(name="agreement_one_per_day", fields=["kind", "effective_on"]),
            models.CheckConstraint(
                name="agreement_known_kind", condition=Q(kind__in=["terms", "agreement", "recording"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class Acceptance(models.Model):
    """A candidate's acceptance of a version, with its moment and address (CE-05). Append-only."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="acceptances")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT)
    accepted_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="acceptance_once", fields=["candidate", "agreement"])]

    def __str__(self) -> str:
        return f"{self.candidate_id} accepted {self.agreement_id}"


class GuardianConsent(models.Model):
    """A parent's or legal guardian's signature that lets a minor be tested, with what shows it (CAND-05)."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="guardian_consents")
    guardian = models.CharField(_("name of the parent or guardian"), max_length=150)
    relation = models.CharField(_("relation to the candidate"), max_length=60, blank=True)
    signed_on = models.DateField(_("signed on"))
    evidence = models.TextField(_("what shows the signature"))
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-signed_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="guardian_consent_once",
                fields=["candidate", "guardian", "signed_on"],
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="guardian_consent_withdrawn_has_why",
                condition=Q(withdrawn_at__isnull=True, withdrawn_because="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_because="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian} on {self.signed_on}"
