"""Pages of verification: anyone asks by number and name or by a link; holders make and withdraw links (CERT-09)."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import attempts, queries, services, sharing, verification
from candidates.access import CandidateRequest, candidate_required
from candidates.models import VerificationLink
from candidates.verification_forms import ShareForm, VerifyForm
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE

QUESTIONS_AT_MOST = 30  # from one address in a quarter of an hour: enough for a pile of applications, not for guessing


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """Answer what a certification is today, by number and name: typed, or brought by the code on a paper."""
    now = clock.now()
    asked = request.POST or (request.GET if {"number", "name"} <= request.GET.keys() else None)
    form = VerifyForm(asked, initial={"number": request.GET.get("number", "")})
    answer = None
    if form.is_valid():
        if again := _too_often(request, now):
            return _too_many(request, again, now)
        answer = verification.by_number(day=clock.day_of(now), **form.cleaned_data)
    code = sharing.picture_of(verification.address_of(answer)) if answer else ""
    context = {"form": form, "asked": form.is_valid(), "answer": answer, "now": now, "code": code}
    status = UNPROCESSABLE if form.errors else HTTPStatus.OK
    return _unlisted(render(request, "candidates/verification/verify.html", context, status=status))


def _too_often(request: HttpRequest, now: datetime) -> datetime | None:
    address = attempts.by_address(get_adapter(request).get_client_ip(request))
    return attempts.next_try_at("verify", address, now=now, at_most=QUESTIONS_AT_MOST)


def _too_many(request: HttpRequest, again: datetime, now: datetime) -> HttpResponse:
    seconds = max(1, int((again - now).total_seconds()))
    context = {"again": again, "minutes": -(-seconds // 60)}
    response = render(request, "candidates/verification/too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response


def _unlisted(response: HttpResponse) -> HttpResponse:
    """What a search engine has no business to keep."""
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@never_cache
def verify_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a holder's link shows; one that shows nothing is the same page, whyever that is."""
    now = clock.now()
    shown = verification.by_token(token=token, day=clock.day_of(now))
    code = sharing.picture_of(sharing.address_of(token)) if shown else ""
    context = {"shown": shown, "token": token, "now": now, "code": code}
    status = HTTPStatus.OK if shown else HTTPStatus.NOT_FOUND
    return _unlisted(render(request, "candidates/verification/link.html", context, status=status))


# ── The holder's side ─────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def share(request: CandidateRequest) -> HttpResponse:
    """All links of the candidate, and the form for another."""
    held = queries.held_by(request.candidate.id)
    form = ShareForm(request.POST or None, held=held, chosen=request.GET.get("certification", ""))
    if request.method != "POST":
        return _sharing_page(request, form)
    if not form.is_valid():
        return _sharing_page(request, form, status=UNPROCESSABLE)
    entered = form.cleaned_data
    certification_ids = entered.pop("certifications")
    try:
        link = services.share_certifications(
            candidate_id=request.candidate.id, certification_ids=certification_ids, now=clock.now(), **entered
        )
    except Refused as refusal:
        return _sharing_page(request, form, explain(refusal.decision), status=CONFLICT)
    messages.success(request, _("Your link is ready. Copy it, or let its code be scanned."))
    return redirect(f"{reverse('candidates:sharing')}#link-{link.id}")


def _sharing_page(
    request: CandidateRequest, form: ShareForm, refused: Explanation | None = None, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "refused": refused, "page": sharing.page_of(request.candidate, now=clock.now())}
    return render(request, "candidates/verification/sharing.html", context, status=status)


@require_POST
@candidate_required
def withdraw_link(request: CandidateRequest, link_id: int) -> HttpResponse:
    """Let a link of one's own show nothing from now on."""
    try:
        services.withdraw_link(candidate_id=request.candidate.id, link_id=link_id, now=clock.now())
    except VerificationLink.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The link is withdrawn. Whoever opens it sees nothing."))
    return redirect("candidates:sharing")
