"""What candidates fill in about labs: the filter of the calendar, a seat to be booked, a change of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.models import Track
from exams.calendar_reading import tracks_with_lab
from exams.lab_reading import MissingText
from exams.models import Site, SitePrice
from payments.models import Voucher

MOBILE_KITS = (SitePrice.Kit.BRING_YOUR_OWN, SitePrice.Kit.KIT)


class NamedChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """A track or a site, by its name."""

    def label_from_instance(self, chosen: Any) -> str:
        return str(chosen.name)


class CalendarForm(forms.Form):
    """Which track, which site; what cannot be read counts as not asked."""

    track = NamedChoice(Track.objects.none(), to_field_name="code", label=gettext_lazy("Track"), empty_label=None)
    site = NamedChoice(
        Site.objects.order_by("name"),
        to_field_name="code",
        label=gettext_lazy("Site"),
        required=False,
        empty_label=gettext_lazy("all sites"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["track"].queryset = tracks_with_lab()  # type: ignore[attr-defined]  # a choice of models


class SeatForm(forms.Form):
    """How a seat is to be equipped and paid, and the texts that are accepted with it (LAB-02, LAB-10, LAB-17)."""

    use_required_attribute = False

    kit = forms.ChoiceField(label=gettext_lazy("Equipment"), widget=forms.RadioSelect)
    voucher = forms.ChoiceField(label=gettext_lazy("Your vouchers"), required=False)
    code = forms.CharField(
        label=gettext_lazy("Code of a voucher"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Twelve letters and digits, for example K7QM-4XWA-9PRC; blanks and case do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    instead_by_card = forms.BooleanField(
        label=gettext_lazy("My voucher has expired: I pay the new seat by card, and the fee that it paid is lost."),
        required=False,
    )
    agreement_version = forms.CharField(max_length=20, widget=forms.HiddenInput, required=False)
    recording_version = forms.CharField(max_length=20, widget=forms.HiddenInput, required=False)
    language = forms.CharField(max_length=10, widget=forms.HiddenInput, required=False)
    accept = forms.BooleanField(
        label=gettext_lazy("I have read these texts and accept them."),
        error_messages={"required": gettext_lazy("A booking is complete only when they are accepted (LAB-02).")},
    )

    def __init__(
        self,
        *args: Any,
        mobile: bool,
        vouchers: Sequence[Voucher] | None,
        texts: Sequence[MissingText],
        expired: bool = False,
    ) -> None:
        super().__init__(*args)
        self._offer_kits(mobile=mobile)
        self._offer_vouchers(vouchers)
        if not expired:
            del self.fields["instead_by_card"]
        self._ask_for(texts)

    def _offer_kits(self, *, mobile: bool) -> None:
        if not mobile:
            del self.fields["kit"]
            return
        self.fields["kit"].choices = [(kit.value, kit.label) for kit in MOBILE_KITS]  # type: ignore[attr-defined]
        self.initial["kit"] = SitePrice.Kit.BRING_YOUR_OWN  # unless said otherwise (LAB-17)

    def _offer_vouchers(self, vouchers: Sequence[Voucher] | None) -> None:
        """The own vouchers by name, and a field for the code of one; None: a voucher comes along by itself."""
        if not vouchers:
            del self.fields["voucher"]
        else:
            named = [(each.code, _in_words(each)) for each in vouchers]
            self.fields["voucher"].choices = [("", _("none")), *named]  # type: ignore[attr-defined]
        if vouchers is None:
            del self.fields["code"]

    def _ask_for(self, texts: Sequence[MissingText]) -> None:
        """Ask for the acceptance of the texts that are missing, in the version on the page: never of another."""
        for text in texts:
            self.initial[f"{text.agreement.kind}_version"] = text.agreement.version
            self.initial["language"] = text.words.language
        if not texts:
            for name in ("agreement_version", "recording_version", "language", "accept"):
                del self.fields[name]

    @property
    def voucher_code(self) -> str:
        """The code given, or that of the own voucher chosen."""
        values = self.cleaned_data
        return str(values.get("code") or values.get("voucher") or "")

    @property
    def language_read(self) -> str:
        """The language that the texts were read in."""
        return str(self.cleaned_data.get("language", ""))

    @property
    def versions(self) -> dict[str, str]:
        """The versions that were on the page, by kind of text."""
        asked = {kind: self.cleaned_data.get(f"{kind}_version", "") for kind in ("agreement", "recording")}
        return {kind: version for kind, version in asked.items() if version}


def _in_words(voucher: Voucher) -> str:
    day = date_format(voucher.expires_on, "DATE_FORMAT")
    return _("%(code)s, valid until %(day)s") % {"code": voucher.code, "day": day}
