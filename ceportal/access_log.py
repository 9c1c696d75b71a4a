"""Every page and file by which staff see something about candidates is written down before it is sent (CAND-09).

A page of the administration is one row: a list with everybody on it, a record with its person. What is written comes
from the page itself, so that a page that is added later is logged without anybody thinking of it. A page that cannot
be written down is not shown.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import cache
from http import HTTPStatus

from django.apps import apps
from django.db import models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import ResolverMatch, reverse

from candidates.models import Candidate, User
from candidates.services.accesses import note_access
from ceportal.kernel import clock

SEEN = {HTTPStatus.OK, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
# Files that staff open by their office: the record, and the part of the address that names it.
FILES: Mapping[str, tuple[str, str, str]] = {
    "credits:evidence_file": ("credits.Evidence", "pk", "evidence_id"),
    "payments:invoice_pdf": ("payments.Invoice", "number", "number"),
    "payments:credit_note_pdf": ("payments.CreditNote", "number", "number"),
}
# Where no foreign key leads to the candidate: a login, and events, since the kernel knows no app.
PATHS: Mapping[str, str] = {
    "candidates.User": "candidate",
    "kernel.Event": "candidate_id",
    "kernel.Delivery": "event__candidate_id",
}


class AccessLogMiddleware:
    """Writes down what staff saw, in the administration and of files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        # Who is signed in is asked only where it matters: public pages stay free of cookies, and of the database.
        concerned = match is not None and (match.app_name == "admin" or match.view_name in FILES)
        if match is None or not concerned or response.status_code not in SEEN or not request.user.is_staff:
            return response
        model, ids = _in_administration(request, match, response) if match.app_name == "admin" else _file(match)
        if model is not None and ids and (path := path_to_candidate(model)) is not None:
            note_access(
                user_id=request.user.pk,
                candidate_ids=_people(model, path, ids),
                record_type=model._meta.label_lower,
                record_ids=ids,
                page=request.path,
                now=clock.now(),
            )
        return response


Found = tuple[type[models.Model] | None, Collection[int]]


def _in_administration(request: HttpRequest, match: ResolverMatch, response: HttpResponse) -> Found:
    """What stood on a page: the rows of a list, what was found by typing, or the one record of any other page."""
    if match.url_name == "autocomplete" and isinstance(response, JsonResponse):
        results = json.loads(response.content)["results"]
        asking = apps.get_model(request.GET["app_label"], request.GET["model_name"])
        sought = asking._meta.get_field(request.GET["field_name"]).related_model
        return (sought if isinstance(sought, type) else None), [int(each["id"]) for each in results]
    names = request.path.removeprefix(reverse("admin:index")).split("/")
    try:
        model = apps.get_model(names[0], names[1])
    except (LookupError, IndexError):
        return None, ()
    page = (getattr(response, "context_data", None) or {}).get("cl")
    if page is not None:
        return model, [row.pk for row in page.result_list]
    object_id = match.kwargs.get("object_id", "")
    return model, [int(object_id)] if object_id.isdecimal() else ()


def _file(match: ResolverMatch) -> Found:
    label, column, part = FILES[match.view_name]
    model = apps.get_model(label)
    return model, list(model._default_manager.filter(**{column: match.kwargs[part]}).values_list("pk", flat=True))


def _people(model: type[models.Model], path: str, ids: Collection[int]) -> list[int]:
    if model is Candidate:
        return list(ids)
    found = model._default_manager.filter(pk__in=ids).order_by().values_list(path, flat=True).distinct()
    return [each for each in found if each is not None]


@cache
def path_to_candidate(model: type[models.Model]) -> str | None:
    """The foreign keys from a row to the candidate it is about, by the shortest way; None where it is about nobody.

    Logins are passed by: most name who of the staff did something.
    """
    if model._meta.label in PATHS:
        return PATHS[model._meta.label]
    waiting: deque[tuple[type[models.Model], tuple[str, ...]]] = deque([(model, ())])
    known = {model, User}
    while waiting:
        current, path = waiting.popleft()
        if current is Candidate:
            return "__".join(path) or "pk"
        for field in current._meta.concrete_fields:
            other = field.related_model if field.is_relation else None
            if isinstance(other, type) and other not in known:
                known.add(other)
                waiting.append((other, (*path, field.name)))
    return None
