"""The candidate's home, enrollment and the administrative fee."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from candidates import services as candidates
from candidates.access import CandidateRequest, candidate_required, client_address
from candidates.agreement_views import language_asked
from candidates.models import Agreement
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import UNPROCESSABLE, translated
from credits import joining
from credits.forms.claim_forms import EnrollForm
from credits.reading.overview import overview
from credits.services import enrollment, fees


@require_safe
@never_cache
@candidate_required
def dashboard(request: CandidateRequest) -> HttpResponse:
    """Where the candidate stands, what is due next and when, what can be done now."""
    now = clock.now()
    context = {"home": overview(request.candidate, now=now), "today": clock.day_of(now)}
    return render(request, "credits/dashboard.html", context)


@translated
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def enroll(request: CandidateRequest) -> HttpResponse:
    """The terms, what enrollment depends on, and the button; later the version accepted."""
    now = clock.now()
    form = EnrollForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _accept_terms(request, form.cleaned_data["version"], form.cleaned_data["language"])
        except Agreement.DoesNotExist:
            messages.warning(request, _("The terms were replaced while you read them. This is the new version."))
            return redirect("credits:enroll")
        except Refused as refusal:
            refused = explain(refusal.decision)
    else:
        refused = None
    page = joining.joining_page(request.candidate, language=language_asked(request, ""), now=now)
    context = {"page": page, "form": joining.bind(form, page), "refused": refused}
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "credits/enroll.html", context, status=status)


def _accept_terms(request: CandidateRequest, version: str, language: str) -> HttpResponse:
    """Enroll, or accept a newer version of the terms where one is enrolled already."""
    candidate_id, address, now = request.candidate.id, client_address(request), clock.now()
    if joining.is_enrolled(request.candidate):
        candidates.accept_agreement(
            candidate_id=candidate_id,
            kind=Agreement.Kind.TERMS,
            ip_address=address,
            version=version,
            language=language,
            now=now,
        )
        messages.success(request, _("You accepted the new version of the terms."))
    else:
        enrollment.enroll(
            candidate_id=candidate_id,
            accept_terms=True,
            ip_address=address,
            version=version,
            language=language,
            now=now,
        )
        messages.success(request, _("You are enrolled. Now claim what you have learned."))
    return redirect("credits:dashboard")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def fee(request: CandidateRequest) -> HttpResponse:
    """The administrative fee: whether it can be paid now, how much it is, and the way to the payment."""
    now, refused = clock.now(), False
    if request.method == "POST":
        try:
            order = fees.request_fee(candidate_id=request.candidate.id, now=now)
        except Refused:
            refused = True  # the page shows the same decision
        else:
            return redirect("payments:order", number=order.number)
    quote = joining.fee_quote(request.candidate, now=now)
    return render(request, "credits/fee.html", {"quote": quote}, status=UNPROCESSABLE if refused else 200)
