"""What is owed: orders and their lines."""

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
        LAB_BOOKING = "lab_booking", _("Lab booking")
        LAB_RESCHEDULE = "lab_reschedule", _("Change of a lab booking")
        REREAD = "reread", _("Re-read of a lab")
        EMERITUS = "emeritus", _("Emeritus")

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
    covered_cents = models.PositiveIntegerField(default=0, db_default=0)  # what a voucher pays of the net (LAB-10)
    tax_cents = models.PositiveIntegerField()
    total_cents = models.PositiveIntegerField()  # what is paid by card
    decision = models.JSONField()  # why this amount, by clause and parameter
    company = models.CharField(max_length=150, blank=True, default="", db_default="")  # as the invoice is to name it
    address = models.CharField(max_length=300, blank=True, default="", db_default="")  # of the invoice, in lines
    pay_before = models.DateTimeField(null=True, blank=True)  # from this moment on nothing is taken any more,
    pay_before_clause = models.CharField(max_length=10, blank=True, default="", db_default="")  # as this clause says
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
                name="order_total_adds_up",
                condition=Q(total_cents=F("net_cents") - F("covered_cents") + F("tax_cents")),
            ),
            models.CheckConstraint(name="order_covered_within_net", condition=Q(covered_cents__lte=F("net_cents"))),
            models.CheckConstraint(
                name="order_deadline_has_clause",
                condition=Q(pay_before__isnull=True, pay_before_clause="")
                | Q(pay_before__isnull=False) & ~Q(pay_before_clause=""),
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
    """One thing on an order, with its own tax (PAY-01). It is given back whole or not at all."""

    class Kind(models.TextChoices):
        ADMIN_FEE = "admin_fee", _("Administrative fee")
        LAB_FEE = "lab_fee", _("Lab fee")
        RESCHEDULE_FEE = "reschedule_fee", _("Fee for a late change")
        REREAD_FEE = "reread_fee", _("Re-read fee")
        EMERITUS_FEE = "emeritus_fee", _("Emeritus fee")
        LATE_FEE = "late_fee", _("Late fee")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind, db_default=Kind.ADMIN_FEE)
    description = models.CharField(max_length=200)
    net_cents = models.PositiveIntegerField()
    covered_cents = models.PositiveIntegerField(default=0, db_default=0)  # what a voucher pays of the net
    served_in = models.CharField(max_length=2, blank=True, default="", db_default="")  # empty: not bound to a place
    tax_country = models.CharField(max_length=2)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    tax_cents = models.PositiveIntegerField()  # on the whole net, whoever pays it
    refund = models.ForeignKey(  # the latest that gives it back
        "Refund", on_delete=models.PROTECT, null=True, blank=True, related_name="lines"
    )
    invoice = models.ForeignKey(  # the one that names it; none where it was given back before the issue (PAY-02)
        "Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="lines"
    )
    credit_note = models.ForeignKey(  # the one that takes it back after it was invoiced (PAY-03)
        "CreditNote", on_delete=models.PROTECT, null=True, blank=True, related_name="lines"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="order_line_position", fields=["order", "position"]),
            models.CheckConstraint(
                name="order_line_covered_within_net", condition=Q(covered_cents__lte=F("net_cents"))
            ),
            models.CheckConstraint(
                name="order_line_credited_after_invoice",
                condition=Q(credit_note__isnull=True) | Q(invoice__isnull=False, refund__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def total_cents(self) -> int:
        """What is paid of the line by card, with its tax."""
        return self.net_cents - self.covered_cents + self.tax_cents
