"""Where the clock is to go."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class JourneyForm(forms.Form):
    """The day to travel to."""

    to = forms.DateField(
        label=_("Set the clock ahead to"),
        help_text=_("Every night on the way is run: certifications lapse, credits expire, reminders go out."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class AddressForm(forms.Form):
    """Whose mail to look for."""

    to = forms.CharField(
        label=_("To an address that contains"), required=False, max_length=200, widget=forms.SearchInput
    )
