"""Money: what is owed, what was paid, and the papers about it. Amounts are integer cents.

An *order* asks for money for one purpose; its *lines* carry net and tax. A *payment* is one attempt to pay it
on the card page. A *refund* gives money back. An *invoice* follows full payment and never changes (PAY-02,
PAY-03).
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate
from ceportal.kernel import clock


class Order(models.Model):
    """Money asked for one purpose. The reference is opaque: who opened the order knows what it means."""

    class Purpose(models.TextChoices):
        ADMIN_FEE = "admin_fee", _("Administrative fee")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")
        REFUNDED = "refunded", _("refunded")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(max_length=20, unique=True)
    purpose = models.CharField(max_length=20, choices=Purpose)
    reference = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    currency = models.CharField(max_length=3)
    net_cents = models.PositiveIntegerField()
    tax_cents = models.PositiveIntegerField()
    total_cents = models.PositiveIntegerField()
    decision = models.JSONField()  # why this amount, by clause and parameter
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            # Money is never taken twice for the same thing (PAY-04).
            models.UniqueConstraint(
                name="order_one_live_per_reference",
                fields=["purpose", "reference"],
                condition=Q(status__in=["open", "paid"]),
            ),
            models.CheckConstraint(
                name="order_known_status", condition=Q(status__in=["open", "paid", "cancelled", "refunded"])
            ),
            models.CheckConstraint(
                name="order_paid_has_when",
                condition=Q(status__in=["paid", "refunded"], paid_at__isnull=False)
                | Q(status__in=["open", "cancelled"], paid_at__isnull=True),
            ),
            models.CheckConstraint(
                name="order_total_adds_up", condition=Q(total_cents=F("net_cents") + F("tax_cents"))
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def opened_on(self) -> date:
        """The day on which it was opened, in the programme's time zone."""
        return clock.day_of(self.created_at)

    @property
    def paid_on(self) -> date | None:
        """The day on which it was paid, in the programme's time zone."""
        return clock.day_of(self.paid_at) if self.paid_at else None


class OrderLine(models.Model):
    """One thing on an order, with its own tax (PAY-01)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    net_cents = models.PositiveIntegerField()
    tax_country = models.CharField(max_length=2)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    tax_cents = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="order_line_position", fields=["order", "position"])]

    def __str__(self) -> str:
        return self.description

    @property
    def total_cents(self) -> int:
        """What the line comes to with its tax."""
        return self.net_cents + self.tax_cents


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
    """Money given back for a payment."""

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
            models.UniqueConstraint(name="refund_once_per_payment", fields=["payment"], condition=~Q(status="failed")),
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


class InvoiceSeries(models.Model):
    """The last number given in a year; locked while a number is drawn, so that there are no gaps."""

    year = models.PositiveSmallIntegerField(unique=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    def __str__(self) -> str:
        return f"{self.year}: {self.last_number}"


class Invoice(models.Model):
    """An invoice, frozen at issue: a database trigger refuses any change (PAY-03)."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="invoices")
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=20, unique=True)
    content = models.JSONField()  # everything that stands on the paper
    issued_on = models.DateField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "-sequence"]
        constraints = [
            models.UniqueConstraint(name="invoice_number_once", fields=["year", "sequence"]),
            models.CheckConstraint(name="invoice_numbered_from_one", condition=Q(sequence__gt=0)),
        ]

    def __str__(self) -> str:
        return self.number


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
