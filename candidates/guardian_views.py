"""Pages of a parent's or guardian's signature: the minor asks for it, the guardian gives it by a link (CAND-05)."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from candidates import attempts, guardian_pages, guardians, services
from candidates.access import CandidateRequest, candidate_required, client_address
from candidates.guardian_forms import AskGuardianForm, GuardianForm
from candidates.models import Agreement, GuardianRequest
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE, translated

OPENINGS_AT_MOST = 40  # of links from one address in a quarter of an hour: enough for a school, not for guessing


# ── The minor's side ──────────────────────────────────────────────────────────────────────────────
@translated
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def ask(request: CandidateRequest) -> HttpResponse:
    """Who was asked, who signed, and the form that sends a link."""
    form = AskGuardianForm(request.POST or None, initial={"language": request.candidate.language})
    if request.method != "POST":
        return _ask_page(request, form)
    if not form.is_valid():
        return _ask_page(request, form, status=UNPROCESSABLE)
    try:
        services.ask_guardian(candidate_id=request.candidate.id, asked_by_id=None, now=clock.now(), **form.cleaned_data)
    except Refused as refusal:
        return _ask_page(request, form, explain(refusal.decision), status=CONFLICT)
    messages.success(request, _("The link is on its way to your parent or guardian."))
    return redirect("candidates:guardian")


def _ask_page(
    request: CandidateRequest, form: AskGuardianForm, refused: Explanation | None = None, *, status: int = 200
) -> HttpResponse:
    page = guardian_pages.asking_page(request.candidate, now=clock.now())
    context = {"page": page, "form": form, "refused": refused}
    return render(request, "candidates/guardian/ask.html", context, status=status)


@require_POST
@candidate_required
def withdraw(request: CandidateRequest, request_id: int) -> HttpResponse:
    """Withdraw a link that waits."""
    try:
        services.withdraw_guardian_request(candidate_id=request.candidate.id, request_id=request_id, now=clock.now())
    except GuardianRequest.DoesNotExist:
        raise Http404 from None
    return redirect("candidates:guardian")


# ── The guardian's side ───────────────────────────────────────────────────────────────────────────
@translated
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def guardian(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks for what, the agreement, and the signature; without an account, by the link alone."""
    asked = _open(request, token)
    if isinstance(asked, HttpResponse):
        return asked
    form = GuardianForm(request.POST or None)
    if request.method != "POST":
        return _guardian_page(request, asked, form)
    if not form.is_valid():
        return _guardian_page(request, asked, form, status=UNPROCESSABLE)
    try:
        services.sign_as_guardian(
            token=token,
            user_id=request.user.pk,
            ip_address=client_address(request),
            now=clock.now(),
            **form.cleaned_data,
        )
    except Agreement.DoesNotExist:
        messages.warning(request, _("The text was replaced while you read it. This is the new version."))
    except Refused as refusal:
        return _guardian_page(request, asked, form, explain(refusal.decision), status=CONFLICT)
    else:
        messages.success(request, _("Thank you. Your signature is on record."))
    return redirect(_address(token))


@translated
@require_POST
@never_cache
def take_back(request: HttpRequest, token: str) -> HttpResponse:
    """Take the signature back."""
    asked = _open(request, token)
    if isinstance(asked, HttpResponse):
        return asked
    try:
        services.take_back_as_guardian(token=token, now=clock.now())
    except Refused as refusal:
        return _guardian_page(request, asked, GuardianForm(), explain(refusal.decision), status=CONFLICT)
    messages.success(request, _("Your signature is taken back. It lets nobody be tested any more."))
    return redirect(_address(token))


def _open(request: HttpRequest, token: str) -> GuardianRequest | HttpResponse:
    """The request of a link, in the language that is spoken to the guardian; or the page that says no."""
    now = clock.now()
    address = attempts.by_address(client_address(request))
    if again := attempts.next_try_at("guardian", address, now=now, at_most=OPENINGS_AT_MOST):
        return _too_many(request, again, now)
    asked = guardians.find_request(token)
    if asked is None:
        return _unlisted(render(request, "candidates/guardian/unknown.html", status=HTTPStatus.NOT_FOUND))
    chosen = request.GET.get("language", "")
    translation.activate(chosen if chosen in dict(settings.LANGUAGES) else asked.language)
    request.languages_offered = None  # type: ignore[attr-defined]  # the page has its own, which keep the link
    return asked


def _guardian_page(
    request: HttpRequest,
    asked: GuardianRequest,
    form: GuardianForm,
    refused: Explanation | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    page = guardian_pages.guardian_page(asked, language=translation.get_language() or "", now=clock.now())
    context = {"page": page, "form": form, "refused": refused, "token": guardians.token_of(asked)}
    return _unlisted(render(request, "candidates/guardian/sign.html", context, status=status))


def _address(token: str) -> str:
    """The same page, in the same language."""
    return f"{guardian_pages.path_of(token)}?language={translation.get_language()}"


def _too_many(request: HttpRequest, again: datetime, now: datetime) -> HttpResponse:
    seconds = max(1, int((again - now).total_seconds()))
    context = {"again": again, "minutes": -(-seconds // 60)}
    response = render(request, "candidates/guardian/too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return _unlisted(response)


def _unlisted(response: HttpResponse) -> HttpResponse:
    """What a search engine has no business to keep."""
    response["X-Robots-Tag"] = "noindex"
    return response
