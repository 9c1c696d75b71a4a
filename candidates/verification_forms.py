"""What is filled in to verify a certification, and to share one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates.queries import Held
from candidates.rules import ENDED
from ceportal.kernel.pages import DayField


class VerifyForm(forms.Form):
    """The number of a certification and the name of who holds it."""

    number = forms.CharField(
        max_length=80,
        label=_("Certificate number"),
        help_text=_("As it stands on the certificate, for example CE10000001-CCIE-SECURITY."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    name = forms.CharField(
        max_length=150,
        label=_("Name of the holder"),
        help_text=_("In full, as it stands on the certificate. Capitals and accents do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ShareForm(forms.Form):
    """Which certifications a new link shows, for whom it is, and up to which day it works."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    certifications = forms.TypedMultipleChoiceField(
        coerce=int,
        label=_("What it shows"),
        help_text=_("Name, track, number, status and dates of each, as they are on the day somebody looks."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one certification.")},
    )
    label = forms.CharField(
        max_length=80,
        required=False,
        label=_("For whom"),
        help_text=_("So that you know later which link is whose. Only you see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_on = DayField(
        required=False,
        label=_("Last day"),
        help_text=_("The link still works on this day. Without one it works until you withdraw it."),
    )

    def __init__(self, data: Any = None, *, held: Iterable[Held], chosen: str = "") -> None:
        rows = [each.certification for each in held]
        preferred = [row.id for row in rows if row.number == chosen]
        preferred = preferred or [row.id for row in rows if row.status not in ENDED]
        super().__init__(data, initial={"form_key": uuid4(), "certifications": preferred})
        field: Any = self.fields["certifications"]
        field.choices = [(row.id, f"{row.track.name}, {row.number} ({row.get_status_display()})") for row in rows]
