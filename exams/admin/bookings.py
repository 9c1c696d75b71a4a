"""Bookings, their changes and the waiting list in the administration: what happened, and why it could."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel import clock
from ceportal.kernel.staff import RecordAdmin, do_act, findings
from exams.admin.laboratory import CompletionForm
from exams.desk_queries import results_overdue
from exams.models import Booking, Reschedule, WaitingWish
from exams.services import incidents

STATE_COLOURS = {
    "held": "info",
    "reserved": "warning",
    "paid": "success",
    "sat": "info",
    "passed": "success",
    "failed": "warning",
    "no_show": "danger",
    "incident": "danger",
}


class PromiseFilter(admin.SimpleListFilter):
    """Labs whose result is awaited longer than promised (LAB-19)."""

    title = gettext_lazy("result")
    parameter_name = "result"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", gettext_lazy("awaited longer than promised"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        return queryset & results_overdue(clock.day_of(clock.now())) if self.value() == "overdue" else queryset


@admin.register(Booking)
class BookingAdmin(RecordAdmin):
    """Seats taken by candidates."""

    list_display = ("booked_at", "candidate", "track", "site_and_day", "state", "order")
    list_display_links = ("booked_at", "candidate")
    list_filter = ("status", PromiseFilter, "track", "seat__sitting__site")
    list_select_related = ("candidate", "track", "seat__sitting__site", "order")
    search_fields = ("candidate__number", "candidate__name", "order__number")
    date_hierarchy = "booked_at"
    exclude = ("decision",)
    readonly_fields = ("why",)
    actions_detail = ("record_event",)

    @action(description=gettext_lazy("Record an unavoidable event"), url_path="unavoidable-event", permissions=["act"])
    def record_event(self, request: HttpRequest, object_id: str) -> HttpResponse:
        booking: Booking = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            incidents.record_incident(
                booking_id=booking.pk,
                minutes=None,
                too_long=True,
                unavoidable=True,
                proctor_id=request.user.pk,
                now=now,
                **values,
            )
            return _("The exam is over by an unavoidable event; its remedy is granted with the incident.")

        return do_act(
            self,
            request,
            title=_("Record an unavoidable event"),
            button=_("End the exam"),
            explanation=_(
                "A closed site, a strike, an accident: well documented, it ends the exam and has the remedy of a fault "
                "(INC-04)."
            ),
            form=CompletionForm,
            perform=perform,
            back=booking,
        )

    @display(description=gettext_lazy("site and day"), ordering="seat__sitting__day")
    def site_and_day(self, booking: Booking) -> str:
        return f"{booking.seat.sitting.site}, {booking.seat.sitting.day:%Y-%m-%d}"

    @display(description=gettext_lazy("status"), ordering="status", label=STATE_COLOURS)
    def state(self, booking: Booking) -> tuple[str, str]:
        return booking.status, booking.get_status_display()

    @display(description=gettext_lazy("why it could be booked"))
    def why(self, booking: Booking) -> SafeString | str:
        return findings(booking.decision)


@admin.register(Reschedule)
class RescheduleAdmin(RecordAdmin):
    """Changes of bookings, as they were quoted."""

    list_display = ("quoted_at", "old", "new", "status", "charge_cents", "refund_cents")
    list_filter = ("status",)
    list_select_related = ("old__candidate", "new")
    search_fields = ("old__candidate__number", "old__candidate__name")
    date_hierarchy = "quoted_at"
    exclude = ("decision",)
    readonly_fields = ("why",)

    @display(description=gettext_lazy("why it could be changed"))
    def why(self, reschedule: Reschedule) -> SafeString | str:
        return findings(reschedule.decision)


@admin.register(WaitingWish)
class WaitingWishAdmin(RecordAdmin):
    """Who waits for a seat."""

    list_display = ("asked_at", "candidate", "track", "first_day", "last_day", "status", "ending")
    list_filter = ("status", "track")
    list_select_related = ("candidate", "track")
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "asked_at"
