"""Tables that staff hand in: looked at first, then done with what was looked at."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LARGEST_TABLE = 1024 * 1024  # bytes


class TableForm(forms.Form):
    """A table: the file, or what was looked at a moment ago."""

    table = forms.FileField(label=gettext_lazy("Table"), required=False)
    looked_at = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2 * LARGEST_TABLE)

    def clean_table(self) -> Any:
        table = self.cleaned_data["table"]
        if table is not None and table.size > LARGEST_TABLE:
            raise forms.ValidationError(_("The table is larger than 1 MB: cut it in parts."))
        return table

    def clean_looked_at(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["looked_at"], validate=True)
        except ValueError:
            raise forms.ValidationError(_("Choose the file again.")) from None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("table") and not values.get("looked_at"):
            self.add_error("table", _("Choose a file."))
        return values

    def content(self) -> bytes:
        """The table as it was handed in."""
        table = self.cleaned_data["table"]
        return bytes(table.read() if table else self.cleaned_data["looked_at"])


def as_looked_at(content: bytes) -> str:
    """A table as the form takes it back."""
    return base64.b64encode(content).decode()
