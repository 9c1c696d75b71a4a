"""Exam development in the administration: the exam team reports accepted items and workshops (XDEV-01 to XDEV-03).

Who may: staff with the permission to add them, as the group "Exam team" of the reference data has it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from candidates.models import Track
from candidates.staff import AboutCandidate
from ceportal.kernel import clock
from ceportal.kernel.staff import RecordAdmin, do_act, findings
from ceportal.kernel.staff_tables import TableForm, as_looked_at
from credits.models import AuthoredItems, Workshop
from credits.services.development import record_authored_items, record_workshop
from credits.services.development_files import ITEMS, MOST_DAYS, MOST_ITEMS, WORKSHOPS, Line, Sheet, report_table


class ReportForm(AboutCandidate):
    """What the exam team reports of somebody."""

    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=60,
        help_text=gettext_lazy("Your own, one for each report; the same report under the same reference counts once."),
    )


class AuthoredForm(ReportForm):
    """Accepted items of one kind by one author."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=AuthoredItems.Kind.choices)
    accepted = forms.IntegerField(label=gettext_lazy("Accepted items"), min_value=1, max_value=MOST_ITEMS)
    accepted_on = forms.DateField(label=gettext_lazy("Accepted on"))
    direct = forms.BooleanField(
        label=gettext_lazy("Authored directly in the programme's scheme for subject-matter experts"), required=False
    )


class WorkshopForm(ReportForm):
    """A person's days in a workshop."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Workshop.Kind.choices)
    level = forms.ChoiceField(label=gettext_lazy("Level of the certification"), choices=Track.Level.choices)
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=MOST_DAYS)
    held_on = forms.DateField(label=gettext_lazy("Last day"))


class Reported(RecordAdmin):
    """What the exam team reported, with the decision on it."""

    list_select_related = ("candidate", "reported_by")
    search_fields = ("reference", "candidate__number", "candidate__name")
    exclude = ("decision",)
    readonly_fields = ("why",)
    actions_list = ("import_table",)
    sheet: Sheet
    report_form: type[ReportForm]
    report: Callable[..., AuthoredItems | Workshop]
    title: str | Promise
    explanation: str | Promise

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            candidate = values.pop("candidate")
            made = self.report(candidate_id=candidate.pk, staff_id=request.user.pk, now=now, **values)
            said = ngettext(
                "%(candidate)s has earned %(credits)d credit.",
                "%(candidate)s has earned %(credits)d credits.",
                made.credits,
            )
            return said % {"candidate": candidate, "credits": made.credits}

        return do_act(
            self,
            request,
            title=str(self.title),
            button=_("Report"),
            explanation=str(self.explanation),
            form=self.report_form,
            perform=perform,
        )

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whoever may report one may report many."""
        return self.has_add_permission(request)

    @action(description=gettext_lazy("Report a table"), url_path="import", permissions=["import"])
    def import_table(self, request: HttpRequest) -> HttpResponse:
        posted = request.method == "POST"
        form = TableForm(*((request.POST, request.FILES) if posted else ()))
        lines: list[Line] = []
        looked_at = ""
        if posted and form.is_valid():
            content, commit = form.content(), "report" in request.POST
            staff_id = request.user.pk
            lines = report_table(sheet=self.sheet, content=content, staff_id=staff_id, commit=commit, now=clock.now())
            if commit:
                return self._reported(request, lines)
            looked_at = as_looked_at(content)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Report a table"),
            "opts": self.opts,
            "form": form,
            "columns": list(self.sheet.columns),
            "lines": lines,
            "looked_at": looked_at,
            "good": sum(line.credits is not None for line in lines),
            "back_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        return render(request, "admin/report_table.html", context)

    def _reported(self, request: HttpRequest, lines: list[Line]) -> HttpResponse:
        good = sum(line.credits is not None for line in lines)
        done = ngettext("%(count)d row is reported.", "%(count)d rows are reported.", good)
        messages.success(request, done % {"count": good})
        for line in lines:
            if line.credits is None:
                messages.warning(request, line.said)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    @display(description=gettext_lazy("decision"))
    def why(self, record: AuthoredItems | Workshop) -> SafeString | str:
        return findings(record.decision)


@admin.register(AuthoredItems)
class AuthoredItemsAdmin(Reported):
    """Accepted exam items (XDEV-01)."""

    list_display = ("reference", "candidate", "kind", "accepted", "credits", "accepted_on", "reported_by")
    list_filter = ("kind",)
    date_hierarchy = "accepted_on"
    sheet = ITEMS
    report_form = AuthoredForm
    report = staticmethod(record_authored_items)
    title = gettext_lazy("Report accepted exam items")
    explanation = gettext_lazy("They earn their credits at once, as of the day of acceptance.")


@admin.register(Workshop)
class WorkshopAdmin(Reported):
    """Workshops of exam development (XDEV-03)."""

    list_display = ("reference", "candidate", "kind", "level", "days", "credits", "held_on", "reported_by")
    list_filter = ("kind", "level")
    date_hierarchy = "held_on"
    sheet = WORKSHOPS
    report_form = WorkshopForm
    report = staticmethod(record_workshop)
    title = gettext_lazy("Report a workshop")
    explanation = gettext_lazy("Its days earn their credits at once, as of the last of them.")
