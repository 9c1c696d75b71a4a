"""Transfers in the administration: read only, as they were posted (PAY-04)."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from ceportal.kernel.staff import RecordAdmin
from payments.amounts import amount_text
from payments.models import Transfer


@admin.register(Transfer)
class TransferAdmin(RecordAdmin):
    """Every movement of money between two accounts; a balance is their sum (docs/money.md)."""

    list_display = ("moved_at", "order", "cause", "debit", "credit", "amount", "reverses")
    list_filter = ("cause",)
    list_select_related = ("order", "reverses")
    search_fields = ("order__number", "order__candidate__number", "debit", "credit")
    date_hierarchy = "moved_at"
    ordering = ("-id",)
    fields = (
        "order",
        "cause",
        "debit",
        "credit",
        "amount",
        "line",
        "payment",
        "refund",
        "dispute",
        "voucher",
        "reverses",
        "moved_at",
        "recorded_at",
    )

    @display(description=gettext_lazy("amount"), ordering="amount_cents")
    def amount(self, transfer: Transfer) -> str:
        return amount_text(transfer.amount_cents, transfer.currency)
