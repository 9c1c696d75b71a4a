"""What a provider's members fill in: filters of the queue, a decision, a report, a delivery."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate
from catalog import queries as catalog_queries
from catalog.models import Item, Provider
from ceportal.kernel.pages import DayField
from credits.models import Claim

STATES = [
    ("", _("Waiting")),
    ("returned", _("Returned")),
    ("approved", _("Approved")),
    ("rejected", _("Rejected")),
    ("voided", _("Voided")),
    ("all", _("All")),
]
SORTS = {
    "due": (_("Promised first"), ("answer_due_on", "submitted_at", "id")),
    "newest": (_("Newest first"), ("-submitted_at", "-id")),
    "candidate": (_("Candidate"), ("candidate__name", "answer_due_on", "id")),
    "training": (_("Training"), ("item__title", "answer_due_on", "id")),
    "credits": (_("Most credits first"), ("-credits", "answer_due_on", "id")),
}


class QueueFilter(forms.Form):
    """What of the queue is shown; an address with a wrong value still shows what the others ask for."""

    state = forms.ChoiceField(required=False, choices=STATES, widget=forms.HiddenInput)
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Any")), *Item.Kind.choices])
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[(name, label) for name, (label, _fields) in SORTS.items()]
    )

    def asked(self, name: str) -> str:
        """What was asked for under a name; empty where nothing was, or nothing that can be understood."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")


class DecisionForm(forms.Form):
    """A decision on one claim. `seen` says which handing-in the reviewer had before them."""

    use_required_attribute = False

    seen = forms.CharField(max_length=40, widget=forms.HiddenInput)  # the page writes the one it shows
    reason = forms.CharField(
        label=_("Reason, for the candidate"),
        help_text=_("Needed to return or reject: what is wrong, and what to do about it."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "data-shortcut": "reject"}),
    )
    outcome = forms.ChoiceField(choices=[(name, name) for name in ("approve", "return", "reject")])

    def __init__(self, *args: Any, claim: Claim, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.claim = claim

    def is_stale(self) -> bool:
        """Whether the claim was handed in anew after the reviewer opened it."""
        return bool(self.data.get("seen", "") != handed_in(self.claim))


def handed_in(claim: Claim) -> str:
    """Which handing-in of a claim this is: it changes when a returned claim comes back."""
    return claim.submitted_at.isoformat() if claim.submitted_at else ""


class ReportForm(forms.Form):
    """A completion that the provider reports itself (CE-10)."""

    use_required_attribute = False

    number = forms.CharField(
        label=_("Candidate number"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    item = forms.ModelChoiceField(
        Item.objects.none(),
        to_field_name="code",
        label=_("Training"),
        empty_label=_("Choose"),
        help_text=_("Every training you are or were authorised to deliver."),
    )
    completed_on = DayField(label=_("Completed on"))

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = self.fields["item"]
        assert isinstance(item, forms.ModelChoiceField)
        item.queryset = items_of(provider)

    def clean_number(self) -> Candidate:
        """Whoever is enrolled under this number. Who is unknown and who takes no part are told alike (CE-05)."""
        number = self.cleaned_data["number"].strip().upper()
        candidate = Candidate.objects.filter(number=number, enrollment__isnull=False).first()
        if candidate is None:
            raise forms.ValidationError(
                _(
                    "Nobody who is enrolled has the number %(number)s. Compare it with the student's; whoever is not "
                    "enrolled yet has to do that first (CE-05)."
                ),
                code="unknown",
                params={"number": number},
            )
        return candidate


class DeliveryForm(forms.Form):
    """A run of a training to be scheduled (CAT-07)."""

    use_required_attribute = False

    item = forms.ModelChoiceField(
        Item.objects.none(), to_field_name="code", label=_("Training"), empty_label=_("Choose")
    )
    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("Your own name for this run; candidates see it in their claim.")
    )
    place = forms.CharField(
        label=_("Place"), max_length=120, required=False, help_text=_("Left empty, it is held on line.")
    )
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))

    def __init__(self, *args: Any, provider: Provider, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = self.fields["item"]
        assert isinstance(item, forms.ModelChoiceField)
        item.queryset = items_of(provider, since=day)


def items_of(provider: Provider, *, since: date | None = None) -> QuerySet[Item]:
    """The trainings a provider was ever authorised for; with a day, those it is authorised for then or later."""
    return catalog_queries.items_of_provider(provider.pk, since=since)
