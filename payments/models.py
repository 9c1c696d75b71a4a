"""Money: what is owed, what was paid, and the papers about it. Amounts are integer cents.

An *order* asks for money for one purpose; its *lines* carry net and tax. A *voucher* pays the fee of one exam for
the one candidate it was issued to; what it covers of a line is not asked from a card. A *payment* is one attempt to
pay the rest on the card page. A *refund* gives the money of some lines back. An *invoice* follows full payment and
never changes; a *credit note* takes back what it names and was given back since (PAY-02, PAY-03).
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, User
from ceportal.kernel import clock
from payments.codes import LETTERS
from payments.dispute_models import Dispute  # noqa: F401 - Django finds the models of an app here


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


class Voucher(models.Model):
    """It pays the fee of one exam at any site, for the candidate it was issued to, until it expires (VCH-01..03).

    It is *reserved* on a change of booking whose payment is under way, and redeemed on whatever it has paid.
    """

    class Status(models.TextChoices):
        UNUSED = "unused", _("unused")
        RESERVED = "reserved", _("reserved")
        REDEEMED = "redeemed", _("redeemed")
        EXPIRED = "expired", _("expired")

    class Origin(models.TextChoices):
        ISSUED = "issued", _("issued by the programme")
        REMEDY = "remedy", _("remedy for an incident")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="vouchers")
    code = models.CharField(max_length=20, unique=True)
    expires_on = models.DateField()  # the last day on which it is redeemed or moved
    status = models.CharField(max_length=10, choices=Status, default=Status.UNUSED)
    order = models.OneToOneField(  # what it pays
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="voucher"
    )
    moving_to = models.OneToOneField(  # the change of booking that takes it along once it is paid (RSCH-05)
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="arriving_voucher"
    )
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.ISSUED)
    reference = models.CharField(  # of whoever ordered it: under one reference one is issued
        max_length=60, blank=True, default="", db_default=""
    )
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="voucher_known_status", condition=Q(status__in=["unused", "reserved", "redeemed", "expired"])
            ),
            # Whatever it pays, it pays once (VCH-03).
            models.CheckConstraint(
                name="voucher_in_use_has_order",
                condition=Q(status__in=["unused", "expired"], order__isnull=True, redeemed_at__isnull=True)
                | Q(status="reserved", order__isnull=False, redeemed_at__isnull=True)
                | Q(status="redeemed", order__isnull=False, redeemed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="voucher_moves_when_redeemed",
                condition=Q(moving_to__isnull=True) | Q(status="redeemed") & ~Q(moving_to=F("order")),
            ),
            models.UniqueConstraint(
                name="voucher_once_per_reference", fields=["reference"], condition=~Q(reference="")
            ),
            models.CheckConstraint(
                name="voucher_code_of_groups", condition=Q(code__regex=rf"^[{LETTERS}]{{4}}(-[{LETTERS}]{{4}}){{2}}$")
            ),
        ]
        indexes = [
            models.Index(fields=["expires_on"], name="voucher_to_expire", condition=Q(status="unused")),
        ]

    def __str__(self) -> str:
        return f"···· {self.code[-4:]}"

    @property
    def issued_on(self) -> date:
        """The day on which it was issued, in the programme's time zone."""
        return clock.day_of(self.issued_at)


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


class CreditNoteSeries(models.Model):
    """The last number of a credit note in a year, as InvoiceSeries keeps that of invoices."""

    year = models.PositiveSmallIntegerField(unique=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "credit note series"

    def __str__(self) -> str:
        return f"{self.year}: {self.last_number}"


class CreditNote(models.Model):
    """What of an invoice is given back, frozen at issue as the invoice is (PAY-03)."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="credit_notes")
    refund = models.OneToOneField(  # the first that was asked for; one that fails is asked for anew, the paper stands
        Refund, on_delete=models.PROTECT, related_name="credit_note"
    )
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=20, unique=True)
    content = models.JSONField()  # everything that stands on the paper
    issued_on = models.DateField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "-sequence"]
        constraints = [
            models.UniqueConstraint(name="credit_note_number_once", fields=["year", "sequence"]),
            models.CheckConstraint(name="credit_note_numbered_from_one", condition=Q(sequence__gt=0)),
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
