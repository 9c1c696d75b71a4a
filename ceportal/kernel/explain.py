"""Decisions made readable: sentences translated, days and amounts written as the reader's language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from ceportal.kernel.decisions import Decision, Finding
from ceportal.kernel.policy import Parameter, thawed


@dataclass(frozen=True, slots=True)
class ReadableParameter:
    """A parameter as a "Why?" shows it."""

    name: str
    value: str
    since: date
    clause: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class ReadableFinding:
    """A finding in the reader's language."""

    clause: str
    met: bool
    text: str
    next_step_text: str
    because: tuple[ReadableParameter, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in the reader's language: what `components/why.html` and `checklist.html` show.

    What is not met comes first, so that nobody looks for the answer among all that is well.
    """

    granted: bool
    findings: tuple[ReadableFinding, ...]

    @property
    def unmet(self) -> tuple[ReadableFinding, ...]:
        return tuple(each for each in self.findings if not each.met)


def _readable(value: Any) -> Any:
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, tuple | list):
        return ", ".join(str(_readable(each)) for each in value)
    return value


def value_text(value: Any) -> str:
    """A parameter's value in one line: "90", "professional 80, expert 120", "no such rule"."""
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    plain = thawed(value)
    if plain is None:
        return gettext("no such rule")
    if isinstance(plain, dict):
        return " · ".join(f"{key}: {value_text(item)}" for key, item in plain.items()) or gettext("none")
    if isinstance(plain, list):
        return ", ".join(value_text(item) for item in plain) or gettext("none")
    return str(plain)


def explain_finding(finding: Finding) -> ReadableFinding:
    """One finding in the reader's language."""
    facts = {name: _readable(value) for name, value in finding.facts.items()}

    def text(template: str) -> str:
        return gettext(template) % facts if template else ""

    def parameter(each: Parameter) -> ReadableParameter:
        return ReadableParameter(each.name, value_text(each.value), each.since, each.clause, each.provisional)

    return ReadableFinding(
        clause=finding.clause,
        met=finding.met,
        text=text(finding.sentence),
        next_step_text=text(finding.next_step),
        because=tuple(parameter(each) for each in finding.because),
    )


def explain(decision: Decision) -> Explanation:
    """A decision in the reader's language, what is not met first and otherwise in the rule's order."""
    unmet_first = sorted(decision.findings, key=lambda each: each.met)
    return Explanation(decision.granted, tuple(explain_finding(each) for each in unmet_first))
