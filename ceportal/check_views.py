"""Whether the portal said something: a token pasted, a link followed, a file brought back.

Nothing is looked up: what is shown is what the token itself holds, so nobody learns anything from asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from candidates import badges, baking, verification
from ceportal.kernel import signatures, signed_files
from ceportal.kernel.pages import UNPROCESSABLE
from ceportal.kernel.signed_files import Checked

BYTES_AT_MOST = 10 * 1024 * 1024
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")

KINDS: Mapping[str, Any] = {
    signatures.CLAIMS: _("Badge of a certification"),
    "certificate": _("Certificate"),
    "card": _("Card of a certification"),
    "claim_receipt": _("Receipt of a claim"),
    "credit_statement": _("Statement of credits"),
    "score_report": _("Score report"),
    "transcript": _("Transcript"),
}
# In the order in which they are told; what is not named here follows under its own name.
LABELS: Mapping[str, Any] = {
    "claim": _("Claim"),
    "ordinal": _("Handed in, time number"),
    "candidate": _("Candidate"),
    "certification": _("Certification"),
    "certificate_number": _("Certificate number"),
    "exam": _("Exam"),
    "taken_on": _("Taken on"),
    "result": _("Result"),
    "status": _("Status"),
    "first_certified_on": _("First certified"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "as_of": _("As of the end of"),
    "at": _("At"),
    "at_in_the_programme": _("In the programme's time zone"),
    "zone": _("Time zone"),
    "available": _("Credits available"),
    "lifetime": _("In all cycles"),
    "training": _("Training"),
    "provider": _("Provider"),
    "delivery": _("Delivery"),
    "completed_on": _("Completed on"),
    "credits": _("Credits"),
    "kit": _("Student kit"),
    "first_filed_on": _("First handed in on"),
    "answer_due_on": _("Answer promised by"),
    "earned": _("earned"),
    "used": _("used"),
    "expired": _("expired"),
    "entries": _("Entries"),
    "certifications": _("Certifications"),
    "exams_passed": _("Exams passed"),
    "files": _("File"),
    "note_sha256": _("SHA-256 of the note"),
    "sha256": _("SHA-256"),
}
NAMES = frozenset({"name", "number", "code", "title", "kind", "bytes"})  # they speak for themselves


class TokenForm(forms.Form):
    """A token as text."""

    token = forms.CharField(
        max_length=signatures.LONGEST_TOKEN,
        label=_("Signature"),
        help_text=_("The long line of letters and digits of a receipt, a statement or a badge."),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Paste a signature.")},
    )

    def checked(self) -> Checked:
        """What is found about it."""
        return signed_files.check_token(self.cleaned_data["token"])


class FileForm(forms.Form):
    """A file that carries a token."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A paper of the portal as PDF, a statement as JSON or a badge, as it was downloaded."),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty. Choose another one."),
        },
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > BYTES_AT_MOST:
            raise forms.ValidationError(_("This file is larger than anything the portal signs."))
        return file

    def checked(self) -> Checked:
        """What is found about it."""
        content = self.cleaned_data["file"].read()
        token = baking.token_in(content)
        return signed_files.check_token(token) if token else signed_files.check_file(content)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of what a token says."""

    label: str
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """Say whether the portal signed what is given, and what it says; by link, as text or as a file."""
    by_file = "by_file" in request.POST
    given = request.POST or (request.GET if "token" in request.GET else None)
    token_form = TokenForm(None if by_file else given)
    file_form = FileForm(request.POST, request.FILES) if by_file else FileForm()
    asked: TokenForm | FileForm = file_form if by_file else token_form
    found = asked.checked() if asked.is_valid() else None
    said = _said(found)
    context = {
        "form": asked,
        "token_form": token_form,
        "file_form": file_form,
        "max_bytes": BYTES_AT_MOST,
        "found": found,
        "kind": KINDS.get(found.signed.kind, found.signed.kind) if found and found.signed else "",
        "facts": list(facts_of(said)),
        "now_at": _now_at(said),
    }
    return render(request, "ceportal/check.html", context, status=UNPROCESSABLE if asked.errors else 200)


def _said(found: Checked | None) -> Mapping[str, Any]:
    """What the token says, in our words where it follows the words of others."""
    if found is None or found.signed is None:
        return {}
    return badges.readable(found.signed.content) if found.signed.kind == signatures.CLAIMS else found.signed.content


def _now_at(said: Mapping[str, Any]) -> str:
    """Where the page answers how that certification stands now; empty for what is about none."""
    if "certificate_number" not in said:
        return ""
    return verification.address_for(number=said["certificate_number"], name=said["candidate"])


@require_safe
def public_keys(_request: HttpRequest) -> JsonResponse:
    """The keys by which anyone can check a signature without the portal (RFC 7517)."""
    return JsonResponse(signatures.public_keys(), content_type="application/jwk-set+json")


def facts_of(content: Mapping[str, Any]) -> Iterator[Fact]:
    """What a token says, line by line, in the reader's language as far as its words are known."""
    for key in sorted(content, key=_place):
        values = content[key] if isinstance(content[key], list) else [content[key]]
        yield from (Fact(label(key), text(value)) for value in values if value not in ("", None, {}))


def _place(key: str) -> int:
    known = list(LABELS)
    return known.index(key) if key in known else len(known)


def label(key: str) -> str:
    """The name of a line; its own, made readable, where none is known."""
    return str(LABELS.get(key, key.replace("_", " ").capitalize()))


def text(value: Any) -> str:
    """A value as it is read: days and moments written out, parts beside each other, the rest as it stands."""
    if isinstance(value, Mapping):
        parts = [(key, text(value[key])) for key in sorted(value, key=_place) if value[key] not in ("", None)]
        return " · ".join(part if key in NAMES else f"{part} {label(key)}" for key, part in parts)
    if isinstance(value, str) and DAY.fullmatch(value):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if isinstance(value, str) and MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return f"{date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M:%S} {moment.tzname()}"
    return str(value)
