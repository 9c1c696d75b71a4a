"""The catalog as people read it: the list with its search, and an item with its history (CAT-01, CAT-08)."""

from __future__ import annotations

from http import HTTPStatus

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from catalog import queries, rules
from catalog.forms import SearchForm
from catalog.models import Item
from ceportal.kernel import clock
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import PageRequest
from ceportal.kernel.policy import BOOK

PAGE_SIZE = 24


@require_safe
def item_list(request: PageRequest) -> HttpResponse:
    """What is listed today, searched and filtered by address; in part when htmx asks."""
    day = clock.day_of(clock.now())
    decision = queries.view_decision(request.user, day)
    form = SearchForm(request.GET, day=day)
    items = queries.search_items(form.search(), day=day, sample_only=not decision.granted)
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number),
        "full": decision.granted,
        "decision": explain(decision),
    }
    template = "catalog/results.html" if request.htmx else "catalog/item_list.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def item_detail(request: PageRequest, code: str) -> HttpResponse:
    """An item: what it is worth today, what it was worth before, who delivers it, and what a claim needs."""
    item = get_object_or_404(Item, code=code)
    day = clock.day_of(clock.now())
    decision = queries.view_decision(request.user, day)
    if not (item.sample or decision.granted):
        return render(
            request, "catalog/not_in_sample.html", {"decision": explain(decision)}, status=HTTPStatus.FORBIDDEN
        )
    history = queries.listing_history(item.pk, day)
    context = {
        "item": item,
        "day": day,
        "language": queries.language_name(item.language),
        "listing": next((each.listing for each in history if each.state == "running"), None),
        "history": history,
        "counts_as": queries.counts_as(item.pk, sample_only=not decision.granted),
        "providers": queries.authorised_providers(item.pk, day),
        "deliveries": queries.upcoming_deliveries(item.pk, day),
        "needs": rules.KINDS[item.kind],
        "may_claim": queries.may_claim(request.user),
        # The completion day governs: for a training that someone is about to take, that is today's book at best.
        "window_days": BOOK.on(day)["claims.submit_within_days"].value,
    }
    return render(request, "catalog/item_detail.html", context)
