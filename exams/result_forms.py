"""What candidates fill in about their exams: for which day and place they ask, and what a link shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ceportal.kernel.calendar import add_years
from ceportal.kernel.countries import COUNTRIES
from ceportal.kernel.pages import DayField
from exams.models import Attempt, Exam, ResultLink

YEARS_AHEAD = 5  # as far as anybody plans


class AskForm(forms.Form):
    """When and where an exam would be taken."""

    day = DayField(required=False, label=gettext_lazy("On"))
    country = forms.ChoiceField(
        choices=[("", gettext_lazy("somewhere allowed")), *COUNTRIES], required=False, label=gettext_lazy("In")
    )
    kind = forms.ChoiceField(
        choices=[("", gettext_lazy("all kinds")), *Exam.Kind.choices], required=False, label=gettext_lazy("Kind")
    )

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self.today, self.last_day = today, add_years(today, YEARS_AHEAD)
        self.fields["day"].widget.attrs |= {"min": today.isoformat(), "max": self.last_day.isoformat()}

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"] or self.today
        if not self.today <= day <= self.last_day:
            raise forms.ValidationError(
                _("Choose a day from today to %(last)s.") % {"last": date_format(self.last_day, "DATE_FORMAT")}
            )
        return day


class ShareResultsForm(forms.Form):
    """What a new link shows, for whom it is, and up to which day it works."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    shows = forms.ChoiceField(
        choices=ResultLink.Shows.choices, label=gettext_lazy("What it shows"), widget=forms.RadioSelect
    )
    attempts = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label=gettext_lazy("Results"),
        help_text=gettext_lazy("For a link to results you choose. Each is shown as it counts when somebody looks."),
        widget=forms.CheckboxSelectMultiple,
    )
    with_sections = forms.BooleanField(
        required=False, label=gettext_lazy("With the breakdown by section, where there is one")
    )
    label = forms.CharField(
        max_length=80,
        required=False,
        label=gettext_lazy("For whom"),
        help_text=gettext_lazy("So that you know later which link is whose. Only you see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_on = DayField(
        required=False,
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("The link still works on this day. Without one it works until you withdraw it."),
    )

    def __init__(self, data: Any = None, *, results: Iterable[Attempt], chosen: str = "") -> None:
        rows = list(results)
        preferred = [row.pk for row in rows if str(row.pk) == chosen]
        shows = ResultLink.Shows.REPORTS if preferred else ResultLink.Shows.TRANSCRIPT
        super().__init__(data, initial={"form_key": uuid4(), "shows": shows, "attempts": preferred})
        field: Any = self.fields["attempts"]
        field.choices = [(row.pk, self._named(row)) for row in rows]

    @staticmethod
    def _named(attempt: Attempt) -> str:
        return _("%(exam)s, %(day)s: %(result)s") % {
            "exam": attempt.exam,
            "day": date_format(attempt.taken_on, "DATE_FORMAT"),
            "result": attempt.get_result_display(),
        }
