"""Vouchers in the administration: issued one by one or from a file, freed, and read (VCH-01..03)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from candidates.staff import AboutCandidate
from ceportal.kernel.staff import RecordAdmin, do_act
from payments import services
from payments.models import Voucher


class IssueForm(AboutCandidate):
    """A voucher for one candidate."""

    expires_on = forms.DateField(label=gettext_lazy("Last day"))
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Of the order it was bought with; under one reference one voucher is issued."),
    )


@admin.register(Voucher)
class VoucherAdmin(RecordAdmin):
    """Who holds which voucher, and what it pays; the code is the holder's and is shown by its last letters."""

    list_display = ("__str__", "candidate", "state", "expires_on", "order", "origin", "reference", "issued_at")
    list_filter = ("status", "origin")
    list_select_related = ("candidate", "order")
    search_fields = ("candidate__number", "candidate__name", "reference", "order__number", "=code")
    search_help_text = gettext_lazy("A candidate, a reference, an order, or a whole code as its holder reads it out.")
    date_hierarchy = "expires_on"
    fields = (
        "candidate",
        "ending",
        "status",
        "expires_on",
        "order",
        "moving_to",
        "redeemed_at",
        "origin",
        "reference",
        "issued_at",
        "issued_by",
    )
    readonly_fields = ("ending",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.add_voucher")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            candidate = values["candidate"]
            services.issue_voucher(
                candidate_id=candidate.pk,
                expires_on=values["expires_on"],
                reference=values["reference"],
                issued_by_id=request.user.pk,
                now=now,
            )
            return _("%(candidate)s has a voucher and is told so.") % {"candidate": candidate}

        return do_act(
            self,
            request,
            title=_("Issue a voucher"),
            button=_("Issue"),
            explanation=_("It pays the fee of one lab exam, for this candidate alone, through its last day."),
            form=IssueForm,
            perform=perform,
        )

    @display(description=gettext_lazy("code"))
    def ending(self, voucher: Voucher) -> str:
        return str(voucher)

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={"unused": "success", "reserved": "info", "redeemed": "default", "expired": "warning"},
    )
    def state(self, voucher: Voucher) -> tuple[str, str]:
        return voucher.status, voucher.get_status_display()
