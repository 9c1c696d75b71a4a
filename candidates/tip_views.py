"""Pages on which anybody reports suspected misconduct in confidence, and follows it up (CAND-03).

Who has shown the passphrase is let in by a signed cookie, for half an hour: the portal keeps no session of it.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import attempts, services
from candidates.models import Tip, TipFile
from candidates.tip_forms import FollowForm, MoreForm, ReportForm
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from ceportal.kernel.served_files import serve
from ceportal.kernel.staff import who

REPORTS_AT_MOST = 5  # from one address in a quarter of an hour
COOKIE, COOKIE_SECONDS = "report", 30 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """The form of a report; its receipt is the answer, and shows the passphrase this once."""
    form, now = ReportForm(*_sent(request)), clock.now()
    if not form.is_bound:
        return _report_page(request, form)
    if not form.is_valid():
        return _report_page(request, form, status=UNPROCESSABLE)
    if again := attempts.next_try_at("report", _address(request), now=now, at_most=REPORTS_AT_MOST):
        return _too_many(request, again, now)
    key, files = form.cleaned_data["form_key"], form.cleaned_data["attached"]
    try:
        filed = services.file_tip(
            form_key=key, form=form.told(), uploads=files, language=get_language() or settings.LANGUAGE_CODE, now=now
        )
    except Refused as refusal:
        return _report_page(request, form, explain(refusal.decision), status=CONFLICT)
    return render(request, "candidates/tips/receipt.html", {"filed": filed}, status=HTTPStatus.CREATED)


def _report_page(
    request: HttpRequest, form: ReportForm, refused: Explanation | None = None, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    return render(request, "candidates/tips/report.html", {"form": form, "refused": refused}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for reference and passphrase, or show the report to whoever has given them."""
    tip = _entered(request)
    if request.method != "POST" and tip is not None:
        return _tip_page(request, tip, MoreForm())
    form, refused, status = FollowForm(request.POST if request.method == "POST" else None), None, HTTPStatus.OK
    if form.is_bound and form.is_valid():
        try:
            tip = services.enter_tip(**form.cleaned_data, address=_address(request), now=clock.now())
        except Refused as refusal:
            refused, status = explain(refusal.decision), CONFLICT
        else:
            return _let_in(redirect("tips:follow"), tip)
    elif form.is_bound:
        status = UNPROCESSABLE
    return render(request, "candidates/tips/follow.html", {"form": form, "refused": refused}, status=status)


@require_POST
@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Take down what the reporter says, with files."""
    tip = _entered(request)
    if tip is None:
        return redirect("tips:follow")  # half an hour is over
    form = MoreForm(request.POST, request.FILES)
    if not form.is_valid():
        return _tip_page(request, tip, form, status=UNPROCESSABLE)
    said = {name: form.cleaned_data[name] for name in ("form_key", "words")}
    try:
        services.add_to_tip(tip_id=tip.id, **said, uploads=form.cleaned_data["attached"], now=clock.now())
    except Refused as refusal:
        return _tip_page(request, tip, form, explain(refusal.decision), status=CONFLICT)
    return _let_in(redirect(f"{reverse('tips:follow')}#last"), tip)


def _tip_page(
    request: HttpRequest, tip: Tip, form: MoreForm, refused: Explanation | None = None, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "tip": tip,
        "said": list(tip.messages.all()),
        "files": list(tip.files.all()),
        "form": form,
        "refused": refused,
    }
    return render(request, "candidates/tips/tip.html", context, status=status)


@require_POST
def leave(_request: HttpRequest) -> HttpResponse:
    """Forget on this device who follows up what."""
    response = redirect("tips:follow")
    response.delete_cookie(COOKIE, path=reverse("tips:follow"), samesite="Strict")
    return response


@require_safe
@staff_member_required
@xframe_options_sameorigin
@never_cache
def file(request: HttpRequest, file_id: int) -> FileResponse:
    """A file of a tip: for staff who may read tips, and none that is about themselves."""
    if not request.user.has_perm("candidates.view_tip"):
        raise PermissionDenied
    found = get_object_or_404(TipFile.objects.exclude(tip__case__candidate__user=who(request)), id=file_id)
    return serve(found.file, kind=found.kind, name=found.original_name)


# ── Who is let in ─────────────────────────────────────────────────────────────────────────────────
def _let_in(response: HttpResponse, tip: Tip) -> HttpResponse:
    """Give whoever has shown the passphrase a cookie that ends with the browser, sent to these pages only."""
    response.set_cookie(
        COOKIE,
        signing.dumps(tip.reference, salt=COOKIE),
        path=reverse("tips:follow"),
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _entered(request: HttpRequest) -> Tip | None:
    try:
        reference = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return None
    return Tip.objects.filter(reference=reference).first()


def _sent(request: HttpRequest) -> tuple[Any, ...]:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _address(request: HttpRequest) -> str:
    """Under which tries are counted, in the cache and nowhere else."""
    return attempts.by_address(get_adapter(request).get_client_ip(request))


def _too_many(request: HttpRequest, again: datetime, now: datetime) -> HttpResponse:
    seconds = max(1, int((again - now).total_seconds()))
    context = {"again": again, "minutes": -(-seconds // 60)}
    response = render(request, "candidates/tips/too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
