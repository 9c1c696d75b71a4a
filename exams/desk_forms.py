"""What a proctor fills in: an arrival, a fault, a line of the log, a result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from exams.models import Booking, CheckIn, LogEntry
from exams.rules.desk import GOVERNMENT_PHOTO, IdentityFacts

NOT_CHOSEN = ("", _("Choose"))
DOCUMENTS = CheckIn.Document.choices
WRITTEN_BY_HAND = (LogEntry.Kind.BREAK, LogEntry.Kind.DICTIONARY, LogEntry.Kind.NOTE)
YES_NO_UNKNOWN = [("unknown", _("not known yet")), ("yes", _("yes")), ("no", _("no"))]
EVENT = "event"
KNOWN = {"yes": True, "no": False}
LONGEST_DAY = 24 * 60  # minutes; a slip of the keyboard, not a rule


class DeskForm(forms.Form):
    """A form of the desk: what is missing is said by the rules, in their own words."""

    use_required_attribute = False


class DocumentField(forms.ChoiceField):
    """A document that was shown. That one is needed is said by the rule, which a late arrival never comes to."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class ShownField(forms.BooleanField):
    """Something that was done; that it must be is said by the rule."""

    def validate(self, value: Any) -> None:
        """Anything will do here."""


class CheckInForm(DeskForm):
    """An arrival: how late, and what was shown (EXAM-13, LAB-12)."""

    minutes_late = forms.IntegerField(
        label=_("Minutes after the start"),
        help_text=_("As the candidate came in; 0 by the start. These count, not when you record them."),
        min_value=0,
        max_value=LONGEST_DAY,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Say how many minutes after the start the candidate came in; 0 by the start.")},
    )
    photo_document = DocumentField(
        label=_("Government photo identity"),
        choices=[NOT_CHOSEN, *((code, word) for code, word in DOCUMENTS if code in GOVERNMENT_PHOTO)],
    )
    second_document = DocumentField(label=_("Second signed document"), choices=[NOT_CHOSEN, *DOCUMENTS])
    photographed = ShownField(label=_("Agreed to be photographed, and was"))
    signed = ShownField(label=_("Signed: the agreement and the recording on camera, as they are in force"))

    def identity(self) -> IdentityFacts:
        """What was shown and done."""
        given = self.cleaned_data
        return IdentityFacts(given["photo_document"], given["second_document"], given["photographed"], given["signed"])


class FaultForm(DeskForm):
    """What began: a fault of the lab, or an event (INC-01, INC-04)."""

    what = forms.ChoiceField(
        label=_("What is it?"), choices=[("fault", _("a fault of the lab")), (EVENT, _("an unavoidable event"))]
    )
    description = forms.CharField(
        label=_("What happened"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class FaultEndForm(DeskForm):
    """How a fault ended, and what a remedy would depend on (INC-01 to INC-03)."""

    too_long = forms.BooleanField(
        label=_("It is not mended, and will take so long that the exam is over (INC-02)"), required=False
    )
    caused_by_candidate = forms.ChoiceField(label=_("Did the candidate cause it?"), choices=YES_NO_UNKNOWN)
    modules_passed = forms.ChoiceField(
        label=_("Were the completed modules that it did not touch passed?"),
        help_text=_("The programme completes this later where you cannot know it."),
        choices=YES_NO_UNKNOWN,
    )
    description = forms.CharField(
        label=_("How it ended"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def recorded(self) -> dict[str, Any]:
        """What was said, with None where it is not known."""
        given = self.cleaned_data
        return {
            "too_long": given["too_long"],
            "caused_by_candidate": KNOWN.get(given["caused_by_candidate"]),
            "modules_passed": KNOWN.get(given["modules_passed"]),
            "description": given["description"],
        }


class LogForm(DeskForm):
    """A line of the log; never changed afterwards (LAB-18)."""

    kind = forms.ChoiceField(label=_("What"), choices=[(kind.value, kind.label) for kind in WRITTEN_BY_HAND])
    booking = forms.ChoiceField(label=_("Who"), required=False)
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=0,
        max_value=LONGEST_DAY,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    text = forms.CharField(
        label=_("Reason or note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, bookings: Iterable[Booking], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = [("", _("the whole sitting"))]
        people = [(str(each.pk), f"{each.seat.number}: {each.candidate.name}") for each in bookings]
        self.fields["booking"].choices = [*everybody, *people]  # type: ignore[attr-defined]

    def entry(self) -> dict[str, Any]:
        """The line, as the service takes it."""
        given = self.cleaned_data
        booking_id = int(given["booking"]) if given["booking"] else None
        return {
            "kind": given["kind"],
            "booking_id": booking_id,
            "minutes": given["minutes"],
            "text": given["text"],
        }


class ResultForm(DeskForm):
    """A result: a pass or a fail, and of a fail its topic areas (LAB-19, RRD-05)."""

    result = forms.ChoiceField(
        label=_("Result"),
        choices=[("pass", _("pass")), ("fail", _("fail"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose pass or fail.")},
    )
    topics = forms.CharField(
        label=_("Topic areas of a fail, one a line"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    rereadable = forms.BooleanField(label=_("A re-read could turn this fail to a pass"), required=False)

    def published(self) -> dict[str, Any]:
        """The result, as the service takes it."""
        given = self.cleaned_data
        lines = [line.strip() for line in given["topics"].splitlines()]
        return {
            "result": given["result"],
            "topics": [line for line in lines if line],
            "rereadable": given["rereadable"],
        }
