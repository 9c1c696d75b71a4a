"""What buyers of Emeritus fill in."""

from __future__ import annotations

from django import forms

from candidates.rules import EMERITUS_FAMILIES


class BuyForm(forms.Form):
    """Buying a term: of which family, and whether the advice to recertify was read (EMR-09)."""

    family = forms.ChoiceField(choices=[(each, each.upper()) for each in EMERITUS_FAMILIES])
    confirmed = forms.BooleanField(required=False)
