"""A failed lab read once more: asked for and paid on the page of its booking (RRD-01 to RRD-05)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from exams.models import Booking, Reread
from exams.services import rereads
from exams.views.bookings import answer_of_card_page, booking_response, own_booking
from exams.views.paying import to_card_page_of_reread


@require_POST
@candidate_required
def request_reread(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Ask for a re-read, and go on to pay it where that was pressed; a second press finds the one asked for."""
    own, now = own_booking(request, booking_id), clock.now()
    try:
        reread = _asked_for(own) or rereads.request_reread(booking_id=own.pk, now=now)
        if "now" in request.POST:
            return to_card_page_of_reread(request, reread, now=now)
    except Refused as refusal:
        return booking_response(request, own_booking(request, booking_id), refusal=refusal, now=now)
    messages.success(request, _("The re-read is asked for. It begins once its fee is paid."))
    return redirect("exams:booking", own.pk)


def _asked_for(booking: Booking) -> Reread | None:
    """The re-read of a booking whose fee is awaited."""
    return Reread.objects.filter(booking=booking, status=Reread.Status.REQUESTED).first()


@require_POST
@candidate_required
def pay(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Go to the card page of a re-read; a second press goes to the same one."""
    own, now = own_booking(request, booking_id), clock.now()
    reread = _reread_of(own)
    try:
        return to_card_page_of_reread(request, reread, now=now)
    except Refused as refusal:
        return booking_response(request, own_booking(request, booking_id), refusal=refusal, now=now)


@require_safe
@never_cache
@candidate_required
def return_from_card_page(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Where the card page sends people back to: ask at once how it went, and say so."""
    own, now = own_booking(request, booking_id), clock.now()
    return answer_of_card_page(request, own, _reread_of(own).order_id, "exams:reread_return", now=now)


def _reread_of(booking: Booking) -> Reread:
    """The re-read of a booking; 404 where none was asked for."""
    reread = Reread.objects.filter(booking=booking).first()
    if reread is None:
        raise Http404
    return reread
