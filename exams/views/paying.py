"""What pages of bookings share about paying: the way to the card page, and giving the code of a voucher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

import payments.services
from candidates.access import CandidateRequest
from exams import services
from exams.models import Booking, Reread
from exams.services import rereads
from payments.order_pages import card_service_trouble, shown_cents
from payments.services import CardServiceUnavailable


def client_address(request: HttpRequest) -> str:
    """The address a request came from, as the login pages see it."""
    address: str = get_adapter(request).get_client_ip(request)
    return address


@contextmanager
def giving_code(request: CandidateRequest, code: str, *, now: datetime) -> Iterator[None]:
    """Within it a voucher's code may be given: wrong ones are counted (EXAM-12)."""
    if not code:
        yield
        return
    with payments.services.counting_codes(candidate_id=request.candidate.pk, address=client_address(request), now=now):
        yield


def to_card_page(request: CandidateRequest, booking: Booking, *, shown: int | None, now: datetime) -> HttpResponse:
    """To the card page of a booking, a second time to the same one; `shown` is the amount agreed to, in cents.

    Refused as `start_booking_payment` says.
    """
    back = settings.BASE_URL + reverse("exams:booking_return", args=[booking.pk])
    try:
        payment = services.start_booking_payment(
            booking_id=booking.pk, success_url=back, cancel_url=back, shown_cents=shown, now=now
        )
    except CardServiceUnavailable:
        messages.error(request, card_service_trouble())
        return redirect("exams:booking", booking.pk)
    return redirect(payment.page_url)


def to_card_page_of_reread(request: CandidateRequest, reread: Reread, *, now: datetime) -> HttpResponse:
    """To the card page of a re-read, a second time to the same one. Refused as `start_reread_payment` says."""
    back = settings.BASE_URL + reverse("exams:reread_return", args=[reread.booking_id])
    try:
        payment = rereads.start_reread_payment(
            reread_id=reread.pk, success_url=back, cancel_url=back, shown_cents=shown_cents(request), now=now
        )
    except CardServiceUnavailable:
        messages.error(request, card_service_trouble())
        return redirect("exams:booking", reread.booking_id)
    return redirect(payment.page_url)
