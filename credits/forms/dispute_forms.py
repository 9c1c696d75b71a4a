"""What candidates fill in after their claim was decided: an appeal, an answer to an audit."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from credits.files.evidence import BYTES_AT_MOST
from credits.forms.claim_forms import EVIDENCE_KINDS
from credits.services.filing import Upload

LONGEST_WORDS = 4000  # characters


class AppealForm(forms.Form):
    """An appeal in the candidate's own words (CE-10)."""

    use_required_attribute = False

    words = forms.CharField(
        label=_("Why is the rejection wrong?"),
        help_text=_("In your own words. The programme reads them; the provider reads what the programme decides."),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Say in your own words why the rejection is wrong.")},
    )


class AuditAnswerForm(forms.Form):
    """What a candidate adds to an audit of a claim of theirs (CE-12)."""

    use_required_attribute = False

    words = forms.CharField(
        label=_("Your words"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    evidence = forms.FileField(
        label=_("A file that shows more"),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": EVIDENCE_KINDS}),
        error_messages={"empty": _("This file is empty. Choose another one.")},
    )

    def uploads(self) -> list[Upload]:
        """The file that came along, read no further than it takes to see that it is too large (CE-11)."""
        file = self.cleaned_data.get("evidence")
        return [Upload(file.name, file.read(BYTES_AT_MOST + 1))] if file else []
