"""Pages of channel partners: a member confirms and declines requests, and ends associations (CERT-07)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from candidates import services
from candidates.models import Affiliation
from candidates.partner_pages import PartnerRequest, partner_member_required, partner_page
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT


class ReasonForm(forms.Form):
    """Why a request is declined or an association ended; the candidate reads it."""

    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The candidate reads it."),
        max_length=500,
        required=False,
    )


@require_safe
@never_cache
@partner_member_required
def people(request: PartnerRequest) -> HttpResponse:
    """The partner's own people: who waits, who is confirmed, who has left, and who counts."""
    return _page(request)


def _page(request: PartnerRequest, refused: Explanation | None = None, *, status: int = HTTPStatus.OK) -> HttpResponse:
    context = {"page": partner_page(request.partner_member.partner), "refused": refused, "form": ReasonForm()}
    return render(request, "candidates/partner/people.html", context, status=status)


@require_POST
@partner_member_required
def confirm(request: PartnerRequest, affiliation_id: int) -> HttpResponse:
    """Confirm that somebody works for the partner, full-time and in that country."""

    def act(now: datetime) -> None:
        services.confirm_for_partner(affiliation_id=affiliation_id, member_id=request.partner_member.pk, now=now)

    return _do(request, act, _("Confirmed. The association stands from today."))


@require_POST
@partner_member_required
def decline(request: PartnerRequest, affiliation_id: int) -> HttpResponse:
    """Decline a request."""

    def act(now: datetime) -> None:
        services.decline_for_partner(
            affiliation_id=affiliation_id, reason=_reason(request), member_id=request.partner_member.pk, now=now
        )

    return _do(request, act, _("Declined. The candidate is told."))


@require_POST
@partner_member_required
def end(request: PartnerRequest, affiliation_id: int) -> HttpResponse:
    """End the association of somebody who works there no longer."""

    def act(now: datetime) -> None:
        services.end_for_partner(
            affiliation_id=affiliation_id, reason=_reason(request), member_id=request.partner_member.pk, now=now
        )

    return _do(request, act, _("Ended. From today they count for you no longer, and are told."))


def _do(request: PartnerRequest, act: Callable[[datetime], None], done: str) -> HttpResponse:
    try:
        act(clock.now())
    except Affiliation.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        return _page(request, explain(refusal.decision), status=CONFLICT)
    messages.success(request, done)
    return redirect("partner:people")


def _reason(request: PartnerRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else request.POST.get("reason", "")[:500]
