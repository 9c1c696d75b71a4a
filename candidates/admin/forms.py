"""The forms of what staff do to a candidate's record."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.models import Candidate, Track
from candidates.models.agreements import ENGLISH
from candidates.wordings import LANGUAGES
from ceportal.kernel import clock
from ceportal.kernel.countries import COUNTRIES
from ceportal.kernel.file_fields import FilesField
from ceportal.kernel.policy import BOOK
from ceportal.kernel.staff import ActForm, LongText, SeveralFiles


class RegistrationForm(ActForm):
    """A person as the certification records know them."""

    number = forms.CharField(label=gettext_lazy("Candidate number"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    born = forms.DateField(label=gettext_lazy("Date of birth"))
    country = forms.CharField(
        label=gettext_lazy("Country of residence"), max_length=2, help_text=gettext_lazy("Two letters: BE, JP, US.")
    )
    email = forms.EmailField(label=gettext_lazy("E-mail address"))

    def clean_number(self) -> str:
        number = self.cleaned_data["number"].strip().upper()
        if Candidate.objects.filter(number=number).exists():
            raise forms.ValidationError(_("A candidate with this number is registered already."))
        return str(number)

    def clean_country(self) -> str:
        return _country(self.cleaned_data["country"])


def _country(text: str) -> str:
    country = text.strip().upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise forms.ValidationError(_("A country is written with two letters: BE, JP, US."))
    return country


class ContactForm(ActForm):
    """Where official messages go, and where invoices are taxed (CE-13, PAY-01)."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=[(name, name) for name in sorted(available_timezones())]
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of messages"), choices=LANGUAGES, required=False)
    billing_country = forms.CharField(label=gettext_lazy("Billing country"), max_length=2, required=False)

    def clean_billing_country(self) -> str:
        return _country(self.cleaned_data["billing_country"])


class CertificationForm(ActForm):
    """A certification to be imported from the records."""

    track = forms.ModelChoiceField(Track.objects.all(), label=gettext_lazy("Track"))
    certified_on = forms.DateField(label=gettext_lazy("First certified on"))
    term_started_on = forms.DateField(
        label=gettext_lazy("Running term started on"),
        required=False,
        help_text=gettext_lazy("Leave it empty where the first term still runs."),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, term = values.get("certified_on"), values.get("term_started_on")
        if first and first > clock.day_of(clock.now()):
            self.add_error("certified_on", _("This day is still to come."))
        if first and term and term < first:
            self.add_error("term_started_on", _("A term does not start before the first certification."))
        return values


class ReasonForm(ActForm):
    """Why something is decided as it is."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=4000, required=False, widget=LongText())


class ResidenceForm(ActForm):
    """Where a candidate lives now (CAND-07, PAY-01)."""

    country = forms.ChoiceField(label=gettext_lazy("Country of residence"), choices=COUNTRIES)
    region = forms.CharField(
        label=gettext_lazy("Region"),
        max_length=6,
        required=False,
        help_text=gettext_lazy("As ISO 3166-2 writes it, where it matters: UA-43."),
    )

    def clean_region(self) -> str:
        return str(self.cleaned_data["region"]).strip().upper()


class ResidenceProofForm(ResidenceForm):
    """A document that proves residence elsewhere."""

    document = forms.CharField(
        label=gettext_lazy("The document, and what was checked"),
        help_text=gettext_lazy("Which document, issued by whom, valid until when. No copy and no number is kept here."),
        max_length=1000,
        widget=LongText(),
    )


class TranslationForm(ActForm):
    """The words of an agreement in another language."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[each for each in settings.LANGUAGES if each[0] != ENGLISH]
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    text = forms.CharField(label=gettext_lazy("Text"), widget=LongText(20))


class ConsentForm(ActForm):
    """A parent's or guardian's signature (CAND-05)."""

    guardian = forms.CharField(label=gettext_lazy("Name of the parent or legal guardian"), max_length=150)
    relation = forms.CharField(label=gettext_lazy("Relation to the candidate"), max_length=60, required=False)
    signed_on = forms.DateField(label=gettext_lazy("Signed on"))
    evidence = forms.CharField(
        label=gettext_lazy("What shows the signature"),
        help_text=gettext_lazy("Which paper was seen, and where it is kept."),
        max_length=1000,
        widget=LongText(),
    )


class AskGuardianForm(ActForm):
    """Whom to ask for a signature, and in which language (CAND-05)."""

    email = forms.EmailField(label=gettext_lazy("E-mail address of the parent or guardian"))
    language = forms.ChoiceField(label=gettext_lazy("Language of the message"), choices=LANGUAGES)


class SanctionForm(ActForm):
    """A sanction to be proposed."""

    clause = forms.ChoiceField(label=gettext_lazy("Clause that was broken"))
    statement = forms.CharField(
        label=gettext_lazy("What happened"),
        help_text=gettext_lazy("The candidate reads this and can answer to it."),
        max_length=4000,
        widget=LongText(6),
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("For staff: what shows it, and where it is kept."),
        max_length=4000,
        required=False,
        widget=LongText(),
    )
    uploads = FilesField(
        label=gettext_lazy("Files"),
        help_text=gettext_lazy(
            "PDF, PNG or JPEG. Both who sign read them; once it is proposed nothing is added or changed. The files of a"
            " tip that opened the case come along by themselves."
        ),
        widget=SeveralFiles(),
    )
    reach = forms.ChoiceField(
        label=gettext_lazy("What it bars"),
        choices=[
            ("everything", gettext_lazy("everything, and it revokes certifications: permanent")),
            ("exams", gettext_lazy("exams, permanently")),
            ("everything_for_now", gettext_lazy("everything, for the time being")),
            ("exams_for_now", gettext_lazy("exams, for the time being")),
        ],
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Ends on"),
        required=False,
        help_text=gettext_lazy("Of one for the time being. Left empty, it stands until somebody lifts it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clauses = [(clause.id, f"{clause.id} {clause.says}") for clause in BOOK.clauses.values()]
        self.fields["clause"].choices = clauses  # type: ignore[attr-defined]
        self.fields["clause"].widget.choices = clauses

    def asked(self) -> dict[str, Any]:
        """What the form asks for, as the service takes it."""
        reach = self.cleaned_data["reach"]
        return {
            **{name: self.cleaned_data[name] for name in ("clause", "statement", "evidence", "uploads", "ends_on")},
            "permanent": not reach.endswith("_for_now"),
            "exams_only": reach.startswith("exams"),
        }
