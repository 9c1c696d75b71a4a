"""The search of the catalog, by address."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog import queries
from catalog.models import Item

SORT_LABELS = {
    "title": _("Title"),
    "most": _("Most credits first"),
    "least": _("Fewest credits first"),
    "shortest": _("Shortest first"),
}


class SearchForm(forms.Form):
    """What someone looks for; an address with a wrong value still shows what the others ask for."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Any")), *Item.Kind.choices])
    provider = forms.ChoiceField(label=_("Provider"), required=False)
    technology = forms.ChoiceField(label=_("Technology"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    min = forms.IntegerField(label=_("Credits from"), required=False, min_value=0, max_value=999)
    max = forms.IntegerField(label=_("Credits up to"), required=False, min_value=0, max_value=999)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(SORT_LABELS.items()))

    def __init__(self, data: Any, *, day: date) -> None:
        super().__init__(data)
        for name, choices in queries.filter_choices(day).items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", _("Any")), *choices]

    def search(self) -> queries.Search:
        """The search as far as it can be understood."""
        self.is_valid()
        asked = self.cleaned_data
        return queries.Search(
            text=asked.get("q", ""),
            kind=asked.get("kind", ""),
            provider=asked.get("provider", ""),
            language=asked.get("language", ""),
            technology=asked.get("technology", ""),
            min_credits=asked.get("min"),
            max_credits=asked.get("max"),
            sort=asked.get("sort") or "title",
        )

    @property
    def active(self) -> bool:
        """Whether anything narrows the list."""
        return self._asks_for("q", "kind", "provider") or self.narrowed_further

    @property
    def narrowed_further(self) -> bool:
        """Whether one of the filters that stand folded away is used."""
        return self._asks_for("technology", "language", "min", "max")

    def _asks_for(self, *names: str) -> bool:
        return any(self.data.get(name) for name in names)
