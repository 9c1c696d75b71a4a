"""Pages of a candidate's standing: sanctions and their appeal (CAND-02), being tested, channel partners (CERT-07)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import services, standing_pages
from candidates.access import CandidateRequest, candidate_required
from candidates.models import SanctionFile
from candidates.standing_forms import AffiliationForm, SanctionAppealForm
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from ceportal.kernel.served_files import serve
from ceportal.kernel.staff import who


@require_safe
@never_cache
@candidate_required
def standing(request: CandidateRequest) -> HttpResponse:
    """Whether sanctions stand, who may be tested, and which partner one works for."""
    return _standing(request, AffiliationForm(initial={"country": request.candidate.country}))


def _standing(
    request: CandidateRequest, form: AffiliationForm, refused: Explanation | None = None, *, status: int = 200
) -> HttpResponse:
    page = standing_pages.standing_page(request.candidate, now=clock.now())
    context = {"page": page, "form": form, "refused": refused, "candidate": request.candidate}
    return render(request, "candidates/standing/standing.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def sanction(request: CandidateRequest, sanction_id: int) -> HttpResponse:
    """A sanction with what it rests on, and the form for an appeal while that is in time."""
    page = standing_pages.sanction_page(request.candidate, sanction_id, now=clock.now())
    form = SanctionAppealForm(request.POST or None)
    refused, status = None, 200 if not form.is_bound else UNPROCESSABLE
    if form.is_bound and form.is_valid():
        try:
            services.file_sanction_appeal(
                candidate_id=request.candidate.id, sanction_id=sanction_id, now=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:
            refused, status = explain(refusal.decision), CONFLICT
        else:
            messages.success(request, _("Your appeal is with the programme."))
            return redirect("candidates:sanction", sanction_id)
    context = {"page": page, "sanction": page.sanction, "form": form, "refused": refused}
    return render(request, "candidates/standing/sanction.html", context, status=status)


@require_POST
@never_cache
@candidate_required
def request_affiliation(request: CandidateRequest) -> HttpResponse:
    """Ask to be associated with a channel partner."""
    form = AffiliationForm(request.POST)
    if not form.is_valid():
        return _standing(request, form, status=UNPROCESSABLE)
    try:
        services.request_affiliation(candidate_id=request.candidate.id, now=clock.now(), **form.cleaned_data)
    except Refused as refusal:
        return _standing(request, form, explain(refusal.decision), status=CONFLICT)
    messages.success(request, _("Your request waits to be confirmed."))
    return redirect("candidates:standing")


@require_POST
@never_cache
@candidate_required
def leave_partner(request: CandidateRequest) -> HttpResponse:
    """Leave the partner, or take the request back."""
    try:
        services.leave_partner(candidate_id=request.candidate.id, now=clock.now())
    except Refused as refusal:
        return _standing(request, AffiliationForm(), explain(refusal.decision), status=CONFLICT)
    messages.success(request, _("You are associated with no partner any more."))
    return redirect("candidates:standing")


@require_safe
@staff_member_required
@xframe_options_sameorigin
@never_cache
def sanction_file(request: HttpRequest, file_id: int) -> FileResponse:
    """A file that a sanction rests on: for staff who may read sanctions, and none about themselves (CAND-02)."""
    if not request.user.has_perm("candidates.view_sanction"):
        raise PermissionDenied
    found = get_object_or_404(SanctionFile.objects.exclude(sanction__candidate__user=who(request)), id=file_id)
    return serve(found.file, kind=found.kind, name=found.original_name)
