"""The desk of a site, for its proctors: other sites' sittings and bookings do not exist for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from exams import desk_pages, desk_queries
from exams.access import ProctorRequest, own_booking, own_sitting, proctor_required
from exams.desk_forms import EVENT, CheckInForm, DeskForm, FaultEndForm, FaultForm, LogForm, ResultForm
from exams.models import Booking, Sitting
from exams.services import exam_day, incidents, results


@require_safe
@never_cache
@proctor_required
def desk(request: ProctorRequest) -> HttpResponse:
    """A proctor's site, its local time, what happens there today, and what is left to do."""
    return render(request, "exams/desk/desk.html", desk_pages.desk_page(request.proctor.site, now=clock.now()))


# ── A sitting ─────────────────────────────────────────────────────────────────────────────────────
@require_safe
@own_sitting
def sitting_detail(request: ProctorRequest, sitting: Sitting) -> HttpResponse:
    """A sitting of another day."""
    return _sitting_page(request, sitting)


@require_POST
@own_sitting
def add_log_entry(request: ProctorRequest, sitting: Sitting) -> HttpResponse:
    """Write a line into the log (LAB-18)."""
    bookings = desk_pages.bookings_at(sitting.site).filter(seat__sitting=sitting)
    form = LogForm(request.POST, bookings=bookings)
    if not form.is_valid():
        return _sitting_page(request, sitting, form=form, status=UNPROCESSABLE)
    try:
        exam_day.add_log_entry(
            sitting_id=sitting.pk, proctor_id=request.proctor.user_id, now=clock.now(), **form.entry()
        )
    except Refused as refused:
        return _sitting_page(request, sitting, form=form, refused=refused, status=CONFLICT)
    messages.success(request, _("It stands in the log."))
    return redirect("exams:sitting", sitting.day)


@require_POST
@own_sitting
def close_sitting(request: ProctorRequest, sitting: Sitting) -> HttpResponse:
    """End the sitting; whoever has not arrived did not appear (LAB-13)."""
    try:
        exam_day.close_sitting(sitting_id=sitting.pk, proctor_id=request.proctor.user_id, now=clock.now())
    except Refused as refused:
        return _sitting_page(request, sitting, refused=refused, status=CONFLICT)
    messages.success(request, _("The sitting is closed."))
    return redirect("exams:sitting", sitting.day)


def _sitting_page(
    request: ProctorRequest,
    sitting: Sitting,
    *,
    form: LogForm | None = None,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = desk_pages.sitting_page(sitting, now=clock.now(), log_form=form)
    context["refusal"] = explain(refused.decision) if refused else None
    return render(request, "exams/desk/sitting.html", context, status=status)


# ── A candidate ───────────────────────────────────────────────────────────────────────────────────
@require_safe
@own_booking
def booking_detail(request: ProctorRequest, booking: Booking) -> HttpResponse:
    """One candidate on the exam day."""
    return render(request, "exams/desk/booking.html", desk_pages.booking_page(booking, now=clock.now()))


@require_POST
@own_booking
def check_in(request: ProctorRequest, booking: Booking) -> HttpResponse:
    """Let somebody who has arrived start (EXAM-13, LAB-12)."""
    form = CheckInForm(request.POST)

    def perform(now: datetime) -> str:
        exam_day.check_in(
            booking_id=booking.pk,
            minutes_late=form.cleaned_data["minutes_late"],
            identity=form.identity(),
            proctor_id=request.proctor.user_id,
            now=now,
        )
        return _("Checked in: the exam can begin.")

    return _do(request, booking, "check_in_form", form, perform)


@require_POST
@own_booking
def begin_fault(request: ProctorRequest, booking: Booking) -> HttpResponse:
    """Start the clock of a fault or of an event (INC-01, INC-04)."""
    form = FaultForm(request.POST)

    def perform(now: datetime) -> str:
        incidents.begin_incident(
            booking_id=booking.pk,
            unavoidable=form.cleaned_data["what"] == EVENT,
            description=form.cleaned_data["description"],
            proctor_id=request.proctor.user_id,
            now=now,
        )
        return _("The clock is running.")

    return _do(request, booking, "fault_form", form, perform)


@require_POST
@own_booking
def end_fault(request: ProctorRequest, booking: Booking) -> HttpResponse:
    """Stop the clock that is running: the session is longer, or over (INC-01, INC-02)."""
    form = FaultEndForm(request.POST)
    running = desk_queries.running_fault(booking.pk)
    if running is None:
        return redirect("exams:desk_booking", booking.pk)  # stopped already, perhaps by a second press

    def perform(now: datetime) -> str:
        ended = incidents.end_incident(
            incident_id=running.pk, proctor_id=request.proctor.user_id, now=now, **form.recorded()
        )
        if ended.booking.status == Booking.Status.INCIDENT:
            return _("The exam is over: no attempt counts, and the programme has a case.")
        return _("The session is longer by %(minutes)s minutes.") % {"minutes": ended.minutes}

    return _do(request, booking, "fault_end_form", form, perform)


@require_POST
@own_booking
def publish_result(request: ProctorRequest, booking: Booking) -> HttpResponse:
    """Publish a result: a pass or a fail (LAB-19)."""
    form = ResultForm(request.POST)

    def perform(now: datetime) -> str:
        results.publish_result(booking_id=booking.pk, publisher_id=request.proctor.user_id, now=now, **form.published())
        return _("The result is published, and the candidate is told.")

    return _do(request, booking, "result_form", form, perform)


def _do(
    request: ProctorRequest, booking: Booking, name: str, form: DeskForm, perform: Callable[[datetime], str]
) -> HttpResponse:
    """Do what a form asks, or show it again with what is wrong or the reasons of the refusal."""
    refusal: Any = None
    status = UNPROCESSABLE
    if form.is_valid():
        try:
            said = perform(clock.now())
        except Refused as refused:
            refusal, status = explain(refused.decision), CONFLICT
            booking = desk_pages.bookings_at(request.proctor.site).get(pk=booking.pk)
        else:
            messages.success(request, said)
            return redirect("exams:desk_booking", booking.pk)
    context = desk_pages.booking_page(booking, now=clock.now(), **{name: form, "refusal": refusal})
    return render(request, "exams/desk/booking.html", context, status=status)
