"""A candidate's claims: the list, one claim, and the form that makes them."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from candidates.access import CandidateRequest, candidate_required
from catalog.models import Item
from ceportal.kernel import clock
from ceportal.kernel.pages import UNPROCESSABLE, PageRequest
from credits.forms.claim_forms import ClaimEntryForm
from credits.forms.dispute_forms import AuditAnswerForm
from credits.models import Claim
from credits.picking import find_items
from credits.reading import claim_reading
from credits.reading.claim_page import EvidenceLimits
from credits.rules.claims import WITH_CANDIDATE
from credits.services import claims as services
from credits.services.filing import Filed, file_claim
from credits.views.entry import Entry, complain


@require_safe
@never_cache
@candidate_required
def claim_list(request: CandidateRequest) -> HttpResponse:
    """The candidate's claims by state, the latest first."""
    context = claim_reading.claims_page(request.candidate, request.GET, day=clock.day_of(clock.now()))
    return render(request, "credits/claim_list.html", context)


@require_safe
@never_cache
@candidate_required
def claim_detail(request: CandidateRequest, number: str) -> HttpResponse:
    """One claim: what was claimed, what became of it and why, and what to do next."""
    claim = get_object_or_404(claim_reading.claims_of(request.candidate), number=number)
    if claim.status == Claim.Status.DRAFT:
        return redirect("credits:claim_edit", number=number)
    context = claim_reading.detail(claim, now=clock.now()) | {"limits": EvidenceLimits()}
    if context["audit"]:
        context["answer"] = AuditAnswerForm(initial={"words": context["audit"].answer})
    return render(request, "credits/claim_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def claim_new(request: CandidateRequest) -> HttpResponse:
    """A new claim. Its address names the form, so that a reload, a login in between or a second tab finds the same."""
    key = _form_key(request)
    if key is not None:
        return _claim_form(request, Entry.read(request, key=key, now=clock.now()))
    item = Item.objects.filter(code=request.GET.get("item", "")).first()
    begun = services.claim_to_fill(candidate_id=request.candidate.id, item=item) if item else None
    if begun is not None:
        messages.info(request, _("You have begun this claim before; here it is as you left it."))
        return redirect("credits:claim_edit", number=begun.number)
    query = {"draft": str(uuid4())} | ({"item": item.code} if item else {})
    return redirect(f"{reverse('credits:claim_new')}?{urlencode(query)}")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def claim_edit(request: CandidateRequest, number: str) -> HttpResponse:
    """A draft, or a claim that came back."""
    claim = get_object_or_404(Claim, number=number, candidate=request.candidate)
    return _claim_form(request, Entry.read(request, key=claim.form_key, now=clock.now()))


def _form_key(request: HttpRequest) -> UUID | None:
    """The key of the form, from its own field or from the address; None where there is none that could be one."""
    for given in (request.POST.get("form_key"), request.GET.get("draft")):
        try:
            return UUID(given or "")
        except ValueError:
            continue
    return None


def _claim_form(request: CandidateRequest, entry: Entry) -> HttpResponse:
    """Show the form, or take what was sent; a claim that was handed in is shown as it is."""
    if not entry.fillable:
        assert entry.claim is not None
        return redirect("credits:claim_detail", number=entry.claim.number)
    if request.method == "POST":
        return _take(request, entry)
    if entry.item is None or "pick" in request.GET:
        return _pick_item(request, entry)
    return render(request, "credits/claim_form.html", entry.context(entry.blank_form()))


def _pick_item(request: CandidateRequest, entry: Entry) -> HttpResponse:
    """The first step of a claim: which training. Searched as one types, or by the button."""
    text = request.GET.get("q", "").strip()
    found = find_items(text, user=request.user, day=entry.day)  # type: ignore[arg-type]
    context = {"q": text, "found": found, "form_key": entry.key, "claim": entry.claim}
    partial = request.htmx and not request.htmx.boosted
    return render(request, "credits/claim_pick_results.html" if partial else "credits/claim_pick.html", context)


def _take(request: CandidateRequest, entry: Entry) -> HttpResponse:
    """Keep what was sent and, if asked, hand it in; whatever is refused is said beside its field."""
    form, submitting = entry.sent_form(), "submit" in request.POST
    filed = _file(entry, form, submit=form.is_valid() and submitting)
    if filed.claim.status not in WITH_CANDIDATE:
        messages.success(request, _("Your claim is with the provider."))
        return redirect("credits:claim_detail", number=filed.claim.number)
    entry = Entry.read(request, key=entry.key, now=entry.now)
    complain(form, filed)
    if form.errors:
        context = entry.context(form) | {"refused": submitting}
        return render(request, "credits/claim_form.html", context, status=UNPROCESSABLE)
    if "pick" in request.POST:
        return redirect(f"{reverse('credits:claim_edit', args=[filed.claim.number])}?pick=1")
    messages.success(request, _("Your draft is kept. Hand it in when it is complete."))
    return redirect("credits:claim_edit", number=filed.claim.number)


def _file(entry: Entry, form: ClaimEntryForm, *, submit: bool) -> Filed:
    return file_claim(
        candidate_id=entry.request.candidate.id,
        form_key=entry.key,
        form=form.as_claim_form(),
        uploads=form.uploads(),
        remove_evidence_id=entry.evidence_to_remove(),
        submit=submit,
        now=entry.now,
    )


@require_POST
@never_cache
def claim_draft(request: PageRequest) -> HttpResponseBase:
    """Keep the draft while it is being typed, and answer with what has become of its requirements."""
    if not request.user.is_authenticated:
        # The session ended in the middle: sign in and come back to this very form.
        query = urlencode({"draft": request.POST.get("form_key", ""), "item": request.POST.get("item", "")})
        back = redirect_to_login(f"{reverse('credits:claim_new')}?{query}")
        return HttpResponseClientRedirect(back["Location"]) if request.htmx else back
    return _keep_draft(request)


@candidate_required
def _keep_draft(request: CandidateRequest) -> HttpResponse:
    key = _form_key(request)
    if key is None:
        raise Http404
    entry = Entry.read(request, key=key, now=clock.now())
    form = entry.sent_form()
    form.is_valid()
    filed = _file(entry, form, submit=False)
    if filed.claim.status not in WITH_CANDIDATE:
        return HttpResponseClientRedirect(reverse("credits:claim_detail", args=[filed.claim.number]))
    complain(form, filed)
    entry = Entry.read(request, key=key, now=entry.now)
    changed = request.POST.getlist("changed")
    return render(request, "credits/claim_form_live.html", entry.context(form) | {"changed": changed})


@require_POST
@candidate_required
def claim_discard(request: CandidateRequest, number: str) -> HttpResponse:
    """Throw a draft away."""
    claim = get_object_or_404(Claim, number=number, candidate=request.candidate)
    services.discard_draft(candidate_id=request.candidate.id, claim_id=claim.id, now=clock.now())
    messages.success(request, _("The draft is gone."))
    return redirect("credits:claim_list")
