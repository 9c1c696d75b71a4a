"""Where partners' programs are told by themselves: addresses, their secrets, what is delivered, and each attempt."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ceportal.partner_api.models.applications import Application
from ceportal.partner_api.models.feed import FeedEntry


class Webhook(models.Model):
    """An address of a program to which entries of the feed are delivered: of some topics, or of all if none is named.

    `position` is how far the feed was read for it: what comes after is still to be delivered.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        DISABLED = "disabled", _("disabled")  # nothing arrived any more, or its owner said that it is gone
        ENDED = "ended", _("ended")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    topics = ArrayField(models.CharField(max_length=80), default=list)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    position = models.BigIntegerField()
    failing_since = models.DateTimeField(null=True, blank=True)  # the first failure after the last success
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="webhook_known_status", condition=Q(status__in=["active", "disabled", "ended"])
            ),
            models.CheckConstraint(
                name="webhook_says_since_when",
                condition=Q(status="active", disabled_at__isnull=True, ended_at__isnull=True)
                | Q(status="disabled", disabled_at__isnull=False, ended_at__isnull=True)
                | Q(status="ended", ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookSecret(models.Model):
    """What signs the messages of a webhook, sealed (ceportal.kernel.sealing); good until a moment where one is set."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"of {self.created_at:%Y-%m-%d}"


class WebhookDelivery(models.Model):
    """One message to one webhook: an entry of the feed, as it reads when it is sent, or a test."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")
        WITHHELD = "withheld", _("not shown any more")

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    entry = models.ForeignKey(  # empty for a test; what the feed forgets is not delivered again
        FeedEntry, on_delete=models.CASCADE, null=True, blank=True, related_name="webhook_deliveries"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts_left = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="webhook_delivery_once_an_entry", fields=["webhook", "entry"]),
            models.CheckConstraint(
                name="webhook_delivery_known_status",
                condition=Q(status__in=["waiting", "delivered", "failed", "withheld"]),
            ),
            models.CheckConstraint(
                name="webhook_delivery_finished",
                condition=Q(status="waiting", finished_at__isnull=True)
                | (~Q(status="waiting") & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="webhook_delivery_due", condition=Q(status="waiting")),
            models.Index(fields=["finished_at"], name="webhook_delivery_finished"),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """The same however often it is sent, so that a receiver knows it again."""
        return f"event-{self.entry_id}" if self.entry_id else f"test-{self.pk}"


class WebhookAttempt(models.Model):
    """One attempt at a delivery, and how it ended."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)  # why there was no answer
    answer = models.CharField(max_length=500, blank=True)  # the beginning of what was answered

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.status_code or self.error}"
