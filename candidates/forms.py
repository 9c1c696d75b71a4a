"""What candidates fill in about themselves."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates.wordings import LANGUAGES
from ceportal.kernel.countries import COUNTRIES

OTHER_ZONES = ("Etc/", "SystemV/", "posix/", "right/")


def zone_choices() -> list[Any]:
    """Time zones by region, UTC first."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(OTHER_ZONES))
    regions = groupby(names, key=lambda name: name.partition("/")[0])
    return [
        ("UTC", "UTC"),
        *((region, [(name, name.partition("/")[2].replace("_", " ")) for name in each]) for region, each in regions),
    ]


def country_choices() -> list[tuple[str, Any]]:
    """All countries, after the country of residence, which needs no choice."""
    return [("", _("The country of residence")), *COUNTRIES]


class LinkForm(forms.Form):
    """The number and the birth date of a certification record."""

    number = forms.CharField(
        max_length=20,
        label=_("Candidate number"),
        help_text=_("It stands on your certificate and your score reports, for example CE10000001."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    born = forms.DateField(
        label=_("Date of birth"),
        help_text=_("As you registered it for your exams."),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
        error_messages={"invalid": _("This is not a day. Write it as year-month-day, for example 1980-12-31.")},
    )


class ContactForm(forms.Form):
    """How the programme reaches a candidate, and where the bills go."""

    email = forms.EmailField(
        label=_("Registered e-mail address"),
        help_text=_("Official messages go here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    language = forms.ChoiceField(
        required=False,
        choices=LANGUAGES,
        label=_("Language"),
        help_text=_("Of messages, of the texts that you accept, and of the pages that speak it."),
    )
    time_zone = forms.ChoiceField(
        choices=zone_choices,
        label=_("Time zone"),
        help_text=_("Moments are shown in it. Days of the programme stay those of the programme."),
    )
    billing_country = forms.ChoiceField(
        required=False,
        choices=country_choices,
        label=_("Billing country"),
        help_text=_("Tax follows it."),
        widget=forms.Select(attrs={"autocomplete": "billing country"}),
    )
