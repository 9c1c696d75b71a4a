"""Attendance at events in the administration: badge scans handed in as files, and what became of each attendance.

Who may: staff with the permission to add imports, as the group "Events team" of the reference data has it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.decisions import Decision
from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, do_act, findings
from ceportal.kernel.tables import Problem
from credits import tasks
from credits.models import Attendance, Grant, ScanImport
from credits.services import scans

STATE_HUES = {"waiting": "info", "running": "info", "done": "success", "failed": "danger"}
PROBLEMS_SHOWN = 200
PROGRESS = "admin/credits/scan_progress.html"


class ScansForm(ActForm):
    """A file of badge scans."""

    scans = forms.FileField(
        label=gettext_lazy("Badge scans"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=gettext_lazy(
            "CSV in UTF-8 with the columns candidate (number), event and session (codes), in and out: minutes from the "
            "start, times of the day, or days with times, where the event is held. Where a session was held several "
            "times, the columns day and start say which is meant."
        ),
    )

    def clean_scans(self) -> Any:
        uploaded = self.cleaned_data["scans"]
        if uploaded.size > scans.LARGEST_BYTES:
            limit = scans.LARGEST_BYTES // 1024 // 1024
            raise forms.ValidationError(_("The file is larger than %(limit)s MB: cut it in parts.") % {"limit": limit})
        return uploaded


@admin.register(ScanImport)
class ScanImportAdmin(RecordAdmin):
    """Files of badge scans, how far each has been recorded, and what came of it."""

    list_display = ("original_name", "state", "uploaded_at", "uploaded_by", "rows_done", "rows", "earning", "refused",
                    "problem_count")  # fmt: skip
    list_filter = ("status",)
    list_select_related = ("uploaded_by",)
    search_fields = ("original_name",)
    date_hierarchy = "uploaded_at"
    fields = ("original_name", "uploaded_by", "uploaded_at", "progress")
    readonly_fields = ("progress",)
    actions_detail = ("go_on",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("credits.add_scanimport")

    def has_add_more_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may hand in a file may have one go on that failed."""
        failed = ScanImport.objects.filter(pk=object_id, status=ScanImport.Status.FAILED)
        return self.has_add_permission(request) and (object_id is None or failed.exists())

    def get_urls(self) -> list[Any]:
        progress = path("<int:pk>/progress/", self.admin_site.admin_view(self.show_progress), name="scan_progress")
        return [progress, *super().get_urls()]

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        made: list[ScanImport] = []

        def perform(values: dict[str, Any], now: datetime) -> str:
            uploaded = values["scans"]
            row = scans.request_import(name=uploaded.name, content=uploaded.read(), user_id=request.user.pk, now=now)
            made.append(row)
            tasks.wake_scan_imports()
            return _("The scans are being recorded. This page can be left.")

        return do_act(
            self,
            request,
            title=_("Import badge scans"),
            button=_("Import"),
            explanation=_("The same scans again change nothing, so a file that was put right can be imported whole."),
            form=ScansForm,
            perform=perform,
            leads_to=lambda: reverse("admin:credits_scanimport_change", args=[made[0].pk]),
        )

    def show_progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far an import is; asked for again and again while it runs."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.record(request, str(pk))
        return render(request, PROGRESS, self._progress_of(row))

    @action(description=gettext_lazy("Try again"), url_path="try-again", permissions=["add_more"])
    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: ScanImport = self.record(request, object_id)

        def perform(_values: dict[str, Any], _now: datetime) -> str:
            scans.try_again(scan_import_id=row.pk)
            tasks.wake_scan_imports()
            return _("It goes on from where it stopped.")

        return do_act(
            self,
            request,
            title=_("Let the import go on"),
            button=_("Go on"),
            form=ActForm,
            perform=perform,
            back=row,
        )

    @display(description=gettext_lazy("state"), ordering="status", label=STATE_HUES)
    def state(self, row: ScanImport) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=gettext_lazy("progress"))
    def progress(self, row: ScanImport) -> SafeString:
        return render_to_string(PROGRESS, self._progress_of(row))

    def _progress_of(self, row: ScanImport) -> dict[str, Any]:
        problems = [Problem(**raw) for raw in row.problems[:PROBLEMS_SHOWN]]
        return {
            "row": row,
            "under_way": row.status in {ScanImport.Status.WAITING, ScanImport.Status.RUNNING},
            "rows_to_take": max(0, (row.rows or 0) - row.problem_count),
            "problems": problems,
            "more": row.problem_count - len(problems),
            "attendances": reverse("admin:credits_attendance_changelist"),
        }


class GrantInline(PartInline):
    """What an attendance has earned."""

    model = Grant
    fields = ("title", "amount", "remaining", "earned_on", "expires_on")


@admin.register(Attendance)
class AttendanceAdmin(RecordAdmin):
    """People at sessions, with what was decided (LIVE-01 to LIVE-08)."""

    list_display = ("candidate", "session", "gathering", "attended_on", "minutes_present", "outcome", "credits")
    list_filter = ("earned", "session_time__session__gathering")
    list_select_related = ("candidate", "session_time__session__gathering")
    search_fields = ("candidate__number", "candidate__name", "session_time__session__code")
    date_hierarchy = "attended_on"
    ordering = ("-id",)
    exclude = ("decision",)
    readonly_fields = ("why",)
    inlines = (GrantInline,)

    @display(description=gettext_lazy("session"))
    def session(self, attendance: Attendance) -> str:
        return attendance.session_time.session.code

    @display(description=gettext_lazy("event"))
    def gathering(self, attendance: Attendance) -> str:
        return attendance.session_time.session.gathering.name

    @display(description=gettext_lazy("outcome"), label={"earned": "success", "refused": "warning"})
    def outcome(self, attendance: Attendance) -> tuple[str, str]:
        if attendance.earned:
            return "earned", _("earned")
        return "refused", ", ".join(Decision.from_json(attendance.decision).clauses_unmet)

    @display(description=gettext_lazy("decision"))
    def why(self, attendance: Attendance) -> SafeString | str:
        return findings(attendance.decision)
