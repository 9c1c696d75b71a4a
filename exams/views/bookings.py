"""A candidate's bookings: each with its days and its money, paid, dropped, cancelled, read once more."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

import payments.services
from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT
from exams import booking_reading, papers, services
from exams.models import Booking
from exams.views.paying import to_card_page
from payments.order_pages import shown_cents
from payments.services import CardServiceUnavailable

log = structlog.get_logger(__name__)

PER_PAGE = 25
ASK_AT_MOST = 45  # every two seconds; then the page waits for the reader


@require_safe
@never_cache
@candidate_required
def booking_list(request: CandidateRequest) -> HttpResponse:
    """What is over, the latest first."""
    paginator = Paginator(booking_reading.past_bookings(request.candidate), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {"page": page, "pages": paginator.get_elided_page_range(page.number)}
    return render(request, "exams/booking_list.html", context)


@require_safe
@never_cache
@candidate_required
def booking(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """A booking: how it stands, its days, its money, and what can be done with it now."""
    own = own_booking(request, booking_id)
    if own.is_offer:
        return redirect("exams:wish", own.offered_to.pk)  # where it is taken or let go
    return booking_response(request, own, now=clock.now())


def own_booking(request: CandidateRequest, booking_id: int) -> Booking:
    """A booking of the candidate's own; 404 for anybody else's."""
    try:
        return booking_reading.own_booking(request.candidate, booking_id)
    except Booking.DoesNotExist as missing:
        raise Http404 from missing


def booking_response(
    request: CandidateRequest,
    shown: Booking,
    *,
    refusal: Refused | None = None,
    back_at: str = "",
    asked: int = 0,
    now: datetime,
) -> HttpResponse:
    """The page of a booking; with why something was refused, or while the card service's answer is awaited.

    `back_at` is the name of the address to which somebody came back from the card page, for the `asked`th time.
    """
    page = booking_reading.booking_page(shown, now=now)
    of_reread = page.reread.standing if page.reread else None
    standing = {"exams:booking_return": page.standing, "exams:reread_return": of_reread}.get(back_at)
    waiting = standing is not None and standing.may_be_settled_soon
    context = {
        "page": page,
        "booking": shown,
        "refusal": explain(refusal.decision) if refusal else None,
        "waiting": waiting and back_at == "exams:booking_return",
        "reread_waiting": waiting and back_at == "exams:reread_return",
        "ask_url": reverse(back_at, args=[shown.pk]) if waiting else "",
        "next_ask": asked + 1 if asked < ASK_AT_MOST else None,
    }
    return render(request, "exams/booking.html", context, status=CONFLICT if refusal else 200)


# ── Paying ────────────────────────────────────────────────────────────────────────────────────────
@require_POST
@candidate_required
def pay(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Go to the card page of a booking; a second press goes to the same one."""
    own, now = own_booking(request, booking_id), clock.now()
    try:
        return to_card_page(request, own, shown=shown_cents(request), now=now)
    except Refused as refusal:
        return booking_response(request, own_booking(request, booking_id), refusal=refusal, now=now)


@require_safe
@never_cache
@candidate_required
def return_from_card_page(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Where the card page sends people back to: ask at once how it went, and say so."""
    own, now = own_booking(request, booking_id), clock.now()
    return answer_of_card_page(request, own, own.order_id, "exams:booking_return", now=now)


def answer_of_card_page(
    request: CandidateRequest, own: Booking, order_id: int | None, back_at: str, *, now: datetime
) -> HttpResponse:
    """Ask the card service how an order went, and show the booking with the answer, or while it is awaited."""
    asked = int(request.GET["asked"]) if request.GET.get("asked", "").isdecimal() else 0
    if order_id is not None:
        try:
            payments.services.refresh_order(order_id=order_id, now=now)
        except CardServiceUnavailable:
            log.warning("return_not_answered", booking=own.pk)
    return booking_response(request, own_booking(request, own.pk), back_at=back_at, asked=asked, now=now)


# ── The confirmation ──────────────────────────────────────────────────────────────────────────────
@require_POST
@candidate_required
def send_again(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Send the confirmation again, to the address on record; a second press on the same day sends nothing."""
    own, now = own_booking(request, booking_id), clock.now()
    try:
        sent = services.confirm_again(booking_id=own.pk, now=now)
    except Refused as refusal:
        return booking_response(request, own_booking(request, booking_id), refusal=refusal, now=now)
    address = {"address": own.candidate.email}
    if sent:
        messages.success(request, _("The confirmation is on its way to %(address)s.") % address)
    else:
        messages.info(
            request, _("It was sent again today already, to %(address)s. Your notices hold it, too.") % address
        )
    return redirect("exams:booking", own.pk)


# ── Giving it up ──────────────────────────────────────────────────────────────────────────────────
@require_POST
@candidate_required
def drop(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Give back an unpaid booking, which costs nothing (LAB-15); a second press changes nothing."""
    own, now = own_booking(request, booking_id), clock.now()
    if own.status in (Booking.Status.DROPPED, Booking.Status.RELEASED):
        return redirect("exams:booking", own.pk)
    try:
        services.drop_booking(booking_id=own.pk, now=now)
    except Refused as refusal:
        return booking_response(request, own_booking(request, booking_id), refusal=refusal, now=now)
    messages.success(request, _("The booking is dropped. It cost nothing."))
    return redirect("exams:booking", own.pk)


@require_POST
@candidate_required
def cancel(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Give up a paid booking, which forfeits what was paid (LAB-14); a second press changes nothing."""
    own, now = own_booking(request, booking_id), clock.now()
    if own.status == Booking.Status.CANCELLED:
        return redirect("exams:booking", own.pk)
    try:
        services.cancel_booking(booking_id=own.pk, now=now)
    except Refused as refusal:
        return booking_response(request, own_booking(request, booking_id), refusal=refusal, now=now)
    messages.success(request, _("The booking is cancelled."))
    return redirect("exams:booking", own.pk)


# ── Papers ────────────────────────────────────────────────────────────────────────────────────────
@require_safe
@candidate_required
def letter(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """The letter of invitation for a visa as PDF (LAB-16); while the exam is to come."""
    own, now = _own_to_come(request, booking_id), clock.now()
    return _paper(papers.set_letter(own, now=now), "application/pdf", f"invitation-{own.pk}.pdf")


@require_safe
@candidate_required
def calendar_file(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """The exam day as a file for calendars, in the site's time zone; while the exam is to come."""
    own, now = _own_to_come(request, booking_id), clock.now()
    return _paper(papers.calendar_file(own, now=now), "text/calendar; charset=utf-8", f"lab-{own.pk}.ics")


def _own_to_come(request: CandidateRequest, booking_id: int) -> Booking:
    own = own_booking(request, booking_id)
    if own.status not in booking_reading.TO_COME:
        raise Http404
    return own


def _paper(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=content_type, headers=headers)
