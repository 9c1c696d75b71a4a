"""What somebody fills in to make a token of their own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ceportal.partner_api.scopes import OF_CANDIDATES


class TokenForm(forms.Form):
    """For what a token is, what it may read, and for how long."""

    name = forms.CharField(
        max_length=60,
        label=_("What it is for"),
        help_text=_("So that you know later which token is whose."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=[(name, words) for name, words in OF_CANDIDATES.items()],
        label=_("What it may do"),
        help_text=_("No more than the program needs. None of them changes anything."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.TypedChoiceField(
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
        initial=90,
        label=_("For how long"),
    )

    def __init__(self, data: Any = None, *, taken: Collection[str]) -> None:
        super().__init__(data)
        self.taken = taken

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in self.taken:
            raise forms.ValidationError(
                _("You have a token of this name. Withdraw it first, or give this one another name.")
            )
        return name
