"""Pages about the person: linking the record, contact, certifications, notices."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import attempts, documents, queries, reading, services
from candidates.access import CandidateRequest, candidate_required
from candidates.forms import ContactForm, LinkForm
from candidates.models import Notice
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import UNPROCESSABLE, translated

NOTICES_PER_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def link(request: HttpRequest) -> HttpResponse:
    """Connect the login with the certification record, by number and birth date."""
    now, refused = clock.now(), None
    form = LinkForm(request.POST or None)
    if request.method == "POST":
        address = get_adapter(request).get_client_ip(request)
        if again := attempts.next_try_at("link", f"user:{request.user.pk}", attempts.by_address(address), now=now):
            return _too_many(request, again, now)
        if form.is_valid():
            try:
                services.link_candidate(user_id=request.user.pk, now=now, **form.cleaned_data)  # type: ignore[arg-type]
            except Refused as refusal:
                refused = explain(refusal.decision)
            else:
                messages.success(request, _("Your certification record is connected."))
                return redirect("credits:dashboard")
    return _link_page(request, form, refused)


def _link_page(request: HttpRequest, form: LinkForm, refused: Explanation | None) -> HttpResponse:
    own = queries.record_of(request.user)
    context = {"form": form, "refused": refused, "own": own}
    return render(request, "candidates/link.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _too_many(request: HttpRequest, again: datetime, now: datetime) -> HttpResponse:
    seconds = max(1, int((again - now).total_seconds()))
    context = {"again": again, "minutes": -(-seconds // 60)}
    response = render(request, "candidates/too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response


@translated
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def profile(request: CandidateRequest) -> HttpResponse:
    """How the programme reaches the candidate, and where the bills go."""
    candidate = request.candidate
    initial = {name: getattr(candidate, name) for name in ("email", "language", "time_zone", "billing_country")}
    form = ContactForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_contact(candidate_id=candidate.id, now=clock.now(), **form.cleaned_data)
        messages.success(request, _("Your contact details are saved."))
        return redirect("candidates:profile")
    context = {"form": form, "candidate": candidate}
    return render(request, "candidates/profile.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@never_cache
@candidate_required
def confirm_address(request: CandidateRequest) -> HttpResponse:
    """The registered address is right, though mail came back from it: it is tried again."""
    if services.confirm_address(candidate_id=request.candidate.id, now=clock.now()):
        messages.success(request, _("Thank you. Messages go to your address again, first those that were held back."))
    return redirect("credits:dashboard")


@require_safe
@never_cache
@candidate_required
def certification(request: CandidateRequest, number: str) -> HttpResponse:
    """One certification: its validity, its terms, what changed it and why."""
    page = reading.certification_page(request.candidate, number, day=clock.day_of(clock.now()))
    shown = (page.certification, page.status)
    context = {
        "page": page,
        "candidate": request.candidate,
        "offers": documents.offers_for(*shown),
        "emblem": documents.emblem_of(*shown),
    }
    return render(request, "candidates/certification.html", context)


@require_safe
@never_cache
@candidate_required
def notice_list(request: CandidateRequest) -> HttpResponse:
    """All official messages, the latest first."""
    paginator = Paginator(Notice.objects.filter(candidate=request.candidate), NOTICES_PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "candidate": request.candidate,
    }
    return render(request, "candidates/notice_list.html", context)


@require_safe
@never_cache
@candidate_required
def notice(request: CandidateRequest, notice_id: int) -> HttpResponse:
    """One official message; reading it here is remembered."""
    message = get_object_or_404(Notice, id=notice_id, candidate=request.candidate)
    services.mark_notice_read(notice_id=message.id, candidate_id=request.candidate.id, now=clock.now())
    return render(request, "candidates/notice.html", {"notice": message, "candidate": request.candidate})
