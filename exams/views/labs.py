"""Labs: the calendar of free seats, the sites, and a seat that is booked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from candidates.access import CandidateRequest, candidate_required
from candidates.models import Agreement, Track
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from ceportal.kernel.policy import BOOK
from exams import booking_reading, calendar_reading, lab_reading, services, waiting_reading
from exams.forms import CalendarForm, SeatForm
from exams.models import Booking, Site
from exams.views.paying import client_address, giving_code, to_card_page
from payments.order_pages import shown_cents
from payments.queries import usable_vouchers


@require_safe
@never_cache
@candidate_required
def labs(request: CandidateRequest) -> HttpResponse:
    """The home of labs: the own bookings, what stands in the way of another, and where seats are free."""
    now = clock.now()
    context = calendar_context(request, lab_reading.track_to_show(request.candidate), now=now)
    if context["track"] is not None:
        context["may_book"] = lab_reading.may_book(request.candidate, context["track"], now=now)
    # A seat that is offered is no booking yet: it is shown with the wish it answers.
    context["standing"] = [each for each in booking_reading.standing_bookings(request.candidate) if not each.is_offer]
    context["wishes"] = waiting_reading.open_wishes(request.candidate)
    context["rereadable"] = lab_reading.rereadable(request.candidate, now=now)
    context["any_past"] = booking_reading.past_bookings(request.candidate).exists()
    return render(request, "exams/labs.html", context)


def calendar_context(
    request: HttpRequest, track: Track | None, *, fixed: bool = False, now: datetime
) -> dict[str, Any]:
    """The calendar as the address asks for it; `fixed`: the track is not to be chosen."""
    form = CalendarForm({"track": track.code if track else "", **request.GET.dict()})
    form.is_valid()  # what cannot be read counts as not asked
    chosen = track if fixed else form.cleaned_data.get("track") or track
    site, today = form.cleaned_data.get("site"), clock.day_of(now)
    if fixed:
        del form.fields["track"]
    first_day = calendar_reading.month_asked(request.GET.get("month", ""), today=today) or today.replace(day=1)
    month = calendar_reading.month_of(first_day, chosen, site=site, now=now) if chosen else None
    return {"form": form, "track": chosen, "site": site, "month": month, "today": today}


@require_safe
def site_list(request: HttpRequest) -> HttpResponse:
    """Where labs are held: address, local start, equipment, price, and how early to apply for a visa (LAB-16)."""
    now = clock.now()
    sites = [
        {
            "site": each,
            "next": calendar_reading.first_start(each, now=now),
            "prices": lab_reading.prices_of(each, now=now),
        }
        for each in Site.objects.order_by("name")
    ]
    # The book of the day asked governs.
    weeks = BOOK.on(clock.day_of(now))["lab.visa_weeks"].value
    return render(request, "exams/site_list.html", {"sites": sites, "weeks": weeks})


# ── A seat ────────────────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def book(request: CandidateRequest, track: str, site: str, day: date) -> HttpResponse:
    """A seat: what it depends on, its exact price, the texts that are asked for, and the button that books it."""
    now = clock.now()
    place = (get_object_or_404(calendar_reading.tracks_with_lab(), code=track), get_object_or_404(Site, code=site), day)
    form = _seat_form(request, place, now=now)
    if request.method != "POST":
        return _seat_page(request, form, place, now=now)
    if not form.is_valid():
        return _seat_page(request, form, place, status=UNPROCESSABLE, now=now)
    try:
        booking = _book(request, form, place, now)
    except Agreement.DoesNotExist:
        messages.warning(request, _("A text was replaced while you read it. This is the new version."))
        return redirect(request.path)
    except Refused as refusal:
        if (standing := _same_seat(request, place)) is not None:
            return redirect("exams:booking", standing.pk)  # sent twice: it was booked the first time
        return _seat_page(request, form, place, refusal=refusal, status=CONFLICT, now=now)
    return go_on(request, booking, now)


Place = tuple[Track, Site, date]


def _seat_form(request: CandidateRequest, place: Place, *, now: datetime) -> SeatForm:
    vouchers = list(usable_vouchers(request.candidate.pk, day=clock.day_of(now)))
    texts = lab_reading.missing_texts(request.candidate, now=now)
    return SeatForm(
        request.POST if request.method == "POST" else None,
        mobile=place[1].kind == Site.Kind.MOBILE,
        vouchers=vouchers,
        texts=texts,
    )


def _seat_page(
    request: CandidateRequest,
    form: SeatForm,
    place: Place,
    *,
    refusal: Refused | None = None,
    status: int = 200,
    now: datetime,
) -> HttpResponse:
    track, site, day = place
    kit = str(form["kit"].value() or "") if "kit" in form.fields else ""
    page = lab_reading.seat_page(request.candidate, track, site, day, kit=kit, now=now)
    context = {"page": page, "form": form, "refusal": explain(refusal.decision) if refusal else None}
    return render(request, "exams/book.html", context, status=status)


def _book(request: CandidateRequest, form: SeatForm, place: Place, now: datetime) -> Booking:
    track, site, day = place
    with giving_code(request, form.voucher_code, now=now):
        return services.book_seat(
            candidate_id=request.candidate.pk,
            track_code=track.code,
            site_code=site.code,
            day=day,
            kit=form.cleaned_data.get("kit", ""),
            voucher_code=form.voucher_code,
            accept=form.cleaned_data.get("accept", False),
            versions=form.versions,
            language=form.language_read,
            ip_address=client_address(request),
            now=now,
        )


def _same_seat(request: CandidateRequest, place: Place) -> Booking | None:
    track, site, day = place
    standing = booking_reading.standing_bookings(request.candidate)
    return standing.filter(track=track, seat__sitting__site=site, seat__sitting__day=day).first()


def go_on(request: CandidateRequest, booking: Booking, now: datetime) -> HttpResponse:
    """To the card page where it is paid now, else to the booking."""
    if booking.status == Booking.Status.PAID:
        messages.success(request, _("Your seat is booked and paid in full."))
    elif booking.status == Booking.Status.HELD or "now" in request.POST:
        return _pay_what_was_shown(request, booking, now)
    else:
        messages.success(request, _("The seat is reserved for you. Pay it in time, and it is yours."))
    return redirect("exams:booking", booking.pk)


def _pay_what_was_shown(request: CandidateRequest, booking: Booking, now: datetime) -> HttpResponse:
    """To the card page for the amount that stood on the page; another is looked at first, and agreed to (LAB-04)."""
    try:
        return to_card_page(request, booking, shown=shown_cents(request, f"shown_cents_{booking.kit}"), now=now)
    except Refused as refusal:
        if booking.order is not None and booking.order.covered_cents:
            messages.info(request, _("The seat is yours to pay. Look at what your voucher leaves to be paid by card."))
        else:
            for each in explain(refusal.decision).unmet:
                messages.warning(request, f"{each.text} {each.next_step_text} ({each.clause})")
    return redirect("exams:booking", booking.pk)
