"""Every movement of money, one row between two accounts; balances are sums (PAY-04)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.cards import Payment, Refund
from payments.models.disputes import Dispute
from payments.models.orders import Order, OrderLine
from payments.models.vouchers import Voucher
from payments.transfer_rules import ACCOUNT


class Transfer(models.Model):
    """Cents debited to one account and credited to another. Append-only: triggers refuse change, removal, emptying.

    A row that takes another back names it, moves the same amount the other way, and is the only one that does. The
    accounts stand in payments.transfer_rules and docs/money.md.
    """

    class Cause(models.TextChoices):
        PAYMENT = "payment", _("a card paid")
        SALE = "sale", _("an order is complete")
        VOUCHER = "voucher", _("a voucher pays")
        REFUND = "refund", _("money went back to a card")
        FORFEIT = "forfeit", _("a fee is forfeited")
        DISPUTE = "dispute", _("a bank took a payment back")

    debit = models.CharField(max_length=40)
    credit = models.CharField(max_length=40)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    cause = models.CharField(max_length=10, choices=Cause)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="transfers")
    # Only the lines of an order that is open are ever written anew, and those have none: the database sees to it,
    # without a question of Django's each time an order is priced.
    line = models.ForeignKey(OrderLine, on_delete=models.DO_NOTHING, null=True, blank=True, related_name="transfers")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers")
    refund = models.ForeignKey(  # that moves the money, or because of which a sale is taken back
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers"
    )
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers")
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    moved_at = models.DateTimeField()  # when the money moved
    recorded_at = models.DateTimeField()  # when the portal heard of it

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="transfer_of_something", condition=Q(amount_cents__gt=0)),
            models.CheckConstraint(name="transfer_between_two", condition=~Q(debit=F("credit"))),
            models.CheckConstraint(
                name="transfer_known_accounts",
                condition=Q(debit__regex=f"^{ACCOUNT}$", credit__regex=f"^{ACCOUNT}$"),
            ),
            models.CheckConstraint(
                name="transfer_known_cause",
                condition=Q(cause__in=["payment", "sale", "voucher", "refund", "forfeit", "dispute"]),
            ),
            models.CheckConstraint(
                name="transfer_says_of_what",
                condition=Q(cause="payment", payment__isnull=False)
                | Q(cause="refund", refund__isnull=False)
                | Q(cause="dispute", dispute__isnull=False)
                | Q(cause__in=["sale", "voucher", "forfeit"], line__isnull=False),
            ),
            models.CheckConstraint(name="transfer_recorded_after", condition=Q(moved_at__lte=F("recorded_at"))),
            # What is recorded once is recorded once (PAY-04).
            models.UniqueConstraint(
                name="transfer_payment_once", fields=["payment"], condition=Q(cause="payment", reverses__isnull=True)
            ),
            models.UniqueConstraint(
                name="transfer_refund_once", fields=["refund"], condition=Q(cause="refund", reverses__isnull=True)
            ),
            models.UniqueConstraint(
                name="transfer_line_once",
                fields=["line", "cause", "credit"],
                condition=Q(cause__in=["sale", "voucher"], reverses__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["moved_at"], name="transfer_by_moment")]

    def __str__(self) -> str:
        return f"{self.debit} > {self.credit}: {self.amount_cents}"
