"""What candidates fill in: enrollment, the claim, filters of lists and the day of a balance."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from catalog.models import Authorisation, Delivery, Item, Provider
from catalog.rules import KINDS_WITH_KIT, SELF_PACED_KINDS
from ceportal.kernel.pages import DayField
from credits.files.evidence import BYTES_AT_MOST
from credits.models import Claim
from credits.services.claims import ClaimForm
from credits.services.filing import Upload

EVIDENCE_KINDS = ".pdf,.png,.jpg,.jpeg"

# The field beside which an unmet clause of a claim is told; the rest stands above the form.
FIELD_OF_CLAUSE = {
    "CE-01": "completed_on",
    "CE-03": "completed_on",
    "CE-11": "evidence",
    "CE-14": "completed_on",
    "CR-06": "completed_on",
    "CAT-01": "completed_on",
    "CAT-07": "provider",
}


class EnrollForm(forms.Form):
    """Accepting a version of the terms; the version that was on the screen comes back with it."""

    version = forms.CharField(max_length=20, widget=forms.HiddenInput)
    language = forms.CharField(max_length=10, widget=forms.HiddenInput, required=False)
    accept = forms.BooleanField(
        label=_("I have read the terms and accept them."),
        error_messages={"required": _("Without accepting the terms nobody can take part (CE-05).")},
    )


class DeliveryChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """A run of a training, named by place and last day."""

    def label_from_instance(self, delivery: Any) -> str:
        return " · ".join(filter(None, (delivery.place, date_format(delivery.ends_on, "DATE_FORMAT"), delivery.code)))


class ClaimEntryForm(forms.Form):
    """A claim as it is typed. While it is a draft nothing is required; handing in requires the essentials."""

    use_required_attribute = False  # the form itself says what is missing, in one place

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    item = forms.ModelChoiceField(
        Item.objects.all(),
        to_field_name="code",
        label=_("Training"),
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Choose the training."),
            "invalid_choice": _("The catalog has no such training."),
        },
    )
    provider = forms.ModelChoiceField(
        Provider.objects.none(),
        to_field_name="code",
        label=_("Provider"),
        help_text=_("Who delivered the training; its staff decide about your claim."),
        empty_label=_("Choose…"),
        error_messages={
            "required": _("Choose who delivered the training."),
            "invalid_choice": _("This provider does not deliver the training."),
        },
    )
    completed_on = DayField(
        label=_("Completed on"),
        help_text=_("The last day of the training."),
    )
    delivery = DeliveryChoice(
        Delivery.objects.none(),
        required=False,
        label=_("Delivery"),
        help_text=_("Which run you attended, if it is listed."),
        empty_label=_("Not listed"),
    )
    kit = forms.ChoiceField(
        choices=[
            (Claim.Kit.DIGITAL, _("Digital kit")),
            (Claim.Kit.PRINTED_REGISTERED, _("Printed kit, and I registered it in the digital kit platform")),
            (Claim.Kit.PRINTED, _("Printed kit, not registered yet")),
        ],
        initial=Claim.Kit.DIGITAL,
        required=False,
        label=_("Student kit"),
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        required=False,
        max_length=2000,
        label=_("Note to the provider"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    evidence = forms.FileField(
        required=False,
        max_length=200,
        label=_("Certificate of completion"),
        widget=forms.FileInput(attrs={"accept": EVIDENCE_KINDS}),
        error_messages={"empty": _("This file is empty. Choose another one.")},
    )

    def __init__(
        self, *args: Any, claim: Claim | None, item: Item | None, day: date, submitting: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.claim = claim
        if claim is not None and claim.status == Claim.Status.RETURNED:
            # What was claimed stays what it was; what proves it can be completed.
            for name in ("item", "provider", "completed_on"):
                del self.fields[name]
        if item is None or item.kind not in KINDS_WITH_KIT:
            del self.fields["kit"]
        providers = providers_of(item)
        if "provider" in self.fields:
            self.fields["provider"].queryset = providers  # type: ignore[attr-defined]
        self.fields["delivery"].queryset = self._deliveries(item, day)  # type: ignore[attr-defined]
        self.submitting = submitting
        # What a page marks as optional: the certificate is, unless the training is self-paced (CE-11). Whether it is
        # there is for the rule to say, since it may have been attached before.
        self.fields["evidence"].required = item is not None and item.kind in SELF_PACED_KINDS

    def full_clean(self) -> None:
        """Read what was sent; of a draft nothing is required."""
        required = {name: field.required for name, field in self.fields.items()}
        for name, field in self.fields.items():
            field.required = field.required and self.submitting and name != "evidence"
        super().full_clean()
        for name, field in self.fields.items():
            field.required = required[name]

    def _deliveries(self, item: Item | None, day: date) -> QuerySet[Delivery]:
        held = Delivery.objects.filter(item=item, ends_on__lte=day, cancelled_at__isnull=True)
        if self.claim is not None and "provider" not in self.fields:
            return held.filter(provider=self.claim.provider_id)
        code = self.data.get("provider", "") if self.is_bound else self.initial.get("provider")
        return held.filter(provider__code=code or "")

    def as_claim_form(self) -> ClaimForm:
        """What could be read of it; what is wrong is left out, and told beside its field."""
        read = self.cleaned_data
        item, provider, delivery = read.get("item"), read.get("provider"), read.get("delivery")
        return ClaimForm(
            item_id=item.id if item else None,
            provider_id=provider.id if provider else None,
            delivery_id=delivery.id if delivery else None,
            completed_on=read.get("completed_on"),
            kit=read.get("kit") or Claim.Kit.DIGITAL,
            note=read.get("note", ""),
        )

    def uploads(self) -> list[Upload]:
        """The file that came along, read no further than it takes to see that it is too large (CE-11)."""
        file = self.cleaned_data.get("evidence")
        return [Upload(file.name, file.read(BYTES_AT_MOST + 1))] if file else []


def providers_of(item: Item | None) -> QuerySet[Provider]:
    """Everyone who ever was authorised for an item; the checklist tells whether on the day (CAT-07)."""
    return Provider.objects.filter(Exists(Authorisation.objects.filter(item=item, provider=OuterRef("pk"))))


class ClaimFilter(forms.Form):
    """What a list of claims is narrowed to; a wrong value narrows nothing."""

    state = forms.ChoiceField(
        choices=[("", _("All")), ("open", _("Waiting")), *Claim.Status.choices], required=False, label=_("State")
    )
    q = forms.CharField(max_length=100, required=False, label=_("Training or number"))


class BalanceDay(forms.Form):
    """The day whose balance is asked for, and by what was known at the end of which day."""

    on = DayField(required=False, label=_("Balance on"))
    known_on = DayField(
        required=False,
        label=_("As it was known on"),
        help_text=_("Empty: by what is known now."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> date | None:
        return self._not_to_come("on")

    def clean_known_on(self) -> date | None:
        return self._not_to_come("known_on")

    def _not_to_come(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day is not None and day > self.today:
            raise forms.ValidationError(_("That day has not come yet; choose today or an earlier one."))
        return day
