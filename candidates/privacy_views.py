"""Pages of a candidate's own data (CAND-09)."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import privacy_pages, services
from candidates.access import CandidateRequest, candidate_required
from candidates.models import DataRequest
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE


@require_safe
@never_cache
@candidate_required
def privacy(request: CandidateRequest) -> HttpResponse:
    """What one can do about one's data, and who of the staff looked at it."""
    page = privacy_pages.privacy_page(request.candidate, number=request.GET.get("page"), now=clock.now())
    return render(request, "candidates/privacy/privacy.html", {"page": page, "candidate": request.candidate})


@require_POST
@candidate_required
def ask_for_export(request: CandidateRequest) -> HttpResponse:
    """Ask for a copy of everything."""
    services.ask_for_export(candidate_id=request.candidate.id, now=clock.now())
    messages.success(request, _("Your copy is being made. A notice tells you when it is ready."))
    return redirect("candidates:privacy")


@require_safe
@never_cache
@candidate_required
@reauthentication_required
def download_export(request: CandidateRequest, request_id: int) -> FileResponse:
    """One's own copy, for as long as it is kept, to whoever has proved just now who they are."""
    now = clock.now()
    own = request.candidate.data_requests.filter(id=request_id, status=DataRequest.Status.READY).first()
    if own is None or services.has_expired(own, now=now):
        raise Http404
    name = f"{request.candidate.number}-{clock.day_of(own.asked_at).isoformat()}.zip"
    return FileResponse(own.file.open("rb"), as_attachment=True, filename=name, content_type="application/zip")


class ErasureForm(forms.Form):
    """That one has read what an erasure does."""

    understood = forms.BooleanField(
        label=gettext_lazy("I have read what is erased and what is kept, and that it cannot be undone."),
        error_messages={"required": gettext_lazy("Say that you have read it.")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
@reauthentication_required
def erasure(request: CandidateRequest) -> HttpResponse:
    """What an erasure does and keeps, what stands in its way, and the form that asks for it."""
    form, status = ErasureForm(request.POST or None), 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                services.ask_for_erasure(candidate_id=request.candidate.id, now=clock.now())
            except Refused:
                status = CONFLICT  # the page says what stands in the way
            else:
                messages.success(request, _("Your erasure is asked for. Until its day you can withdraw it."))
                return redirect("candidates:erasure")
    page = privacy_pages.erasure_page(request.candidate, now=clock.now())
    return render(request, "candidates/privacy/erasure.html", {"page": page, "form": form}, status=status)


@require_POST
@candidate_required
def withdraw_erasure(request: CandidateRequest) -> HttpResponse:
    """Take the request back that waits."""
    try:
        services.withdraw_erasure(candidate_id=request.candidate.id, now=clock.now())
    except DataRequest.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Your erasure is withdrawn. Nothing has changed."))
    return redirect("candidates:privacy")
