"""The daily comparison of the portal's money with the card service's balance, and what differs (PAY-04)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.cards import Payment, Refund
from payments.models.disputes import Dispute
from payments.models.orders import Order


class Reconciliation(models.Model):
    """What one day's run compared and found. The same day again is written into the same row.

    The sums are the card service's, of movements of that day, in cents that came to the balance, below zero: went.
    """

    day = models.DateField(unique=True)
    ran_at = models.DateTimeField()  # the last time
    runs = models.PositiveSmallIntegerField(default=1)  # how often
    compared = models.PositiveIntegerField()  # payments, refunds and disputes
    on_their_way = models.PositiveIntegerField()  # of them, too new or awaited, and so left to a later run
    differing = models.PositiveIntegerField()  # of them
    charged_cents = models.BigIntegerField()
    refunded_cents = models.BigIntegerField()
    disputed_cents = models.BigIntegerField()
    fees_cents = models.BigIntegerField()  # that the card service kept
    paid_out_cents = models.BigIntegerField()  # to the bank account of the programme
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return self.day.isoformat()


class ReconciliationDifference(models.Model):
    """Something on which the portal and the card service do not agree, until a run finds that they do.

    Found again it is the same row, with what is found then; there is one open row for each thing compared, and a case.
    """

    class Kind(models.TextChoices):
        MISSING_THERE = "missing_there", _("missing at the card service")
        MISSING_HERE = "missing_here", _("missing here")
        AMOUNT = "amount", _("another amount")
        STATE = "state", _("done on one side only")
        POSTING = "posting", _("posted otherwise than recorded")
        FEE = "fee", _("a fee that is not explained")

    subject = models.CharField(max_length=140)  # what was compared: "payment:7", or "stripe:" and its key there
    kind = models.CharField(max_length=20, choices=Kind)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="differences")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="differences")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="differences")
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, null=True, blank=True, related_name="differences")
    stripe_id = models.CharField(max_length=120, blank=True)  # of the charge, refund or dispute there
    # Cents that came to the card's account; below zero they went. Nothing: that side does not know it.
    told_cents = models.BigIntegerField(null=True, blank=True)  # by the order, or the payment's own row
    posted_cents = models.BigIntegerField(null=True, blank=True)  # by transfers
    stripe_cents = models.BigIntegerField(null=True, blank=True)  # by the card service's balance
    currency = models.CharField(max_length=3, blank=True)
    stripe_currency = models.CharField(max_length=20, blank=True)
    found_by = models.ForeignKey(Reconciliation, on_delete=models.PROTECT, related_name="found")
    found_at = models.DateTimeField()
    seen_by = models.ForeignKey(Reconciliation, on_delete=models.PROTECT, related_name="seen")  # the last run that did
    seen_at = models.DateTimeField()
    settled_by = models.ForeignKey(
        Reconciliation, on_delete=models.PROTECT, null=True, blank=True, related_name="settled"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="difference_known_kind",
                condition=Q(kind__in=["missing_there", "missing_here", "amount", "state", "posting", "fee"]),
            ),
            models.CheckConstraint(
                name="difference_settled_by_a_run",
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
            ),
            models.UniqueConstraint(
                name="difference_open_once", fields=["subject"], condition=Q(settled_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_kind_display()}"
