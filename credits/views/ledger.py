"""The ledger: the statement, the balance of any day as known on any, the exports."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.pages import UNPROCESSABLE
from credits import queries
from credits.forms.claim_forms import BalanceDay
from credits.papers import statement, statement_paper

PER_PAGE = 25


@require_safe
@never_cache
@candidate_required
def ledger(request: CandidateRequest) -> HttpResponse:
    """What was earned and what became of it, newest first; `?on=` adds the balance of that day."""
    now = clock.now()
    today, candidate_id = clock.day_of(now), request.candidate.id
    form = BalanceDay(request.GET if {"on", "known_on"} & set(request.GET) else None, today=today)
    asked = form.cleaned_data if form.is_valid() and any(form.cleaned_data.values()) else None
    paginator = Paginator(statement.entries_of(candidate_id).reverse(), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "on_day": asked
        and statement.balance_on(candidate_id, day=asked["on"] or today, known_on=asked["known_on"], now=now),
        "balance": queries.lifetime_balance(candidate_id),
        "chart": statement.chart_of(candidate_id, today=today),
        "groups": statement.by_cycle(page.object_list),
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "today": today,
    }
    return render(request, "credits/ledger.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@never_cache
@candidate_required
def ledger_export(request: CandidateRequest) -> HttpResponseBase:
    """The whole statement as CSV, oldest line first."""
    lines = statement.as_csv(statement.entries_of(request.candidate.id).iterator())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="credits-{request.candidate.number}.csv"'
    return response


@require_safe
@never_cache
@candidate_required
def signed_statement(request: CandidateRequest, kind: str) -> HttpResponseBase:
    """The candidate's own signed statement as of a day, `?on=`, today where none is given; PDF or JSON."""
    now = clock.now()
    form = BalanceDay(request.GET, today=clock.day_of(now))
    if not form.is_valid():
        return ledger(request)  # which says what is wrong with the day
    day = form.cleaned_data["on"] or clock.day_of(now)
    document = statement_paper.compose(request.candidate, day=day, now=now)
    pdf = kind == "pdf"
    response = HttpResponse(
        statement_paper.as_pdf(document) if pdf else statement_paper.as_json(document),
        content_type="application/pdf" if pdf else "application/json",
    )
    response["Content-Disposition"] = f'attachment; filename="credits-{request.candidate.number}-{day}.{kind}"'
    return response
