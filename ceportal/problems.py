"""Errors of the API as problem details (RFC 9457). A refusal carries the whole decision, in the words of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ceportal.kernel.answers import DecisionSerializer, decision_answer
from ceportal.kernel.decisions import Refused
from ceportal.kernel.pages import CONFLICT

CONTENT_TYPE = "application/problem+json"


class ProblemSerializer(serializers.Serializer[Any]):
    """What every error of the API looks like (RFC 9457)."""

    type = serializers.CharField(help_text="about:blank, or the address of the clause that refuses.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    instance = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # the name by which problems list them
        required=False, help_text="By parameter, where some were not understood."
    )
    decision = DecisionSerializer(required=False, help_text="Where the rules refuse: every finding.")


def as_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an error as problem details; None for what is a fault of ours and has no better answer than 500."""
    instance = context["request"].path
    if isinstance(error, Refused):
        return _refusal(error, instance)
    plain = exception_handler(error, dict(context))
    if plain is None:
        return None
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(plain.status_code).phrase,
        "status": plain.status_code,
        "instance": instance,
    }
    if isinstance(error, exceptions.ValidationError):
        problem |= {"detail": _("Some parameters were not understood."), "errors": _by_parameter(plain.data)}
    else:
        problem["detail"] = plain.data["detail"]
    headers = {name: plain[name] for name in ("WWW-Authenticate", "Retry-After") if plain.has_header(name)}
    return Response(problem, status=plain.status_code, headers=headers, content_type=CONTENT_TYPE)


def _by_parameter(errors: Any) -> dict[str, Any]:
    return errors if isinstance(errors, dict) else {"non_field_errors": errors}


def _refusal(error: Refused, instance: str) -> Response:
    decision = decision_answer(error.decision)
    unmet = [finding for finding in decision["findings"] if not finding["met"]]
    problem = {
        "type": unmet[0]["policy"],
        "title": _("The rules of the programme do not allow this now."),
        "status": CONFLICT.value,
        "detail": " ".join(finding["sentence"] for finding in unmet),
        "instance": instance,
        "decision": decision,
    }
    return Response(problem, status=CONFLICT.value, content_type=CONTENT_TYPE)
