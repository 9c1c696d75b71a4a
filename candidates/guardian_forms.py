"""What is filled in about a parent's or guardian's signature (CAND-05)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates.wordings import LANGUAGES


class AskGuardianForm(forms.Form):
    """Whom to ask, and in which language."""

    email = forms.EmailField(
        label=_("E-mail address of your parent or guardian"),
        help_text=_("A link to sign by is sent there. You do not see it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(choices=LANGUAGES, label=_("Language of the message"))


class GuardianForm(forms.Form):
    """A parent's or guardian's signature."""

    use_required_attribute = False

    version = forms.CharField(max_length=20, widget=forms.HiddenInput, required=False)
    language = forms.CharField(max_length=10, widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=_("Your full name"),
        max_length=150,
        error_messages={"required": _("Type your full name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    relation = forms.CharField(
        label=_("What you are to the candidate"),
        help_text=_("For example mother, father or guardian."),
        max_length=60,
        required=False,
    )
    confirmed = forms.BooleanField(
        label=_("I am the parent or legal guardian, have read the agreement, and agree that the candidate is tested."),
        error_messages={"required": _("Tick the box to confirm.")},
    )
