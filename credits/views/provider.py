"""A provider's pages: the queue, a claim beside its evidence, approving several, reports."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.access import MemberRequest, provider_member_required
from catalog.models import ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from credits.forms.provider_forms import DecisionForm, ReportForm, handed_in
from credits.models import Claim, CompletionReport
from credits.reading import provider_overview as overview
from credits.services import reports, reviews

OPENED = "opened_claims"  # in the session: which claims this member has opened, and which handing-in of them
OPENED_AT_MOST = 500


@require_safe
@never_cache
@provider_member_required
def review_queue(request: MemberRequest) -> HttpResponse:
    """The provider's claims, those that wait the longest first."""
    opened = request.session.get(OPENED, {})
    context = overview.queue_page(request.member, request.GET, opened, day=clock.day_of(clock.now()))
    return render(request, "credits/provider/queue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@provider_member_required
def review_claim(request: MemberRequest, number: str) -> HttpResponse:
    """A claim beside its evidence; the decision on it leads to the next one."""
    claim = get_object_or_404(overview.claims_of(request.member.provider), number=number)
    if request.method == "POST":
        return _decide(request, claim)
    if claim.status == Claim.Status.SUBMITTED:
        _remember_opened(request, claim)
    return _review_page(request, claim, DecisionForm(claim=claim))


def _decide(request: MemberRequest, claim: Claim) -> HttpResponse:
    form = DecisionForm(request.POST, claim=claim)
    if form.is_stale():
        messages.warning(request, _("This claim was handed in anew since you opened it. Look at it again."))
        return _review_page(request, claim, form, status=CONFLICT)
    if not form.is_valid():
        return _review_page(request, claim, form, status=UNPROCESSABLE)
    try:
        decided = reviews.decide_claim(
            claim_id=claim.pk,
            member_id=request.member.pk,
            outcome=form.cleaned_data["outcome"],
            reason=form.cleaned_data["reason"],
            now=clock.now(),
        )
    except Refused as refused:
        claim.refresh_from_db()
        return _review_page(request, claim, form, refusal=explain(refused.decision), status=CONFLICT)
    messages.success(request, _said(decided))
    following = overview.next_waiting(request.member, claim)
    return redirect("credits:review_claim", following.number) if following else redirect("credits:review_queue")


def _said(claim: Claim) -> str:
    words = {
        Claim.Status.APPROVED: _("%(number)s is approved: %(credits)s credits for %(name)s."),
        Claim.Status.RETURNED: _("%(number)s went back to %(name)s, who can hand it in again."),
        Claim.Status.REJECTED: _("%(number)s is rejected; %(name)s is told why."),
    }
    facts = {"number": claim.number, "credits": claim.credits, "name": claim.candidate.name}
    return words[Claim.Status(claim.status)] % facts


def _review_page(
    request: MemberRequest,
    claim: Claim,
    form: DecisionForm,
    *,
    refusal: Explanation | None = None,
    status: int = 200,
) -> HttpResponse:
    context = overview.review_context(claim, request.member, now=clock.now())
    context |= {"form": form, "refusal": refusal, "seen": handed_in(claim)}
    return render(request, "credits/provider/review.html", context, status=status)


def _remember_opened(request: MemberRequest, claim: Claim) -> None:
    opened = dict(request.session.get(OPENED, {}))
    opened.pop(str(claim.pk), None)
    opened[str(claim.pk)] = handed_in(claim)
    request.session[OPENED] = dict(list(opened.items())[-OPENED_AT_MOST:])


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@provider_member_required
def approve_several(request: MemberRequest) -> HttpResponse:
    """Ticked claims, once more before they are approved; then what happened to each of them."""
    numbers = (request.POST if request.method == "POST" else request.GET).getlist("claim")
    seen, unseen = overview.ticked(request.member, numbers, request.session.get(OPENED, {}))
    if request.method == "POST":
        results = [_approve_one(request, claim) for claim in seen]
        left = len(set(numbers)) - len(seen)
        return render(request, "credits/provider/approved.html", {"results": results, "left": left})
    if not seen and not unseen:
        messages.info(request, _("Tick the claims you have looked at, then approve them together."))
        return redirect("credits:review_queue")
    context = {"claims": seen, "unseen": unseen, "credits": sum(claim.credits or 0 for claim in seen)}
    return render(request, "credits/provider/approve.html", context)


def _approve_one(request: MemberRequest, claim: Claim) -> dict[str, object]:
    """Approve one claim in its own transaction; a refusal leaves the others as they are."""
    try:
        reviews.decide_claim(claim_id=claim.pk, member_id=request.member.pk, outcome="approve", now=clock.now())
    except Refused as refused:
        return {"claim": claim, "refusal": explain(refused.decision)}
    return {"claim": claim, "refusal": None}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@provider_member_required
def report_completion(request: MemberRequest) -> HttpResponse:
    """A completion the provider vouches for itself: approved by being reported (CE-10)."""
    provider = request.member.provider
    form = ReportForm(request.POST or None, provider=provider)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            report = _report(request.member, form)
        except Refused as refused:
            refusal = explain(refused.decision)
        else:
            said = {"name": report.candidate.name, "training": report.item.title}
            messages.success(request, _("Reported: %(name)s completed “%(training)s”.") % said)
            return redirect("credits:report_completion")
    context = {"form": form, "refusal": refusal, "reports": overview.latest_reports(provider)}
    return render(request, "credits/provider/report.html", context, status=_status(form, refusal))


def _report(member: ProviderMember, form: ReportForm) -> CompletionReport:
    values = form.cleaned_data
    return reports.report_completion(
        provider_id=member.provider_id,
        candidate_id=values["number"].pk,
        item_code=values["item"].code,
        completed_on=values["completed_on"],
        member_id=member.pk,
        now=clock.now(),
    )


def _status(form: Form, refusal: Explanation | None) -> int:
    if not form.is_bound:
        return 200
    return CONFLICT if refusal else UNPROCESSABLE
