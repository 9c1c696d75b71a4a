"""Events in the administration: their days, their sessions, and the schedules that organisers hand in."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import validate_slug
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from catalog import services, sessions
from catalog.models import Gathering, Session, SessionTime
from ceportal.kernel.policy import BOOK
from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, do_act

LARGEST_SCHEDULE = 5 * 1024 * 1024  # bytes
PROBLEMS_SHOWN = 100


class OrganiserForm(ActForm):
    """For whose programs an event is."""

    organiser = forms.SlugField(
        label=gettext_lazy("Organiser"),
        max_length=50,
        required=False,
        help_text=gettext_lazy("The code of the partner whose programs hand in its schedule and its badge scans."),
    )


class GatheringForm(OrganiserForm):
    """An event, as it is announced."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        validators=[validate_slug],
        help_text=gettext_lazy("Names the event in files: live-2026."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    place = forms.CharField(label=gettext_lazy("Place"), max_length=120, required=False)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=[(name, name) for name in sorted(zoneinfo.available_timezones())]
    )
    starts_on = forms.DateField(label=gettext_lazy("First day"))
    ends_on = forms.DateField(label=gettext_lazy("Last day"))

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].lower()
        if Gathering.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is an event with this code."))
        return code

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and values["ends_on"] < values["starts_on"]:
            self.add_error("ends_on", _("The last day lies before the first."))
        return values


class ScheduleForm(ActForm):
    """The file of a schedule."""

    schedule = forms.FileField(
        label=gettext_lazy("Schedule"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=gettext_lazy(
            "CSV in UTF-8 with the columns code, minutes and start (2026-06-01 08:00, where the event is held), and "
            "where wanted title, marked (yes for the missions that count) and room."
        ),
    )

    def clean_schedule(self) -> Any:
        schedule = self.cleaned_data["schedule"]
        if schedule.size > LARGEST_SCHEDULE:
            raise forms.ValidationError(_("The file is larger than 5 MB: cut it in parts."))
        return schedule


@admin.register(Gathering)
class GatheringAdmin(RecordAdmin):
    """Events such as a yearly conference (LIVE-07)."""

    list_display = ("name", "code", "organiser", "place", "starts_on", "ends_on", "session_count")
    search_fields = ("code", "name", "place")
    date_hierarchy = "starts_on"
    readonly_fields = ("all_sessions",)
    actions_detail = ("import_schedule", "give_to_organiser")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(session_total=Count("sessions"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_gathering")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            gathering = services.register_gathering(now=now, **values)
            return _("%(event)s is entered; its schedule can be imported.") % {"event": gathering}

        return do_act(self, request, title=_("Enter an event"), button=_("Enter"), form=GatheringForm, perform=perform)

    @display(description=gettext_lazy("sessions"), ordering="session_total")
    def session_count(self, gathering: Any) -> int:
        return int(gathering.session_total)

    @display(description=gettext_lazy("sessions"))
    def all_sessions(self, gathering: Any) -> SafeString:
        url = reverse("admin:catalog_session_changelist")
        count = gathering.session_total
        text = ngettext("%(count)d session", "%(count)d sessions", count) % {"count": count}
        return format_html('<a href="{}?gathering__id__exact={}">{}</a>', url, gathering.pk, text)

    @action(description=gettext_lazy("Import its schedule"), url_path="schedule", permissions=["act"])
    def import_schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        gathering: Gathering = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            read = services.import_schedule(gathering_id=gathering.pk, content=values["schedule"].read(), now=now)
            said = ngettext(
                "%(count)d time of a session is on the schedule, %(created)d of them new.",
                "%(count)d times of sessions are on the schedule, %(created)d of them new.",
                read.times,
            ) % {"count": read.times, "created": read.created}
            if read.problems:
                raise forms.ValidationError(_told(said, read))
            return said

        return do_act(
            self,
            request,
            title=_("Import a schedule"),
            button=_("Import"),
            explanation=_("What an earlier file said stays, unless this one says otherwise of the same session."),
            form=ScheduleForm,
            perform=perform,
            back=gathering,
        )

    @action(description=gettext_lazy("Name its organiser"), url_path="organiser", permissions=["act"])
    def give_to_organiser(self, request: HttpRequest, object_id: str) -> HttpResponse:
        gathering: Gathering = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.name_organiser(gathering_id=gathering.pk, now=now, **values)
            return _("The organiser is named.")

        return do_act(
            self,
            request,
            title=_("Name the organiser"),
            button=_("Name"),
            explanation=_("Only this organiser's programs see the event, and hand in what belongs to it."),
            form=OrganiserForm,
            perform=perform,
            initial={"organiser": gathering.organiser},
            back=gathering,
        )


def _told(said: str, read: services.ScheduleRead) -> list[str]:
    """What was taken, and what was not, row by row; the file can be put right and imported again."""
    lines = [said + " " + _("These rows were not taken; put them right and import the file again.")]
    lines += [f"{problem.place}: {problem.text}" for problem in read.problems[:PROBLEMS_SHOWN]]
    more = len(read.problems) - PROBLEMS_SHOWN
    if more > 0:
        lines.append(ngettext("and %(count)d row more", "and %(count)d rows more", more) % {"count": more})
    return lines


class SessionTimeInline(PartInline):
    """When a session was held."""

    model = SessionTime
    fields = ("starts_at", "held_on", "room")


@admin.register(Session)
class SessionAdmin(RecordAdmin):
    """Sessions of events, with what their codes say (LIVE-01, LIVE-05)."""

    list_display = ("code", "title", "gathering", "minutes", "marked", "worth")
    list_filter = ("gathering", "marked")
    list_select_related = ("gathering",)
    search_fields = ("code", "title", "gathering__code")
    ordering = ("-gathering__starts_on", "code")
    readonly_fields = ("worth",)
    inlines = (SessionTimeInline,)

    @display(description=gettext_lazy("credits"))
    def worth(self, session: Session) -> str:
        code = sessions.parse_code(session.code)
        # The book of the event's first day: a session's own day may fall under another.
        credits = sessions.credits_of(code, session.minutes, BOOK.on(session.gathering.starts_on)) if code else 0
        if code is not None and code.kind == sessions.FLAG and not session.marked:
            credits = 0
        return str(credits) if credits else _("none")


@admin.register(SessionTime)
class SessionTimeAdmin(RecordAdmin):
    """When sessions were held."""

    list_display = ("session", "gathering", "starts_at", "held_on", "room")
    list_filter = ("session__gathering",)
    list_select_related = ("session__gathering",)
    search_fields = ("session__code", "session__title", "room")
    date_hierarchy = "held_on"
    ordering = ("-starts_at", "-id")

    @display(description=gettext_lazy("event"))
    def gathering(self, time: SessionTime) -> str:
        return str(time.session.gathering)
