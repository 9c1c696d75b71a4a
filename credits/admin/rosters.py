"""Rosters in the administration: what providers uploaded, looked at and reported. Read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ceportal.kernel.explain import explain_finding
from ceportal.kernel.staff import RecordAdmin
from credits.models import Roster, RosterRow
from credits.rules.rosters import Problem

HUES = {"checking": "info", "checked": "info", "reporting": "info", "reported": "success", "discarded": "default"}
ROW_HUES = {"earns": "success", "approves": "success", "counted": "default", "refused": "danger"}


@admin.register(Roster)
class RosterAdmin(RecordAdmin):
    """Files of completions, also those that were looked at and never reported (CE-10)."""

    list_display = ("file_name", "provider", "state", "uploaded_by", "uploaded_at", "finished_at")
    list_filter = ("status", "provider")
    list_select_related = ("provider", "uploaded_by__user")
    search_fields = ("file_name", "sha256", "provider__name", "uploaded_by__user__email")
    date_hierarchy = "uploaded_at"
    exclude = ("form_key",)

    @display(description=_("state"), ordering="status", label=HUES)
    def state(self, roster: Roster) -> tuple[str, str]:
        return roster.status, roster.get_status_display()


@admin.register(RosterRow)
class RosterRowAdmin(RecordAdmin):
    """Lines of rosters, each with what it does or why it cannot be reported."""

    list_display = ("roster", "line", "candidate", "item", "completed_on", "result", "credits", "done_at")
    list_display_links = ("roster", "line")
    list_filter = ("outcome",)
    list_select_related = ("roster", "candidate", "item")
    search_fields = ("roster__file_name", "=candidate__number", "=item__code")
    ordering = ("-id",)
    exclude = ("problems", "remarks")
    readonly_fields = ("why",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("problems", "remarks", "given")

    @display(description=_("result"), ordering="outcome", label=ROW_HUES)
    def result(self, row: RosterRow) -> tuple[str, str]:
        return row.outcome, row.get_outcome_display()

    @display(description=_("what is wrong, and what was remarked"))
    def why(self, row: RosterRow) -> SafeString | str:
        told = [Problem.from_json(each) for each in [*row.problems, *row.remarks]]
        lines = [(each.column, explain_finding(each.finding).text, each.finding.clause) for each in told]
        return format_html_join("", "<p>{} {} ({})</p>", lines) or "-"
