"""Transfers in the administration: read only, as they were posted (PAY-04)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.staff import RecordAdmin
from payments.admin import reports
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
    actions_list = ("reports",)
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

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("reports/<slug:name>.csv", wrap(self.report_csv), name="payments_report_csv"),
            *super().get_urls(),
        ]

    @action(description=gettext_lazy("Reports"), url_path="reports", permissions=["view"])
    def reports(self, request: HttpRequest) -> HttpResponse:
        return reports.show(self, request)

    def report_csv(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """One report as CSV."""
        return reports.download(self, request, name)
