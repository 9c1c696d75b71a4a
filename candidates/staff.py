"""What acts of staff about a candidate share."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.models import Candidate
from ceportal.kernel.staff import ActForm


class AboutCandidate(ActForm):
    """The form of an act about a candidate, who is named by number."""

    candidate = forms.CharField(label=gettext_lazy("Candidate number"), max_length=20)

    def clean_candidate(self) -> Candidate:
        number = self.cleaned_data["candidate"].strip().upper()
        candidate = Candidate.objects.filter(number=number).first()
        if candidate is None:
            raise forms.ValidationError(
                _("There is no candidate with the number %(number)s."), params={"number": number}
            )
        return candidate
