"""What candidates fill in to be told when a seat opens (LAB-15)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from candidates.models import Track
from ceportal.kernel.calendar import add_months
from ceportal.kernel.pages import DayField
from exams.calendar_reading import last_month, tracks_with_lab
from exams.forms import MOBILE_KITS, NamedChoice
from exams.models import Site, SitePrice


class NamedChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Sites, by their names."""

    def label_from_instance(self, chosen: Any) -> str:
        return str(chosen.name)


class WishForm(forms.Form):
    """For which track, at which sites, between which days; what the rules say of them is asked of the service."""

    use_required_attribute = False

    track = NamedChoice(Track.objects.none(), to_field_name="code", label=gettext_lazy("Track"), empty_label=None)
    sites = NamedChoices(
        Site.objects.order_by("name"),
        to_field_name="code",
        label=gettext_lazy("Sites"),
        help_text=gettext_lazy(
            "Wherever you could travel to: the first seat that opens at one of them is yours to take."
        ),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose one site at least (LAB-15).")},
    )
    first_day = DayField(label=gettext_lazy("First day"), help_text=gettext_lazy("By the calendar of the site."))
    last_day = DayField(label=gettext_lazy("Last day"), help_text=gettext_lazy("This day counts, too."))
    kit = forms.ChoiceField(
        choices=[(kit.value, kit.label) for kit in MOBILE_KITS],
        label=gettext_lazy("Equipment at a mobile site"),
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any], today: date) -> None:
        super().__init__(data, initial=initial)
        tracks: Any = self.fields["track"]
        tracks.queryset = tracks_with_lab()
        ahead = add_months(last_month(today), 1) - timedelta(days=1)  # no sitting is open beyond it
        for name in ("first_day", "last_day"):
            self.fields[name].widget.attrs |= {"min": today.isoformat(), "max": ahead.isoformat()}
        if not Site.objects.filter(kind=Site.Kind.MOBILE).exists():
            del self.fields["kit"]

    @classmethod
    def from_request(cls, request: HttpRequest, track: Track | None, *, today: date) -> WishForm:
        """The form as it was sent, or filled with what the address names: `track`, `site`, `day`."""
        asked = request.GET
        initial = {
            "track": asked.get("track") or (track.code if track else ""),
            "sites": asked.getlist("site"),
            "first_day": asked.get("day", ""),
            "last_day": asked.get("day", ""),
            "kit": SitePrice.Kit.BRING_YOUR_OWN,  # unless said otherwise (LAB-17)
        }
        return cls(request.POST if request.method == "POST" else None, initial=initial, today=today)

    @property
    def track_shown(self) -> Track | None:
        """The track that stands in the form, where there is one of that code."""
        return tracks_with_lab().filter(code=str(self["track"].value() or "")).first()

    @property
    def wish(self) -> dict[str, Any]:
        """What was asked for, as `ask_for_seat` takes it."""
        values = self.cleaned_data
        return {
            "track_code": values["track"].code,
            "site_codes": [site.code for site in values["sites"]],
            "first_day": values["first_day"],
            "last_day": values["last_day"],
            "kit": values.get("kit", ""),
        }
