"""A *dispute*: the cardholder asked the bank to take a payment back (PAY-04)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Dispute(models.Model):
    """What a bank was asked to take back, as the card service tells it; its case is opened with it."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("the payment stands")
        LOST = "lost", _("taken back by the bank")
        WITHDRAWN = "withdrawn", _("not pursued")

    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="disputes")
    stripe_id = models.CharField(max_length=120, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    stage = models.CharField(max_length=40)  # in the card service's word
    reason = models.CharField(max_length=60)  # as the cardholder's bank gave it
    amount_cents = models.PositiveIntegerField()
    taken_cents = models.PositiveIntegerField(default=0, db_default=0)  # what the bank has of it today
    opened_at = models.DateTimeField()
    respond_by = models.DateTimeField(null=True, blank=True)  # evidence handed in later is not looked at
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="dispute_known_status", condition=Q(status__in=["open", "won", "lost", "withdrawn"])
            ),
            models.CheckConstraint(
                name="dispute_closed_has_when",
                condition=Q(status="open", closed_at__isnull=True)
                | Q(status__in=["won", "lost", "withdrawn"], closed_at__isnull=False),
            ),
            models.CheckConstraint(name="dispute_of_something", condition=Q(amount_cents__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.status}"
