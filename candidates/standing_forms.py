"""What candidates fill in about their standing: an appeal, a request to a channel partner."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates.standing_pages import partner_choices
from ceportal.kernel.countries import COUNTRIES

LONGEST_WORDS = 4000  # characters


class SanctionAppealForm(forms.Form):
    """An appeal against a sanction, in the candidate's own words (CAND-02)."""

    use_required_attribute = False

    words = forms.CharField(
        label=_("Why is the sanction wrong?"),
        help_text=_("In your own words: what you see otherwise, and what shows it."),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Say in your own words why the sanction is wrong.")},
    )


class AffiliationForm(forms.Form):
    """A request to be associated with a channel partner (CERT-07)."""

    use_required_attribute = False

    partner_code = forms.ChoiceField(label=_("Partner"), choices=partner_choices)
    country = forms.ChoiceField(
        label=_("Country"),
        choices=COUNTRIES,
        help_text=_("Where the partner's status applies, and where you work for it."),
    )
    full_time = forms.BooleanField(
        label=_("I am the partner's full-time employee there, and lend my certification to nobody else."),
        required=False,
    )
