"""A provider's own pages of the catalog: what it proposes to the board, and who acts for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import queries, services
from catalog.access import MemberRequest, is_manager, provider_member_required
from catalog.models import Proposal, ProviderMember
from catalog.provider_forms import ProposalEntryForm
from catalog.rules import KINDS
from catalog.services import proposals
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE

PER_PAGE = 25


def _proposals_of(request: MemberRequest) -> QuerySet[Proposal]:
    own = Proposal.objects.filter(provider=request.member.provider)
    return own.select_related("proposed_by__user", "review", "decision__item")


@require_safe
@never_cache
@provider_member_required
def proposal_list(request: MemberRequest) -> HttpResponse:
    """What the provider proposed to the board, the latest first, each with what became of it."""
    page = Paginator(_proposals_of(request), PER_PAGE).get_page(request.GET.get("page"))
    pages = page.paginator.get_elided_page_range(page.number)
    context = {"page": page, "pages": pages, "may_propose": is_manager(request.member)}
    return render(request, "catalog/provider/proposals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@provider_member_required
def proposal_new(request: MemberRequest) -> HttpResponse:
    """A training to be proposed; what the board will ask is answered while it is typed."""
    if request.method != "POST":
        return _proposal_page(request, ProposalEntryForm(), uuid4())
    form, key = ProposalEntryForm(request.POST), _form_key(request)
    if not form.is_valid():
        return _proposal_page(request, form, key, status=UNPROCESSABLE)
    try:
        proposal = services.propose_item(
            member_id=request.member.pk, form_key=key, form=form.as_proposal(), now=clock.now()
        )
    except Refused as refused:
        return _proposal_page(request, form, key, status=CONFLICT, refusal=explain(refused.decision))
    except Proposal.DoesNotExist as stranger:
        raise Http404 from stranger
    messages.success(request, _("“%(title)s” waits for the board.") % {"title": proposal.title})
    return redirect("provider:proposal", proposal_id=proposal.pk)


def _form_key(request: MemberRequest) -> UUID:
    """The key that the form was made with; one without is a form of its own."""
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


def _proposal_page(
    request: MemberRequest, form: ProposalEntryForm, key: UUID, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "form_key": key,
        "technologies": queries.filter_choices(clock.day_of(clock.now()))["technology"],
        **_live(request.member, form),
        **more,
    }
    return render(request, "catalog/provider/proposal_form.html", context, status=status)


def _live(member: ProviderMember, form: ProposalEntryForm) -> dict[str, Any]:
    """The rule that decides, asked now, once the form says enough; and what a claim of this kind will need."""
    missing = form.still_missing if form.is_bound else [str(form.fields[name].label) for name in ("title", "kind")]
    if missing:
        return {"missing": missing, "needs": KINDS.get(form.data.get("kind", ""))}
    proposal = form.as_proposal()
    decision = proposals.assess(member=member, form=proposal, now=clock.now())
    return {"missing": [], "decision": explain(decision), "needs": KINDS[proposal.kind]}


@require_POST
@never_cache
@provider_member_required
def proposal_check(request: MemberRequest) -> HttpResponse:
    """What has become of the requirements while the form is typed; nothing is kept."""
    context = _live(request.member, ProposalEntryForm(request.POST))
    return render(request, "catalog/provider/proposal_live.html", context)


@require_safe
@never_cache
@provider_member_required
def proposal_detail(request: MemberRequest, proposal_id: int) -> HttpResponse:
    """A proposal as it was made, and the board's answer."""
    proposal = get_object_or_404(_proposals_of(request), pk=proposal_id)
    return _show(request, proposal)


def _show(request: MemberRequest, proposal: Proposal, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "proposal": proposal,
        "language": queries.language_name(proposal.language),
        "may_withdraw": proposal.status == Proposal.Status.OPEN and is_manager(request.member),
        **more,
    }
    return render(request, "catalog/provider/proposal.html", context, status=status)


@require_POST
@never_cache
@provider_member_required
def withdraw_proposal(request: MemberRequest, proposal_id: int) -> HttpResponse:
    """Take a proposal back."""
    proposal = get_object_or_404(_proposals_of(request), pk=proposal_id)
    try:
        services.withdraw_proposal(member_id=request.member.pk, proposal_id=proposal.pk, now=clock.now())
    except Refused as refused:
        return _show(request, proposal, status=CONFLICT, refusal=explain(refused.decision))
    messages.success(request, _("The proposal is withdrawn."))
    return redirect("provider:proposal", proposal_id=proposal.pk)


# ── Members ───────────────────────────────────────────────────────────────────────────────────────
@require_safe
@never_cache
@provider_member_required
def member_list(request: MemberRequest) -> HttpResponse:
    """Who acts for the provider; for its managers only."""
    return _members_page(request)


def _members_page(request: MemberRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    if not is_manager(request.member):
        raise Http404
    members = ProviderMember.objects.filter(provider=request.member.provider).select_related("user")
    context = {"members": members.order_by("-active", "user__name", "user__email"), **more}
    return render(request, "catalog/provider/members.html", context, status=status)


@require_POST
@never_cache
@provider_member_required
def change_membership(request: MemberRequest, member_id: int) -> HttpResponse:
    """Let a colleague act for the provider, or act no longer."""
    if not is_manager(request.member):
        raise Http404
    member = get_object_or_404(ProviderMember, pk=member_id, provider=request.member.provider)
    try:
        services.change_membership(
            member_id=member.pk,
            active=request.POST.get("active") == "1",
            by_member_id=request.member.pk,
            now=clock.now(),
        )
    except Refused as refused:
        return _members_page(request, status=CONFLICT, refusal=explain(refused.decision))
    messages.success(request, _("Done: %(name)s.") % {"name": member.user.get_short_name()})
    return redirect("provider:member_list")
