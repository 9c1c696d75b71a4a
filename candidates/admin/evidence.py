"""How the evidence of cases, tips and sanctions is shown in the administration: files, and what a case knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from candidates.models import Case, SanctionFile, TipFile
from ceportal.kernel.staff import findings, record_link

# Shown as what they are, or as links.
NOT_AS_TEXT = frozenset({"decision", "records"})


def files_of(files: Iterable[SanctionFile] | Iterable[TipFile], address: str) -> SafeString | str:
    """Files as links, each with its hash; pages of staff may open them. `address` names the page that serves them."""
    links = ((reverse(address, args=[each.pk]), each.original_name, each.sha256) for each in files)
    return format_html_join("", '<p><a href="{}">{}</a> <code class="break-all">{}</code></p>', links) or "-"


def case_facts(case: Case) -> SafeString | str:
    """Everything that was known when a case was opened, in words."""
    decision = findings(case.facts.get("decision"))
    told = [
        (name.replace("_", " ").capitalize(), _in_words(value))
        for name, value in case.facts.items()
        if name not in NOT_AS_TEXT and value not in ("", None, [])
    ]
    text = format_html_join("", "<p>{}: {}</p>", told)
    return format_html("{}{}", decision if case.facts.get("decision") else "", text) or "-"


def case_records(case: Case) -> SafeString | str:
    """Every record that a case speaks of, a link each."""
    named = [each for each in (case.subject, *case.facts.get("records", ())) if each]
    links = [(record_link(label, int(pk)),) for label, _colon, pk in (each.partition(":") for each in named)]
    return format_html_join(", ", "{}", links) or "-"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_in_words(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_in_words(each)}" for name, each in value.items())
    return str(value)
