"""The exam day in the administration: arrivals, the log, faults, remedies, re-reads."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from ceportal.kernel.staff import RecordAdmin, findings
from exams.models import CheckIn, Incident, LogEntry, Remedy, Reread


class Decided(RecordAdmin):
    """A record that keeps its decision."""

    exclude = ("decision",)
    readonly_fields = ("why",)

    @display(description=gettext_lazy("why"))
    def why(self, record: CheckIn | Incident | Remedy | Reread) -> SafeString | str:
        return findings(record.decision)


@admin.register(CheckIn)
class CheckInAdmin(Decided):
    """Arrivals (EXAM-13, LAB-12)."""

    list_display = ("recorded_at", "booking", "minutes_late", "photo_document", "second_document")
    list_select_related = ("booking",)
    search_fields = ("booking__candidate__number", "booking__candidate__name")
    date_hierarchy = "recorded_at"


@admin.register(LogEntry)
class LogEntryAdmin(RecordAdmin):
    """The proctors' log (LAB-18)."""

    list_display = ("recorded_at", "sitting", "booking", "kind", "minutes", "text")
    list_filter = ("kind", "sitting__site")
    list_select_related = ("sitting", "booking")
    search_fields = ("text", "booking__candidate__number", "booking__candidate__name")
    date_hierarchy = "recorded_at"


@admin.register(Incident)
class IncidentAdmin(Decided):
    """Faults and unavoidable events (INC-01, INC-02, INC-04)."""

    list_display = ("began_at", "booking", "minutes", "unavoidable", "caused_by_candidate", "modules_passed")
    list_filter = ("unavoidable", "caused_by_candidate")
    list_select_related = ("booking",)
    search_fields = ("booking__candidate__number", "booking__candidate__name", "description")
    date_hierarchy = "began_at"


@admin.register(Remedy)
class RemedyAdmin(Decided):
    """What candidates got for incidents (INC-03)."""

    list_display = ("granted_at", "booking", "kind", "used_at")
    list_filter = ("kind",)
    list_select_related = ("booking",)
    search_fields = ("booking__candidate__number", "booking__candidate__name")
    date_hierarchy = "granted_at"


@admin.register(Reread)
class RereadAdmin(Decided):
    """Failed labs read once more (RRD-01 to RRD-05)."""

    list_display = ("requested_at", "booking", "status", "due_on", "ended_at")
    list_filter = ("status",)
    list_select_related = ("booking",)
    search_fields = ("booking__candidate__number", "booking__candidate__name")
    date_hierarchy = "requested_at"
