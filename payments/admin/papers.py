"""Invoices and credit notes in the administration: read only, as they were issued (PAY-03)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.staff import ActForm, RecordAdmin, do_act
from payments import services
from payments.amounts import amount_text
from payments.models import CreditNote, CreditNoteSeries, Invoice, InvoiceSeries


@admin.register(InvoiceSeries, CreditNoteSeries)
class SeriesAdmin(RecordAdmin):
    """The last number given in each year."""

    list_display = ("year", "last_number")
    ordering = ("-year",)


class PaperAdmin(RecordAdmin):
    """A paper, frozen when it was issued (PAY-03)."""

    list_filter = ("year",)
    date_hierarchy = "issued_on"
    readonly_fields = ("amount", "pdf", "content_in_full")
    actions_detail = ("send_again",)
    address: str

    @display(description=gettext_lazy("amount"))
    def amount(self, paper: Invoice | CreditNote) -> str:
        cents = paper.content.get("total_cents")
        return "-" if cents is None else amount_text(cents, paper.content["currency"])

    @display(description="PDF")
    def pdf(self, paper: Invoice | CreditNote) -> SafeString:
        return format_html('<a href="{}">{}.pdf</a>', reverse(self.address, args=[paper.number]), paper.number)

    @display(description=gettext_lazy("what stands on the paper"))
    def content_in_full(self, paper: Invoice | CreditNote) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(paper.content, indent=2, ensure_ascii=False))

    @action(description=gettext_lazy("Send it again"), url_path="send-again", permissions=["act"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        paper: Invoice | CreditNote = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            if _tell_again(paper, now):
                return _("The candidate is told of it again.")
            return _("The candidate was told of it again today already.")

        return do_act(
            self,
            request,
            title=_("Send it again"),
            button=_("Send"),
            explanation=_("It goes to the e-mail address on record today. The paper stays as it was issued (PAY-03)."),
            form=ActForm,
            perform=perform,
            back=paper,
        )


def _tell_again(paper: Invoice | CreditNote, now: datetime) -> bool:
    """Tell the candidate of the paper; False where that was done today already."""
    if isinstance(paper, Invoice):
        return services.send_invoice_again(invoice_id=paper.pk, now=now)
    return services.send_credit_note_again(credit_note_id=paper.pk, now=now)


@admin.register(Invoice)
class InvoiceAdmin(PaperAdmin):
    """Invoices (PAY-02)."""

    list_display = ("number", "candidate", "order", "amount", "issued_on")
    list_select_related = ("candidate", "order")
    search_fields = ("number", "candidate__number", "candidate__name", "order__number")
    fields = ("number", "candidate", "order", "amount", "issued_on", "issued_at", "pdf", "content_in_full")
    address = "payments:invoice_pdf"


@admin.register(CreditNote)
class CreditNoteAdmin(PaperAdmin):
    """What takes back what an invoice names (PAY-03)."""

    list_display = ("number", "candidate", "invoice", "amount", "issued_on")
    list_select_related = ("candidate", "invoice")
    search_fields = ("number", "invoice__number", "candidate__number", "candidate__name")
    fields = ("number", "candidate", "invoice", "refund", "amount", "issued_on", "issued_at", "pdf", "content_in_full")
    address = "payments:credit_note_pdf"
