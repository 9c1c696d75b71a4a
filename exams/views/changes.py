"""A booking changed to another seat: chosen, quoted line by line with the seat kept meanwhile, made by one button."""

from __future__ import annotations

from datetime import date, datetime

import structlog
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import payments.services
from candidates.access import CandidateRequest, candidate_required
from candidates.models import Agreement
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from exams import booking_reading, change_reading, lab_reading, services
from exams.forms import SeatForm
from exams.models import Booking, Reschedule, Site
from exams.views.bookings import own_booking
from exams.views.labs import calendar_context
from exams.views.paying import client_address, giving_code
from payments.order_pages import card_service_trouble
from payments.queries import usable_vouchers
from payments.services import CardServiceUnavailable

log = structlog.get_logger(__name__)


@require_safe
@never_cache
@candidate_required
def choose_seat(request: CandidateRequest, booking_id: int) -> HttpResponse:
    """Whether the booking can be changed, what that costs, and where seats are free."""
    own, now = own_booking(request, booking_id), clock.now()
    page = booking_reading.booking_page(own, now=now)
    if page.changing is None:
        return redirect("exams:booking", own.pk)
    context = calendar_context(request, own.track, fixed=True, now=now) | {"page": page, "booking": own}
    return render(request, "exams/choose_seat.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def change(request: CandidateRequest, booking_id: int, site: str, day: date) -> HttpResponse:
    """A seat to change to: what it depends on, and the button that keeps it and shows the quote."""
    own, now, there = own_booking(request, booking_id), clock.now(), get_object_or_404(Site, code=site)
    form = _change_form(request, own, there, now=now)
    if request.method != "POST":
        return _change_page(request, own, form, there, day, now=now)
    if not form.is_valid():
        return _change_page(request, own, form, there, day, status=UNPROCESSABLE, now=now)
    try:
        quoted = _quote(request, own, form, there, day, now=now)
    except Agreement.DoesNotExist:
        messages.warning(request, _("A text was replaced while you read it. This is the new version."))
        return redirect(request.path)
    except Refused as refusal:
        return _change_page(request, own, form, there, day, refusal=refusal, status=CONFLICT, now=now)
    return redirect("exams:quote", quoted.pk)


def _change_form(request: CandidateRequest, own: Booking, site: Site, *, now: datetime) -> SeatForm:
    moving = change_reading.moving_voucher(own, now=now)
    return SeatForm(
        request.POST if request.method == "POST" else None,
        mobile=site.kind == Site.Kind.MOBILE,
        vouchers=None if moving.comes_along else list(usable_vouchers(request.candidate.pk, day=clock.day_of(now))),
        texts=lab_reading.missing_texts(request.candidate, now=now),
        expired=moving.expired,
    )


def _change_page(
    request: CandidateRequest,
    own: Booking,
    form: SeatForm,
    site: Site,
    day: date,
    *,
    refusal: Refused | None = None,
    status: int = 200,
    now: datetime,
) -> HttpResponse:
    kit = str(form["kit"].value() or "") if "kit" in form.fields else ""
    decision = services.assess_reschedule(own, site, day, kit=kit, now=now)
    page = lab_reading.page_of_seat(request.candidate, own.track, site, day, decision, now=now)
    context = {
        "page": page,
        "form": form,
        "booking": own,
        "moving": change_reading.moving_voucher(own, now=now),
        "possible": set(decision.clauses_unmet) <= change_reading.ASKED_FOR_HERE,
        "refusal": explain(refusal.decision) if refusal else None,
    }
    return render(request, "exams/change.html", context, status=status)


def _quote(
    request: CandidateRequest, own: Booking, form: SeatForm, site: Site, day: date, *, now: datetime
) -> Reschedule:
    with giving_code(request, form.voucher_code, now=now):
        return services.quote_reschedule(
            booking_id=own.pk,
            site_code=site.code,
            day=day,
            kit=form.cleaned_data.get("kit", ""),
            voucher_code=form.voucher_code,
            instead_by_card=form.cleaned_data.get("instead_by_card", False),
            accept=form.cleaned_data.get("accept", False),
            versions=form.versions,
            language=form.language_read,
            ip_address=client_address(request),
            now=now,
        )


# ── The quote ─────────────────────────────────────────────────────────────────────────────────────
@require_safe
@never_cache
@candidate_required
def quote(request: CandidateRequest, change_id: int) -> HttpResponse:
    """What a change costs and gives back, line by line, how long the seat is kept, and one button."""
    return _quote_response(request, _own_change(request, change_id), now=clock.now())


def _own_change(request: CandidateRequest, change_id: int) -> Reschedule:
    """A change of the candidate's own; 404 for anybody else's."""
    try:
        return change_reading.own_change(request.candidate, change_id)
    except Reschedule.DoesNotExist as missing:
        raise Http404 from missing


def _quote_response(
    request: CandidateRequest, shown: Reschedule, *, refusal: Refused | None = None, now: datetime
) -> HttpResponse:
    page = change_reading.quote_page(shown, now=now)
    context = {"page": page, "change": shown, "refusal": explain(refusal.decision) if refusal else None}
    return render(request, "exams/quote.html", context, status=CONFLICT if refusal else 200)


@require_POST
@candidate_required
def confirm(request: CandidateRequest, change_id: int) -> HttpResponse:
    """Make the change, by the card page where something is charged; a second press goes to the same place."""
    own, now = _own_change(request, change_id), clock.now()
    back = settings.BASE_URL + reverse("exams:quote_return", args=[own.pk])
    try:
        made = services.confirm_reschedule(reschedule_id=own.pk, now=now)
        if made.status == Reschedule.Status.COMMITTED:
            messages.success(request, _("Your booking is changed."))
            return redirect("exams:booking", made.new_id)
        payment = services.start_reschedule_payment(reschedule_id=own.pk, success_url=back, cancel_url=back, now=now)
    except Refused as refusal:
        return _quote_response(request, _own_change(request, change_id), refusal=refusal, now=now)
    except CardServiceUnavailable:
        messages.error(request, card_service_trouble())
        return redirect("exams:quote", own.pk)
    return redirect(payment.page_url)


@require_safe
@never_cache
@candidate_required
def return_from_card_page(request: CandidateRequest, change_id: int) -> HttpResponse:
    """Where the card page sends people back to: ask at once how it went; made, it shows the new booking."""
    own, now = _own_change(request, change_id), clock.now()
    if own.order_id is not None:
        try:
            payments.services.refresh_order(order_id=own.order_id, now=now)
        except CardServiceUnavailable:
            log.warning("return_not_answered", reschedule=change_id)
    own = _own_change(request, change_id)
    if own.status == Reschedule.Status.COMMITTED:
        messages.success(request, _("Your booking is changed."))
        return redirect("exams:booking", own.new_id)
    return _quote_response(request, own, now=now)


@require_POST
@candidate_required
def withdraw(request: CandidateRequest, change_id: int) -> HttpResponse:
    """Let the new seat go; the booking stays as it is. A second press changes nothing."""
    own = _own_change(request, change_id)
    done = services.withdraw_reschedule(reschedule_id=own.pk, now=clock.now())
    if done.status == Reschedule.Status.COMMITTED:
        return redirect("exams:booking", done.new_id)
    messages.success(request, _("The new seat is free again. Your booking is as it was."))
    return redirect("exams:booking", done.old_id)
