"""What providers fill in: a training that they propose to the board."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _

from catalog.models import Item
from catalog.queries import language_name
from catalog.services.proposals import ProposalForm


def languages() -> list[tuple[str, str]]:
    """The languages a training can be held in, by their names in the reader's own."""
    return sorted(((code, language_name(code)) for code in LANG_INFO if len(code) <= 10), key=lambda each: each[1])


class ProposalEntryForm(forms.Form):
    """A training as it is proposed."""

    use_required_attribute = False

    title = forms.CharField(label=_("Title"), max_length=200)
    code = forms.SlugField(
        label=_("Code"),
        max_length=60,
        help_text=_("Letters, digits and hyphens; rosters and candidates name the training by it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("Choose…")), *Item.Kind.choices])
    credits = forms.IntegerField(
        label=_("Credits"), min_value=0, max_value=999, help_text=_("What you think it is worth; the board decides.")
    )
    hours = forms.IntegerField(label=_("Hours"), required=False, min_value=1, max_value=999)
    technology = forms.CharField(
        label=_("Technology"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"list": "technologies"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=languages, initial="en")
    summary = forms.CharField(
        label=_("Summary"),
        max_length=2000,
        help_text=_("What is taught, how, and to whom: the board and candidates read it."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    registration_number = forms.CharField(
        label=_("Registration number"),
        required=False,
        max_length=40,
        help_text=_("For custom training: the number it has in the derivative-works tool."),
    )
    approval_number = forms.CharField(
        label=_("Approval number"),
        required=False,
        max_length=40,
        help_text=_("For other training: the number of the technical committee's approval."),
    )

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).lower()

    def as_proposal(self) -> ProposalForm:
        """What is proposed; nothing of it is `still_missing`."""
        read: dict[str, Any] = {name: self.cleaned_data[name] for name in self.fields if name in self.cleaned_data}
        return ProposalForm(**read)

    @property
    def still_missing(self) -> list[str]:
        """What the board's questions cannot be asked without, and is not there or not in order."""
        self.is_valid()
        return [
            str(self.fields[name].label)
            for name in ("title", "code", "kind", "credits")
            if name not in self.cleaned_data
        ]
