"""What a candidate does after a claim was decided: appeal a rejection, answer an audit; and the receipts of claims."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain, explain_finding
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from credits.forms.dispute_forms import AppealForm, AuditAnswerForm
from credits.models import Audit, Claim, Receipt
from credits.papers import receipt
from credits.reading import claim_reading
from credits.reading.claim_page import EvidenceLimits
from credits.services import appeals, audits


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def appeal(request: CandidateRequest, number: str) -> HttpResponse:
    """An appeal of a rejection to the programme: what is put before it, and the candidate's own words (CE-10)."""
    claim = get_object_or_404(_rejected(request), number=number)
    form = AppealForm(request.POST or None)
    refusal, status = None, 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                appeals.file_appeal(
                    candidate_id=request.candidate.id, claim_id=claim.pk, now=clock.now(), **form.cleaned_data
                )
            except Refused as refused:
                refusal, status = explain(refused.decision), CONFLICT
            else:
                messages.success(request, _("Your appeal is with the programme."))
                return redirect("credits:claim_detail", number)
    context = claim_reading.detail(claim, now=clock.now()) | {"form": form, "refusal": refusal}
    return render(request, "credits/appeal.html", context, status=status)


def _rejected(request: CandidateRequest) -> QuerySet[Claim]:
    return claim_reading.claims_of(request.candidate).filter(status=Claim.Status.REJECTED)


@require_POST
@never_cache
@candidate_required
def answer_audit(request: CandidateRequest, number: str) -> HttpResponse:
    """Words and a file for the open audit of a claim (CE-12)."""
    claim = get_object_or_404(
        claim_reading.claims_of(request.candidate), number=number, audits__status=Audit.Status.OPEN
    )
    audit = claim.audits.get(status=Audit.Status.OPEN)
    form = AuditAnswerForm(request.POST, request.FILES)
    status = UNPROCESSABLE
    if form.is_valid():
        try:
            audits.answer_audit(
                candidate_id=request.candidate.id,
                audit_id=audit.pk,
                words=form.cleaned_data["words"],
                uploads=form.uploads(),
                now=clock.now(),
            )
        except Refused as refused:
            _complain(form, refused)
            status = CONFLICT
        else:
            messages.success(request, _("Your answer is with the programme."))
            return redirect("credits:claim_detail", number)
    context = claim_reading.detail(claim, now=clock.now()) | {"answer": form, "limits": EvidenceLimits()}
    return render(request, "credits/claim_detail.html", context, status=status)


def _complain(form: AuditAnswerForm, refused: Refused) -> None:
    """Put what was refused beside the file where it is about the file (CE-11), else above the form."""
    for finding in refused.decision.unmet:
        readable = explain_finding(finding)
        field = "evidence" if finding.clause == "CE-11" else None
        form.add_error(field, f"{readable.text} {readable.next_step_text} ({finding.clause})")


@require_safe
@never_cache
@candidate_required
def receipt_pdf(request: CandidateRequest, number: str, ordinal: int) -> HttpResponse:
    """The receipt of a handing-in as PDF, for its owner."""
    found = get_object_or_404(
        Receipt.objects.select_related("claim__candidate"),
        claim__number=number,
        claim__candidate=request.candidate,
        ordinal=ordinal,
    )
    headers = {
        "Content-Disposition": f'inline; filename="{number}-{ordinal}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(receipt.set_receipt(found), content_type="application/pdf", headers=headers)
