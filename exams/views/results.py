"""A candidate's exams: what may be sat and from when, results with their reports, and links that show them."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates.access import CandidateRequest, candidate_required
from candidates.sharing import picture_of
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from exams import queries, reading
from exams.models import Attempt, ResultLink
from exams.result_forms import AskForm, ShareResultsForm
from exams.services.sharing import share_results, withdraw_result_link

RESULTS_PER_PAGE = 25


def _tabs(current: str) -> dict[str, object]:
    """The tabs of a candidate's exams."""
    named = ((_("What I may sit"), "overview"), (_("Results"), "result_list"), (_("Sharing"), "sharing"))
    tabs = [{"label": label, "url": reverse(f"exams:{name}"), "current": name == current} for label, name in named]
    return {"tabs": tabs}


@require_safe
@never_cache
@candidate_required
def overview(request: CandidateRequest) -> HttpResponse:
    """For every exam whether the candidate may sit it on a day, from when, and why."""
    today = clock.day_of(clock.now())
    form = AskForm(request.GET, today=today)
    asked = form.cleaned_data if form.is_valid() else {}
    answers = []
    if asked:
        answers = reading.exam_answers(
            request.candidate.pk, day=asked["day"], held_in=asked["country"], kind=asked["kind"]
        )
    narrowed = bool(asked.get("country") or asked.get("kind") or asked.get("day", today) != today)
    context = {"form": form, "answers": answers, "day": asked.get("day"), "today": today, "narrowed": narrowed}
    status = UNPROCESSABLE if form.errors else HTTPStatus.OK
    return render(request, "exams/overview.html", context | _tabs("overview"), status=status)


@require_safe
@never_cache
@candidate_required
def result_list(request: CandidateRequest) -> HttpResponse:
    """All results that stand, the latest first; what is disallowed or annulled is said to be."""
    results = Attempt.objects.filter(candidate=request.candidate, attempt__isnull=True).select_related("exam")
    paginator = Paginator(results, RESULTS_PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {"page": page, "pages": paginator.get_elided_page_range(page.number)}
    return render(request, "exams/result_list.html", context | _tabs("result_list"))


@require_safe
@never_cache
@candidate_required
def report(request: CandidateRequest, attempt_id: int) -> HttpResponse:
    """A score report: the result and its breakdown by section, never a passing score (EXAM-10)."""
    found = reading.report_of(request.candidate, attempt_id)
    if found is None:
        raise Http404
    return render(request, "exams/report.html", {"report": found, "attempt": found.attempt})


# ── Sharing ───────────────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def sharing(request: CandidateRequest) -> HttpResponse:
    """All links of the candidate, and the form for another."""
    results = queries.counting_results(request.candidate.pk)
    form = ShareResultsForm(request.POST or None, results=results, chosen=request.GET.get("result", ""))
    if request.method != "POST":
        return _sharing_page(request, form)
    if not form.is_valid():
        return _sharing_page(request, form, status=UNPROCESSABLE)
    entered = form.cleaned_data
    attempt_ids = entered.pop("attempts")
    try:
        link = share_results(candidate_id=request.candidate.pk, attempt_ids=attempt_ids, now=clock.now(), **entered)
    except Refused as refusal:
        return _sharing_page(request, form, explain(refusal.decision), status=CONFLICT)
    messages.success(request, _("Your link is ready. Copy it, or let its code be scanned."))
    return redirect(f"{reverse('exams:sharing')}#link-{link.pk}")


def _sharing_page(
    request: CandidateRequest, form: ShareResultsForm, refused: Explanation | None = None, *, status: int = 200
) -> HttpResponse:
    page = reading.sharing_page(request.candidate, day=clock.day_of(clock.now()))
    context = {"form": form, "refused": refused, "page": page}
    return render(request, "exams/sharing.html", context | _tabs("sharing"), status=status)


@require_POST
@candidate_required
def withdraw(request: CandidateRequest, link_id: int) -> HttpResponse:
    """Let a link of one's own show nothing from now on."""
    try:
        withdraw_result_link(candidate_id=request.candidate.pk, link_id=link_id, now=clock.now())
    except ResultLink.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The link is withdrawn. Whoever opens it sees nothing."))
    return redirect("exams:sharing")


@require_safe
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a candidate's link shows; one that shows nothing is the same page, whyever that is."""
    now = clock.now()
    shown = reading.shown_by(token, day=clock.day_of(now))
    code = picture_of(reading.address_of(token)) if shown else ""
    status = HTTPStatus.OK if shown else HTTPStatus.NOT_FOUND
    response = render(request, "exams/shared.html", {"shown": shown, "now": now, "code": code}, status=status)
    response["X-Robots-Tag"] = "noindex"  # no search engine has any business to keep it
    return response
