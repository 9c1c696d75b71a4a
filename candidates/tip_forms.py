"""What is filled in by whoever reports suspected misconduct, and follows it up (CAND-03)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates.services import TipForm
from ceportal.kernel.file_fields import FilesField
from ceportal.kernel.pages import DayField
from ceportal.kernel.uploads import MEGABYTES_AT_MOST

LONGEST_WORDS = 8000  # characters
WHAT_FILES_TELL = _(
    "PDF, PNG or JPEG, at most %(megabytes)s MB each. Files can carry your name, and photographs the place where they"
    " were taken: remove that first if it matters to you."
) % {"megabytes": MEGABYTES_AT_MOST}
KEPT_SECRET = {"autocomplete": "off", "spellcheck": "false"}


class ReportForm(forms.Form):
    """A report of suspected misconduct."""

    use_required_attribute = False

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("What happened?"),
        help_text=_("In your own words: what you saw or heard, where, and how you know."),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Say in your own words what happened.")},
    )
    happened_on = DayField(
        label=_("Day"), help_text=_("On which it happened, or on which you learned of it; a good guess will do.")
    )
    person = forms.CharField(
        label=_("Whom it concerns"),
        help_text=_("A candidate's or certificate's number, or a name, if you know it."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=KEPT_SECRET),
    )
    activity = forms.CharField(
        label=_("Exam or training"),
        help_text=_("Which one it was, if it was one."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=KEPT_SECRET),
    )
    attached = FilesField(label=_("Files"), help_text=WHAT_FILES_TELL)
    address = forms.EmailField(
        label=_("E-mail address"),
        help_text=_(
            "Only if you want a mail when a message waits for you. It says nothing of what you reported; nobody here is"
            " shown the address, and it is deleted with the outcome."
        ),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"form_key": uuid4()})

    def told(self) -> TipForm:
        """What was written, as the service takes it."""
        names = ("words", "happened_on", "person", "activity", "address")
        return TipForm(**{name: self.cleaned_data[name] for name in names})


class FollowForm(forms.Form):
    """The reference and the passphrase of a report."""

    use_required_attribute = False

    reference = forms.CharField(label=_("Reference"), max_length=40, widget=forms.TextInput(attrs=KEPT_SECRET))
    passphrase = forms.CharField(
        label=_("Passphrase"),
        help_text=_("Six groups of letters and digits. Capitals and what stands between them do not matter."),
        max_length=80,
        widget=forms.TextInput(attrs=KEPT_SECRET),
    )


class MoreForm(forms.Form):
    """What a reporter adds to a report."""

    use_required_attribute = False

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("Your words"),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write a few words, also where you only add files.")},
    )
    attached = FilesField(label=_("Files"), help_text=WHAT_FILES_TELL)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"form_key": uuid4()})
