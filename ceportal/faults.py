"""The answer to what no view answers: a fault of ours, a service that is away for a moment, no such address."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found
from redis import RedisError

from ceportal.problems import CONTENT_TYPE

API = "/api/"
TRY_AGAIN_SECONDS = 30  # a restart of either takes less
AWAY = (OperationalError, InterfaceError, RedisError)


def fault(request: HttpRequest) -> HttpResponse:
    """The page, or for programs the problem details, of an error that nobody caught (Django's handler500).

    503 and when to try again where the database or Valkey does not answer, else 500.
    """
    away = isinstance(sys.exc_info()[1], AWAY)
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    response: HttpResponse
    if request.path.startswith(API):
        response = JsonResponse(_problem(request, status), status=status, content_type=CONTENT_TYPE)
    else:  # without the request: whatever looks into it may be what fails
        response = HttpResponse(loader.get_template(f"{status.value}.html").render(), status=status)
    if away:
        response["Retry-After"] = str(TRY_AGAIN_SECONDS)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page, or for programs the problem details, of an address that there is not (Django's handler404)."""
    if not request.path.startswith(API):
        return page_not_found(request, exception)
    status = HTTPStatus.NOT_FOUND
    return JsonResponse(_problem(request, status), status=status, content_type=CONTENT_TYPE)


def _problem(request: HttpRequest, status: HTTPStatus) -> dict[str, Any]:
    if status == HTTPStatus.NOT_FOUND:
        detail = _("There is no such address. Those that there are stand in the documentation of the API.")
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        detail = _(
            "A service of ours does not answer. What was begun was done whole or not at all; send the same again."
        )
    else:
        detail = _("The fault is ours. What was begun was either done whole or not at all.")
    about = {"type": "about:blank", "title": status.phrase, "status": status.value}
    return about | {"detail": detail, "instance": request.path}
