"""The exam day in the administration: arrivals, the log, faults, remedies, re-reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, do_act, findings
from exams.models import Attempt, CheckIn, Incident, LogEntry, Remedy, Reread
from exams.services import incidents, rereads


class Decided(RecordAdmin):
    """A record that keeps its decision."""

    exclude = ("decision",)
    readonly_fields = ("why",)

    @display(description=gettext_lazy("why"))
    def why(self, record: CheckIn | Incident | Remedy | Reread) -> SafeString | str:
        return findings(record.decision)


class CompletionForm(ActForm):
    """What the remedy for an incident depends on (INC-03)."""

    caused_by_candidate = forms.BooleanField(label=gettext_lazy("The candidate caused it"), required=False)
    modules_passed = forms.BooleanField(
        label=gettext_lazy("Every completed module that it did not touch was passed"), required=False
    )
    description = forms.CharField(label=gettext_lazy("What happened"), max_length=2000, widget=LongText())


class RemedyForm(ActForm):
    """Which remedy is granted."""

    kind = forms.ChoiceField(label=gettext_lazy("Remedy"), choices=Remedy.Kind)


class OutcomeForm(ActForm):
    """What the re-read came to: the result, and nothing else (RRD-05)."""

    result = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=[(each.value, each.label) for each in (Attempt.Result.FAIL, Attempt.Result.PASS)],
    )


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
    actions_detail = ("complete", "grant_remedy")

    @action(description=gettext_lazy("Complete what is known"), url_path="complete", permissions=["act"])
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        incident: Incident = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            incidents.complete_incident(incident_id=incident.pk, staff_id=request.user.pk, now=now, **values)
            return _("What is known of the incident is complete.")

        return do_act(
            self,
            request,
            title=_("Complete what is known"),
            button=_("Keep"),
            explanation=_(
                "The remedy needs all three: it was not caused by the candidate, lasted, and was borne well."
            ),
            form=CompletionForm,
            perform=perform,
            back=incident,
            initial={
                "caused_by_candidate": incident.caused_by_candidate,
                "modules_passed": incident.modules_passed,
                "description": incident.description,
            },
        )

    @action(description=gettext_lazy("Grant a remedy"), url_path="remedy", permissions=["act"])
    def grant_remedy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        incident: Incident = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            remedy = incidents.grant_remedy(
                booking_id=incident.booking_id, kind=values["kind"], staff_id=request.user.pk, now=now
            )
            return _("Granted: %(remedy)s.") % {"remedy": remedy.get_kind_display()}

        return do_act(
            self,
            request,
            title=_("Grant a remedy"),
            button=_("Grant"),
            explanation=_("A free change or a voucher, once, and never money (INC-03)."),
            form=RemedyForm,
            perform=perform,
            back=incident,
        )


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
    actions_detail = ("decide",)

    @action(description=gettext_lazy("Enter the outcome"), url_path="decide", permissions=["act"])
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        reread: Reread = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            decided = rereads.decide_reread(
                booking_id=reread.booking_id, result=values["result"], staff_id=request.user.pk, now=now
            )
            return _("The re-read: %(outcome)s.") % {"outcome": decided.get_status_display()}

        return do_act(
            self,
            request,
            title=_("Enter the outcome"),
            button=_("Tell the candidate"),
            explanation=_("A pass corrects the result as of the exam day and gives the fee back by itself (RRD-04)."),
            form=OutcomeForm,
            perform=perform,
            back=reread,
        )
