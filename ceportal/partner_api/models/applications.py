"""Who calls: applications of partners with their credentials, and personal tokens."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ceportal.partner_api import scopes


class Application(models.Model):
    """A partner's program, which acts for one partner in the name of one responsible person."""

    class Kind(models.TextChoices):
        PROVIDER = scopes.PROVIDER, _("content provider")
        TEST_PARTNER = scopes.TEST_PARTNER, _("test partner")
        ORGANISER = scopes.ORGANISER, _("event organiser or exam team")
        VERIFIER = scopes.VERIFIER, _("channel partner or verifier")

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=Kind)
    tenant = models.SlugField(max_length=50, help_text=_("The code of the partner for whom it acts."))
    responsible = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="applications")
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    active = models.BooleanField(default=True)
    calls_per_minute = models.PositiveIntegerField(default=600)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                name="application_known_kind",
                condition=Q(kind__in=[scopes.PROVIDER, scopes.TEST_PARTNER, scopes.ORGANISER, scopes.VERIFIER]),
            ),
            models.CheckConstraint(name="application_acts_for_somebody", condition=~Q(tenant="")),
            models.CheckConstraint(name="application_may_call", condition=Q(calls_per_minute__gt=0)),
        ]
        indexes = [models.Index(fields=["kind", "tenant"], name="application_by_tenant")]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """An id and a secret by which an application gets its tokens, good until a moment where one is set."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="credentials")
    client = models.OneToOneField("allauth_idp_oidc.Client", on_delete=models.PROTECT, related_name="credential")
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.client_id


class PersonalToken(models.Model):
    """A token that a person made for their own programs. Only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_tokens")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="personal_token_expires_later", condition=Q(expires_at__gt=models.F("created_at"))
            )
        ]

    def __str__(self) -> str:
        return self.name
