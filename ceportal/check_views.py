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

from ceportal.kernel import signatures, signed_files
from ceportal.kernel.pages import UNPROCESSABLE
from ceportal.kernel.signed_files import Checked

BYTES_AT_MOST = 10 * 1024 * 1024
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")

KINDS: Mapping[str, Any] = {
    "claim_receipt": _("Receipt of a claim"),
    "credit_statement": _("Statement of credits"),
}
LABELS: Mapping[str, Any] = {
    "as_of": _("As of the end of"),
    "at": _("At"),
    "at_in_the_programme": _("In the programme's time zone"),
    "claim": _("Claim"),
    "ordinal": _("Handed in for the time"),
    "candidate": _("Candidate"),
    "completed_on": _("Completed on"),
    "first_filed_on": _("First handed in on"),
    "answer_due_on": _("Answer promised by"),
    "known_at": _("As known at"),
    "note_sha256": _("SHA-256 of the note"),
    "seal": _("Last seal of the ledger"),
    "sha256": _("SHA-256"),
    "zone": _("Time zone"),
}


class CheckForm(forms.Form):
    """A token as text, or a file that carries one."""

    token = forms.CharField(
        required=False,
        max_length=signatures.LONGEST_TOKEN,
        label=_("Signature"),
        help_text=_("The long line of letters and digits that stands on a receipt or a statement."),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        required=False,
        label=_("Or the file itself"),
        help_text=_("A statement as PDF or JSON, as it was downloaded."),
        error_messages={"empty": _("This file is empty. Choose another one.")},
    )

    def clean_file(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file and (file.size or 0) > BYTES_AT_MOST:
            raise forms.ValidationError(_("This file is larger than anything the portal signs."))
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("token") and not cleaned.get("file"):
            raise forms.ValidationError(_("Paste a signature, or choose a file."))
        return cleaned

    def checked(self) -> Checked:
        """What is found about what was given; the file where there is one."""
        file = self.cleaned_data["file"]
        return signed_files.check_file(file.read()) if file else signed_files.check_token(self.cleaned_data["token"])


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of what a token says; a part with lines of its own has no text."""

    label: str
    text: str = ""
    parts: tuple[Fact, ...] = ()


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """Say whether the portal signed what is given, and what it says; by link, as text or as a file."""
    asked = request.POST if request.method == "POST" else request.GET
    form = CheckForm(asked, request.FILES) if request.method == "POST" or "token" in asked else CheckForm()
    found = form.checked() if form.is_valid() else None
    context = {
        "form": form,
        "found": found,
        "kind": KINDS.get(found.signed.kind, found.signed.kind) if found and found.signed else "",
        "facts": list(facts_of(found.signed.content)) if found and found.signed else [],
    }
    return render(request, "ceportal/check.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
def public_keys(_request: HttpRequest) -> JsonResponse:
    """The keys by which anyone can check a signature without the portal (RFC 7517)."""
    return JsonResponse(signatures.public_keys(), content_type="application/jwk-set+json")


def facts_of(content: Mapping[str, Any]) -> Iterator[Fact]:
    """What a token says, line by line, in the reader's language as far as its words are known."""
    for key, value in content.items():
        label = str(LABELS.get(key, key.replace("_", " ").capitalize()))
        if isinstance(value, Mapping):
            yield Fact(label, parts=tuple(facts_of(value)))
        elif isinstance(value, list):
            for each in value:
                yield Fact(label, parts=tuple(facts_of(each))) if isinstance(each, Mapping) else Fact(label, text(each))
        elif value not in {"", None}:
            yield Fact(label, text(value))


def text(value: Any) -> str:
    """A value as it is read: days and moments written out, the rest as it stands."""
    if isinstance(value, str) and DAY.fullmatch(value):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if isinstance(value, str) and MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return f"{date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M:%S} {moment.tzname()}"
    return str(value)
