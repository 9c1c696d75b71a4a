"""Vouchers in the administration: issued one by one or from a file, freed, and read (VCH-01..03)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from candidates.staff import AboutCandidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.sheets import Unreadable
from ceportal.kernel.staff import RecordAdmin, do_act
from ceportal.kernel.staff_tables import TableForm, as_looked_at
from payments import services
from payments.models import Voucher
from payments.voucher_files import COLUMNS


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
    actions_list = ("issue_from_file",)

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

    def has_issue_permission(self, request: HttpRequest) -> bool:
        """Whoever may issue one may issue many."""
        return self.has_add_permission(request)

    @action(description=gettext_lazy("Issue from a file"), url_path="issue", permissions=["issue"])
    def issue_from_file(self, request: HttpRequest) -> HttpResponse:
        posted = request.method == "POST"
        form = TableForm(*((request.POST, request.FILES) if posted else ()))
        seen: dict[str, Any] = {}
        if posted and form.is_valid():
            content = form.content()
            try:
                if "issue" in request.POST and (done := self._issue(request, content)):
                    return done
                seen = _seen(content)
            except Unreadable as trouble:
                words = f"{_(trouble.sentence) % trouble.facts} {_(trouble.next_step) % trouble.facts}"
                form.add_error("table", words)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Issue vouchers from a file"),
            "opts": self.opts,
            "form": form,
            "columns": list(COLUMNS),
            "back_url": reverse("admin:payments_voucher_changelist"),
            **seen,
        }
        return render(request, "admin/issue_vouchers.html", context)

    def _issue(self, request: HttpRequest, content: bytes) -> HttpResponse | None:
        """Issue what was looked at; None where things have changed meanwhile, as the lines then say."""
        try:
            issued = services.issue_vouchers(content=content, staff_id=request.user.pk, now=clock.now())
        except Refused as refusal:
            messages.error(request, " ".join(each.text for each in explain(refusal.decision).unmet))
            return None
        done = ngettext("%(count)d voucher is issued.", "%(count)d vouchers are issued.", len(issued))
        messages.success(request, done % {"count": len(issued)})
        return redirect("admin:payments_voucher_changelist")

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


def _seen(content: bytes) -> dict[str, Any]:
    """What a file would do, for the page that shows it; the button only where nothing is wrong."""
    lines = services.look_at_vouchers(content=content, now=clock.now())
    return {
        "lines": lines,
        "wrong": sum(bool(line.troubles) for line in lines),
        "good": sum(line.issues for line in lines),
        "looked_at": as_looked_at(content),
    }
