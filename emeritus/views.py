"""The page of Emeritus, and the button that buys it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import UNPROCESSABLE
from emeritus.forms import BuyForm
from emeritus.reading import emeritus_page
from emeritus.services import buy_emeritus
from payments.services import CardServiceUnavailable


@require_safe
@never_cache
@candidate_required
def page(request: CandidateRequest) -> HttpResponse:
    """Years with their proof, the window, what a term costs today and later, and what it changes."""
    return render(request, "emeritus/page.html", {"page": emeritus_page(request.candidate, now=clock.now())})


@require_POST
@candidate_required
def buy(request: CandidateRequest) -> HttpResponse:
    """Ask for the term on offer and go on to its payment; a refusal says why, on the same page."""
    form = BuyForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(_("There is no such family of certifications."))
    family, now = form.cleaned_data["family"], clock.now()
    try:
        order = buy_emeritus(
            candidate_id=request.candidate.id, family=family, confirmed=form.cleaned_data["confirmed"], now=now
        )
    except Refused as refusal:
        refused = {"refused": explain(refusal.decision), "refused_family": family}
        context = {"page": emeritus_page(request.candidate, now=now)} | refused
        return render(request, "emeritus/page.html", context, status=UNPROCESSABLE)
    except CardServiceUnavailable:
        messages.error(request, _("The card service cannot be reached at the moment. Please try again."))
        return redirect("emeritus:page")
    return redirect("payments:order", number=order.number)
