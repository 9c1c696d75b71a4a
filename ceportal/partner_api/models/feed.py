"""What partners and people can read of what became true: entries of the feed, and how far back it reaches."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ceportal.partner_api import scopes


class FeedEntry(models.Model):
    """One event as one audience is shown it. Append-only: the position is given once, by the sequencer.

    The audience is a kind of partner and one of its tenants, or one candidate, whose number of the record is then the
    tenant; of them whoever has the scope, or the one program to which alone it belongs. What a feed was asked to forget
    goes by `forgetting` only.
    """

    class Kind(models.TextChoices):
        PROVIDER = scopes.PROVIDER, _("content provider")
        TEST_PARTNER = scopes.TEST_PARTNER, _("test partner")
        ORGANISER = scopes.ORGANISER, _("event organiser or exam team")
        VERIFIER = scopes.VERIFIER, _("channel partner or verifier")
        CANDIDATE = "candidate", _("candidate")

    kind = models.CharField(max_length=20, choices=Kind)
    tenant = models.CharField(max_length=50)
    scope = models.CharField(max_length=40)  # that shows it
    application_id = models.BigIntegerField(null=True, blank=True)  # of the tenant's programs only this one
    topic = models.CharField(max_length=80)
    subject = models.CharField(max_length=80)  # the name by which the scope's reads know it
    candidate_id = models.BigIntegerField(null=True, blank=True)  # whom it is about; no foreign key, as for events
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    position = models.BigIntegerField(null=True, blank=True, unique=True)  # in the order in which entries are read

    class Meta:
        verbose_name_plural = "feed entries"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="feed_entry_known_kind",
                condition=Q(kind__in=[*scopes.OF_PARTNERS, "candidate"]),
            ),
            models.CheckConstraint(name="feed_entry_has_an_audience", condition=~Q(tenant="") & ~Q(scope="")),
        ]
        indexes = [
            models.Index(fields=["kind", "tenant", "position"], name="feed_entry_by_audience"),
            models.Index(fields=["id"], name="feed_entry_waiting", condition=Q(position__isnull=True)),
            models.Index(
                fields=["candidate_id"], name="feed_entry_by_candidate", condition=Q(candidate_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}"


class FeedHorizon(models.Model):
    """Up to which position the feed was forgotten, because that was long ago; a single row, or none yet."""

    position = models.BigIntegerField()
    forgotten_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="feed_horizon_single", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"after {self.position}"
