"""What the API says in every app: decisions in the words that pages use, and pages of a list."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from ceportal.kernel.decisions import Decision, Finding
from ceportal.kernel.explain import explain_finding
from ceportal.kernel.policy import thawed


class ParameterSerializer(serializers.Serializer[Any]):
    """A number of the policy book that a finding rests on."""

    name = serializers.CharField()
    value = serializers.CharField(help_text="In one line, as a page shows it.")
    since = serializers.DateField(help_text="The day from which this value holds.")
    clause = serializers.CharField()


class FindingSerializer(serializers.Serializer[Any]):
    """One requirement, met or not."""

    clause = serializers.CharField(help_text="Its number in the policy book.")
    policy = serializers.URLField(help_text="Where the policy book says it.")
    met = serializers.BooleanField()
    sentence = serializers.CharField()
    next_step = serializers.CharField(allow_blank=True, help_text="What to do where it is not met.")
    facts = serializers.DictField(help_text="What the finding was made from.")
    because = ParameterSerializer(many=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """Every requirement of a rule, in reading order: the same that a page shows behind its "Why?"."""

    granted = serializers.BooleanField()
    findings = FindingSerializer(many=True)


def clause_address(clause: str) -> str:
    """Where the policy book says a clause, for those who read it elsewhere."""
    return settings.BASE_URL + _clause_path(clause)


@cache
def _clause_path(clause: str) -> str:
    return reverse("policy:clause", args=[clause])


def decision_answer(decision: Decision) -> dict[str, Any]:
    """A decision as the API gives it, in the reader's language."""
    return {"granted": decision.granted, "findings": [_finding_answer(each) for each in decision.findings]}


class KeptDecisions:
    """As `decision_answer`, of many decisions that were kept: a finding that they share is worked out once."""

    def __init__(self) -> None:
        self._findings: dict[bytes, dict[str, Any]] = {}

    def answer(self, kept: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """A decision as it was kept by `Decision.as_json`."""
        findings = [self._finding(each) for each in kept]
        return {"granted": all(each["met"] for each in findings), "findings": findings}

    def _finding(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        said = marshal.dumps(dict(raw), 2)  # to tell findings apart: as JSON would, in a fraction of its time
        if said not in self._findings:
            self._findings[said] = _finding_answer(Finding.from_json(raw))
        return self._findings[said]


def _finding_answer(finding: Finding) -> dict[str, Any]:
    """As `FindingSerializer` has it, without making one for each of hundreds."""
    readable = explain_finding(finding)
    return {
        "clause": readable.clause,
        "policy": clause_address(readable.clause),
        "met": readable.met,
        "sentence": readable.text,
        "next_step": readable.next_step_text,
        "facts": thawed(finding.facts),
        "because": [
            {"name": each.name, "value": each.value, "since": each.since.isoformat(), "clause": each.clause}
            for each in readable.because
        ],
    }


class Pages(CursorPagination):
    """Pages of a list by cursor: rows that come or go meanwhile neither repeat nor hide others."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """The rows of a page. NotFound for a cursor that no page has given out, whatever it holds."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, ValidationError) as error:
            if not request.query_params.get(self.cursor_query_param):
                raise
            raise NotFound(self.invalid_cursor_message) from error
