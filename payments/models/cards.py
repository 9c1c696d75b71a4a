"""What a card paid, what goes back to it, and what the card service said."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ceportal.kernel import clock
from payments.models.orders import Order


class Payment(models.Model):
    """One attempt to pay an order on the hosted card page."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        SUCCEEDED = "succeeded", _("paid")
        SURPLUS = (
            "surplus",
            _("not needed"),
        )  # taken though nothing was owed any more: it is given back (PAY-04)
        EXPIRED = "expired", _("given up")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    amount_cents = models.PositiveIntegerField()
    session_id = models.CharField(max_length=120, unique=True, null=True, blank=True)
    page_url = models.URLField(max_length=1000, blank=True)
    intent_id = models.CharField(max_length=120, blank=True)
    cardholder_name = models.CharField(max_length=150, blank=True)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    last_decline = models.CharField(max_length=300, blank=True)  # why the card was declined, in Stripe's words
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    next_check_at = models.DateTimeField()  # when the sweep asks the card service about it, if it is open still
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="payment_one_open_per_order", fields=["order"], condition=Q(status="open")),
            models.UniqueConstraint(
                name="payment_one_success_per_order", fields=["order"], condition=Q(status="succeeded")
            ),
            models.CheckConstraint(
                name="payment_known_status",
                condition=Q(status__in=["open", "succeeded", "surplus", "expired"]),
            ),
            models.CheckConstraint(
                name="payment_taken_has_when",
                condition=Q(status__in=["succeeded", "surplus"], paid_at__isnull=False, session_id__isnull=False)
                | Q(status__in=["open", "expired"], paid_at__isnull=True),
            ),
            models.CheckConstraint(name="payment_of_something", condition=Q(amount_cents__gt=0)),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], name="payment_to_check", condition=Q(status="open")),
            models.Index(fields=["intent_id"], name="payment_by_intent", condition=~Q(intent_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.status}"


class Refund(models.Model):
    """Money given back for a payment: what some of its lines came to. A trigger refuses more than was taken."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        SUCCEEDED = "succeeded", _("done")
        FAILED = "failed", _("failed")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_cents = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    reason = models.CharField(max_length=200)
    stripe_id = models.CharField(max_length=120, blank=True)
    requested_at = models.DateTimeField()
    next_check_at = models.DateTimeField()  # when the sweep asks the card service about it, if it is not done
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="refund_known_status", condition=Q(status__in=["requested", "succeeded", "failed"])
            ),
            models.CheckConstraint(
                name="refund_done_has_when",
                condition=Q(status="requested", done_at__isnull=True)
                | Q(status="succeeded", done_at__isnull=False) & ~Q(stripe_id="")
                | Q(status="failed", done_at__isnull=False),
            ),
            models.CheckConstraint(name="refund_of_something", condition=Q(amount_cents__gt=0)),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], name="refund_to_check", condition=Q(status="requested")),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.amount_cents}"

    @property
    def done_on(self) -> date | None:
        """The day on which it was made or failed, in the programme's time zone."""
        return clock.day_of(self.done_at) if self.done_at else None


class StripeEvent(models.Model):
    """A webhook message, kept as it came before anything is done with it."""

    stripe_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()  # when the sweep takes it up, if its task never did
    processed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["due_at"], name="stripe_event_unprocessed", condition=Q(processed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"
