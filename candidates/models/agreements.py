"""What people accept and sign.

An *agreement* is one version of a text. Its English words stand on the version itself, so that every version has them;
a *translation* holds the same words in another language. A version is a *draft* until it is published, and what is
published never changes: the database refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from candidates.models.people import Candidate, User

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a version in one language."""

    language: str
    title: str
    text: str


class Agreement(models.Model):
    """A version of a text that people accept: the programme's terms, the candidate agreement, the recording notice."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("programme terms")
        AGREEMENT = "agreement", _("certification and confidentiality agreement")
        RECORDING = "recording", _("recording on camera")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    # It stands in addresses.
    version = models.CharField(_("version"), max_length=20, validators=[RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z.-]*$")])
    title = models.CharField(_("title in English"), max_length=200)
    text = models.TextField(_("text in English"))
    effective_on = models.DateField(_("in force from"))
    # A version that names no moment is published: those of the portal before it knew drafts, which still may run.
    published_at = models.DateTimeField(_("published"), null=True, blank=True, db_default=Now())
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

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

    @property
    def words(self) -> dict[str, Words]:
        """The words by language, English first; one question, or none where translations were read with it."""
        others = {each.language: Words(each.language, each.title, each.text) for each in self.translations.all()}
        return {ENGLISH: Words(ENGLISH, self.title, self.text), **others}

    def words_in(self, language: str) -> Words:
        """The words in a language, or in English where there are none in it."""
        words = self.words
        return words.get(language, words[ENGLISH])


class AgreementTranslation(models.Model):
    """The words of a version in a language other than English. Changed and removed only while it is a draft."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="translations")
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))

    class Meta:
        ordering = ["agreement", "language"]
        constraints = [
            models.UniqueConstraint(name="agreement_translation_once", fields=["agreement", "language"]),
            models.CheckConstraint(name="agreement_translation_not_english", condition=~Q(language="en")),
            models.CheckConstraint(name="agreement_translation_has_words", condition=~Q(title="") & ~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"


class Acceptance(models.Model):
    """A candidate's acceptance of a version, with its moment, address and the language read (CE-05). Append-only."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="acceptances")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT)
    accepted_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    # Empty: not known, since it was signed on paper or told by a test centre. Before there were translations all read
    # English, and so do those whom the portal of then still answers.
    language = models.CharField(_("language read"), max_length=10, blank=True, default="", db_default="en")

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
