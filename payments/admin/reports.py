"""Reports of money in the administration: a period, its tables, and each as CSV."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSingleDateWidget

from ceportal.kernel import clock
from payments.amounts import amount_text
from payments.report_rules import Figures, Table
from payments.reports import as_csv, bounds, reports

LATEST = date(9999, 1, 1)  # a day that has one after it


class PeriodForm(forms.Form):
    """From a day to a day, both whole; left out, the month of today."""

    first = forms.DateField(label=gettext_lazy("From"), widget=UnfoldAdminSingleDateWidget)
    last = forms.DateField(label=gettext_lazy("To"), widget=UnfoldAdminSingleDateWidget)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day is not before the first."))
        if last and last > LATEST:
            self.add_error("last", _("This is too far ahead."))
        return values


def asked_period(request: HttpRequest) -> PeriodForm:
    """The period that is asked for, checked."""
    today = clock.day_of(clock.now())
    usual = {"first": today.replace(day=1).isoformat(), "last": today.isoformat()}
    form = PeriodForm(usual | {name: request.GET[name] for name in usual if name in request.GET})
    form.is_valid()
    return form


def show(admin: Any, request: HttpRequest) -> HttpResponse:
    """The tables of the period; what cannot be one is said beside the field."""
    _may_view(admin, request)
    form = asked_period(request)
    shown: list[dict[str, Any]] = []
    if form.is_valid():
        period = {"first": form.cleaned_data["first"], "last": form.cleaned_data["last"]}
        shown = [_shown(table, **period) for table in reports(**period)]
    context = {"title": _("Reports of money"), "form": form, "tables": shown, "opts": admin.opts}
    frame = admin.admin_site.each_context(request)
    return TemplateResponse(
        request, "admin/payments/reports.html", frame | context, status=200 if form.is_valid() else 400
    )


def download(admin: Any, request: HttpRequest, name: str) -> HttpResponseBase:
    """One table as CSV; the page, which says what is wrong, where the period cannot be one."""
    _may_view(admin, request)
    form = asked_period(request)
    if not form.is_valid():
        return show(admin, request)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    table = next((each for each in reports(first=first, last=last) if each.report.name == name), None)
    if table is None:
        raise Http404
    response = StreamingHttpResponse(as_csv(table, first=first, last=last), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{first}-{last}.csv"'
    return response


def _may_view(admin: Any, request: HttpRequest) -> None:
    if not admin.has_view_permission(request):
        raise PermissionDenied


def _shown(table: Table, *, first: date, last: date) -> dict[str, Any]:
    """A table in the reader's words, each row with the transfers behind it."""
    csv_url = reverse("admin:payments_report_csv", args=[table.report.name])
    return {
        "title": _(table.report.title),
        "says": _(table.report.says),
        "labels": [_(label) for label in table.report.labels],
        "amounts": [_(amount) for amount in table.report.amounts],
        "rows": [
            {
                "about": [word.replace("_", " ") for word in row.about],
                "amounts": _amounts(row),
                "url": _transfers(table, row, first=first, last=last),
            }
            for row in table.rows
        ],
        "totals": [_amounts(row) for row in table.totals],
        "csv": f"{csv_url}?{urlencode({'first': str(first), 'last': str(last)})}",
    }


def _amounts(row: Figures) -> list[str]:
    return [amount_text(cents, row.currency) for cents in row.cents]


def _transfers(table: Table, row: Figures, *, first: date, last: date) -> str:
    """The list of the transfers that a row sums up, those of the whole period where a month is not all of it."""
    start, end = bounds(first, last)
    account = {
        "revenue": f"revenue:{row.about[-1]}",
        "tax": f"tax:{row.about[-1]}",
        "forfeits": f"revenue:{row.about[-1]}",
    }.get(table.report.name)
    asked = {"moved_at__gte": start.isoformat(), "moved_at__lt": end.isoformat()}
    asked |= {"q": account} if account else {"cause__exact": "refund"}
    asked |= {"cause__exact": "forfeit"} if table.report.name == "forfeits" else {}
    return f"{reverse('admin:payments_transfer_changelist')}?{urlencode(asked)}"
