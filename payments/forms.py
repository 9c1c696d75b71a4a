"""How a candidate gives a voucher."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import queries
from payments.models import Order, Voucher

MOST_LINES = 5  # of an address, as the sheet has room for


class DetailsForm(forms.Form):
    """What the invoice is to name beside the cardholder, and the amount that was shown with the button."""

    use_required_attribute = False

    company = forms.CharField(
        label=gettext_lazy("Company on the invoice"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    address = forms.CharField(
        label=gettext_lazy("Address on the invoice"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Street, postal code and town, up to five lines; the country is your billing country."),
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
    )
    shown_cents = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_address(self) -> str:
        lines = [line.strip() for line in self.cleaned_data["address"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("Give the address in at most %(most)s lines.") % {"most": MOST_LINES})
        if self.cleaned_data.get("company") and not lines:
            raise forms.ValidationError(_("An invoice that names a company needs its address."))
        return "\n".join(lines)


class VoucherForm(forms.Form):
    """A voucher of the own list, or the code of one."""

    use_required_attribute = False

    voucher = forms.TypedChoiceField(
        label=gettext_lazy("Your vouchers"), widget=forms.RadioSelect, coerce=int, empty_value=None, required=False
    )
    code = forms.CharField(
        label=gettext_lazy("Code of a voucher"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Twelve letters and digits, for example K7QM-4XWA-9PRC; blanks and case do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, order: Order, day: date) -> None:
        super().__init__(*args)
        usable = queries.usable_vouchers(order.candidate_id, day=day)
        choices = [(voucher.pk, _in_words(voucher)) for voucher in usable]
        self.fields["voucher"].choices = choices  # type: ignore[attr-defined]  # it is a field of choices
        if not choices:
            del self.fields["voucher"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("voucher") and not values.get("code"):
            self.add_error("code", _("Choose one of your vouchers, or give the code of one."))
        return values


def _in_words(voucher: Voucher) -> str:
    day = date_format(voucher.expires_on, "DATE_FORMAT")
    return _("%(code)s, valid until %(day)s") % {"code": voucher.code, "day": day}
