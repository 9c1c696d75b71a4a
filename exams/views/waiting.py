"""The waiting list of lab seats: asking to be told, what became of it, and the seat that is offered (LAB-15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates.access import CandidateRequest, candidate_required
from candidates.models import Agreement
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from exams import lab_reading, services, waiting_reading
from exams.forms import SeatForm
from exams.lab_reading import MissingText
from exams.models import WaitingWish
from exams.views.labs import go_on
from exams.views.paying import client_address
from exams.waiting_forms import WishForm

PER_PAGE = 25


@require_safe
@never_cache
@candidate_required
def wish_list(request: CandidateRequest) -> HttpResponse:
    """What one waits for, and what became of what one waited for before."""
    paginator = Paginator(waiting_reading.past_wishes(request.candidate), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "wishes": waiting_reading.open_wishes(request.candidate),
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
    }
    return render(request, "exams/wish_list.html", context)


# ── Asking ────────────────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def ask(request: CandidateRequest) -> HttpResponse:
    """Ask to be told when a seat opens at some sites between two days."""
    now = clock.now()
    form = WishForm.from_request(request, lab_reading.track_to_show(request.candidate), today=clock.day_of(now))
    if request.method != "POST":
        return _ask_page(request, form, now=now)
    if not form.is_valid():
        return _ask_page(request, form, status=UNPROCESSABLE, now=now)
    try:
        wish = services.ask_for_seat(candidate_id=request.candidate.pk, **form.wish, now=now)
    except Refused as refusal:
        if (same := waiting_reading.same_wish(request.candidate, **form.wish)) is not None:
            return redirect("exams:wish", same.pk)  # sent twice: it was kept the first time
        return _ask_page(request, form, refusal=refusal, status=CONFLICT, now=now)
    messages.success(request, _("You are on the waiting list. You are told as soon as a seat is kept for you."))
    return redirect("exams:wish", wish.pk)


def _ask_page(
    request: CandidateRequest, form: WishForm, *, refusal: Refused | None = None, status: int = 200, now: datetime
) -> HttpResponse:
    track = form.track_shown
    context = {
        "form": form,
        "track": track,
        # A refusal says what stands in the way of the days that were asked for.
        "may_book": lab_reading.may_book(request.candidate, track, now=now) if track and not refusal else None,
        "refusal": explain(refusal.decision) if refusal else None,
    }
    return render(request, "exams/wish_form.html", context, status=status)


# ── A wish ────────────────────────────────────────────────────────────────────────────────────────
@require_safe
@never_cache
@candidate_required
def wish(request: CandidateRequest, wish_id: int) -> HttpResponse:
    """A wish: how it stands, and where a seat is kept, until when and what taking it asks."""
    return _wish_page(request, _own_wish(request, wish_id), now=clock.now())


def _own_wish(request: CandidateRequest, wish_id: int) -> WaitingWish:
    """A wish of the candidate's own; 404 for anybody else's."""
    try:
        return waiting_reading.own_wish(request.candidate, wish_id)
    except WaitingWish.DoesNotExist as missing:
        raise Http404 from missing


def _wish_page(
    request: CandidateRequest,
    shown: WaitingWish,
    *,
    form: SeatForm | None = None,
    refusal: Refused | None = None,
    status: int = 200,
    now: datetime,
) -> HttpResponse:
    page = waiting_reading.wish_page(shown, now=now)
    context = {
        "page": page,
        "wish": shown,
        "form": form or _texts_form(None, page.offer.seat.missing if page.offer else ()),
        "refusal": explain(refusal.decision) if refusal else None,
    }
    return render(request, "exams/wish.html", context, status=status)


def _texts_form(data: QueryDict | None, texts: Sequence[MissingText]) -> SeatForm:
    """The texts alone: place and equipment are those of the offer, and a voucher is given when it is paid."""
    return SeatForm(data, mobile=False, vouchers=None, texts=texts)


@require_POST
@candidate_required
def accept(request: CandidateRequest, wish_id: int) -> HttpResponse:
    """Take the seat that is offered, and go on to pay it; a second press finds the booking."""
    own, now = _own_wish(request, wish_id), clock.now()
    if own.status == WaitingWish.Status.TAKEN and own.offer_id is not None:
        return redirect("exams:booking", own.offer_id)
    form = _texts_form(request.POST, lab_reading.missing_texts(request.candidate, now=now))
    if not form.is_valid():
        return _wish_page(request, own, form=form, status=UNPROCESSABLE, now=now)
    try:
        booking = services.accept_offer(
            wish_id=own.pk,
            accept=form.cleaned_data.get("accept", False),
            versions=form.versions,
            language=form.language_read,
            ip_address=client_address(request),
            now=now,
        )
    except Agreement.DoesNotExist:
        messages.warning(request, _("A text was replaced while you read it. This is the new version."))
        return redirect("exams:wish", own.pk)
    except Refused as refusal:
        return _wish_page(request, _own_wish(request, wish_id), form=form, refusal=refusal, status=CONFLICT, now=now)
    return go_on(request, booking, now)


@require_POST
@candidate_required
def withdraw(request: CandidateRequest, wish_id: int) -> HttpResponse:
    """Take a wish back, or let the offered seat go to the next; a second press changes nothing."""
    own, now = _own_wish(request, wish_id), clock.now()
    if own.status in waiting_reading.OPEN:
        services.withdraw_wish(wish_id=own.pk, now=now)
        let_go = own.status == WaitingWish.Status.OFFERED
        messages.success(
            request,
            _("The seat is let go, and offered to the next.") if let_go else _("You do not wait for a seat any more."),
        )
    return redirect("exams:wish_list")
