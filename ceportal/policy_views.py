"""The policy book as people read it: every clause with its numbers, as they stand or stood on a day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ceportal.kernel import clock
from ceportal.kernel.pages import PageRequest
from ceportal.kernel.policy import BOOK, CLAUSE_ID, Clause, Series
from ceportal.policy_text import Line, lines

AREAS = {
    "CE": _("The programme"),
    "CAT": _("The catalog"),
    "LIVE": _("Event sessions"),
    "XDEV": _("Exam development"),
    "CR": _("The credit ledger"),
    "CERT": _("Certifications"),
    "CAND": _("Candidates"),
    "EXAM": _("Exams"),
    "LAB": _("Lab and practical bookings"),
    "RSCH": _("Rescheduling"),
    "VCH": _("Vouchers"),
    "INC": _("Incidents"),
    "RRD": _("Re-reads"),
    "PAY": _("Payments and invoices"),
    "EMR": _("Emeritus"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """What a parameter says from a day on, and whether that holds on the day of the page."""

    since: date
    lines: tuple[Line, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class ParameterCard:
    """A parameter with its dated values, latest first, and the other clauses that use it."""

    name: str
    selected_by: str
    provisional: bool
    running_terms: bool
    clause: str
    others: tuple[str, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ClauseCard:
    """A clause with how it is read and the parameters that carry its numbers."""

    id: str
    says: str
    decided: tuple[tuple[str, bool], ...]  # pieces of text; True for the number of another clause
    parameters: tuple[ParameterCard, ...]


class DayForm(forms.Form):
    """The day on which the book is asked."""

    on = forms.DateField(
        label=_("As it stood on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This is not a day. Write it as 2020-02-24. Below is what holds today.")},
    )

    @property
    def asked_on(self) -> date | None:
        """The day asked for; None where none was, or none that there is."""
        self.full_clean()
        return self.cleaned_data.get("on")

    @property
    def active(self) -> bool:
        """Whether anything is asked for."""
        return any(self.data.get(name) for name in self.fields)


class BookForm(DayForm):
    """What to look for, and the day."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"autocomplete": "off"}),
    )


def _as_of(form: DayForm) -> dict[str, Any]:
    """The day of a page, and what its links to other clauses carry on of it."""
    asked_on = form.asked_on
    day = asked_on or clock.day_of(clock.now())
    began_on = BOOK.on(day)["programme.starts_on"].value
    return {
        "day": day,
        "asked_on": asked_on,
        "began_on": began_on if day < began_on else None,  # before it the first values stand (CERT-01)
        "query": f"?on={asked_on.isoformat()}" if asked_on else "",
    }


@require_safe
def book(request: PageRequest) -> HttpResponse:
    """Every clause, grouped; searched, and as the book stood on a day, by address."""
    form = BookForm(request.GET)
    as_of = _as_of(form)
    found = [each for each in BOOK.clauses.values() if _matches(each, form.cleaned_data.get("q", ""))]
    cards = [clause_card(each, as_of["day"], only_then=bool(as_of["asked_on"])) for each in found]
    areas = [
        {"code": area, "title": AREAS[area], "clauses": list(group)} for area, group in groupby(cards, key=area_of)
    ]
    context = {"form": form, "areas": areas, "count": len(found), **as_of}
    response = render(request, "policy/areas.html" if request.htmx else "policy/book.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def clause(request: HttpRequest, clause_id: str) -> HttpResponse:
    """One clause at its own address: with all dated values of its parameters, or as it stood on a day."""
    if clause_id.upper() not in BOOK.clauses:
        raise Http404
    if clause_id != clause_id.upper() or request.path.endswith("/"):
        address = reverse("policy:clause", args=[clause_id.upper()], query=request.GET or None)
        return redirect(address, permanent=True)
    form = DayForm(request.GET)
    as_of = _as_of(form)
    stands = BOOK.clauses[clause_id]
    ids = list(BOOK.clauses)
    place = ids.index(clause_id)
    whole = reverse("policy:book") + as_of["query"]
    context = {
        "form": form,
        "clause": clause_card(stands, as_of["day"], only_then=bool(as_of["asked_on"])),
        "crumbs": [
            {"label": _("The policy book"), "url": whole},
            {"label": AREAS[area_of(stands)], "url": f"{whole}#{area_of(stands)}"},
        ],
        "named_by": [each.id for each in BOOK.clauses.values() if clause_id in CLAUSE_ID.findall(each.decided)],
        "before": ids[place - 1] if place else None,
        "after": ids[place + 1] if place + 1 < len(ids) else None,
        **as_of,
    }
    return render(request, "policy/clause.html", context)


def area_of(clause: Clause | ClauseCard) -> str:
    """The area of a clause: the letters of its number."""
    return clause.id.partition("-")[0]


def _matches(clause: Clause, text: str) -> bool:
    """Whether every word occurs in the clause or in the names of its parameters."""
    carried = (series.name for series in _carried_by(clause))
    haystack = " ".join((clause.id, clause.says, clause.decided, *carried)).lower()
    return all(word in haystack for word in text.lower().split())


def _carried_by(clause: Clause) -> list[Series]:
    return [series for series in BOOK.series.values() if series.name in clause.uses or series.clause == clause.id]


def clause_card(clause: Clause, day: date, *, only_then: bool) -> ClauseCard:
    """A clause as a page shows it: with every dated value, or only with those that held on the day."""
    return ClauseCard(
        id=clause.id,
        says=clause.says,
        decided=_pieces(clause.decided),
        parameters=tuple(
            _parameter_card(series, clause.id, day, only_then=only_then) for series in _carried_by(clause)
        ),
    )


def _parameter_card(series: Series, clause_id: str, day: date, *, only_then: bool) -> ParameterCard:
    holding = series.on(day).since
    users = {each.id for each in BOOK.clauses.values() if series.name in each.uses} | {series.clause}
    values = (Value(since, lines(series.name, value), since == holding) for since, value in reversed(series.values))
    return ParameterCard(
        name=series.name,
        selected_by=series.selected_by,
        provisional=series.provisional,
        running_terms=series.running_terms,
        clause=series.clause,
        others=tuple(each for each in BOOK.clauses if each in users - {clause_id}),
        values=tuple(_shown(values, only_then=only_then)),
    )


def _shown(values: Iterable[Value], *, only_then: bool) -> Iterable[Value]:
    return (value for value in values if value.holds or not only_then)


def _pieces(text: str) -> tuple[tuple[str, Any], ...]:
    """A text cut at the numbers of clauses, so that each can become a link."""
    parts = re.split(f"({CLAUSE_ID.pattern})", text)
    return tuple((part, part in BOOK.clauses) for part in parts if part)
