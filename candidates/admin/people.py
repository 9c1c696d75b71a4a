"""People, certifications and notices in the administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from candidates import accounts, services
from candidates.models import (
    Candidate,
    Certification,
    Track,
    User,
)
from ceportal.kernel import clock
from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, StaffAdmin, do_act

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(StaffAdmin):
    """What staff who are no administrators may do, by group."""

    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permissions":
            kwargs["queryset"] = db_field.remote_field.model.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class AccountForm(ActForm):
    """A login to be opened for someone who acts for others."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("There is a login with this address already."))
        return email


@admin.register(User)
class UserAdmin(StaffAdmin):
    """Logins. A password is never set here: its owner sets it by the link for a forgotten one."""

    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "last_login", "date_joined")
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        kept = ("email", "last_login", "date_joined")
        return kept if request.user.is_superuser else (*kept, "is_staff", "is_superuser", "groups")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        return do_act(
            self,
            request,
            title=_("Open a login"),
            button=_("Open"),
            explanation=_("For someone who acts for others. They set a password by the link for a forgotten one."),
            form=AccountForm,
            perform=self._open,
        )

    @staticmethod
    def _open(values: dict[str, Any], now: datetime) -> str:
        user = accounts.open_account(email=values["email"], name=values["name"], now=now)
        return _("%(email)s can set a password now.") % {"email": user.email}


class CertificationInline(PartInline):
    """What a candidate holds."""

    model = Certification
    fields = ("track", "number", "status", "first_certified_on", "active_ends_on", "inactive_on")


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


@admin.register(Candidate)
class CandidateAdmin(RecordAdmin):
    """People in the certification records."""

    list_display = ("number", "name", "email", "country", "user", "created_at")
    list_display_links = ("number", "name")
    list_filter = (("user", admin.EmptyFieldListFilter), "language", "country")
    list_select_related = ("user",)
    search_fields = ("number", "name", "email")
    ordering = ("name", "id")
    date_hierarchy = "created_at"
    inlines = (CertificationInline,)
    actions_detail = ("import_certification", "change_contact")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("candidates.add_candidate")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            return _("%(candidate)s is registered.") % {"candidate": services.register_candidate(**values, now=now)}

        return do_act(
            self,
            request,
            title=_("Register a candidate"),
            button=_("Register"),
            form=RegistrationForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Import a certification"), url_path="import-certification", permissions=["act"])
    def import_certification(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            certification = services.import_certification(
                candidate_id=candidate.pk,
                track_code=values["track"].code,
                certified_on=values["certified_on"],
                term_started_on=values["term_started_on"],
                now=now,
            )
            return _("%(number)s is on record, %(status)s.") % {
                "number": certification.number,
                "status": certification.get_status_display(),
            }

        return do_act(
            self,
            request,
            title=_("Import a certification"),
            button=_("Import"),
            explanation=_("A certification that is on record already is left as it is."),
            form=CertificationForm,
            perform=perform,
            back=candidate,
        )

    @action(description=gettext_lazy("Change the contact"), url_path="change-contact", permissions=["act"])
    def change_contact(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.change_contact(candidate_id=candidate.pk, **values, now=now)
            return _("The contact is changed.")

        names = ("email", "time_zone", "billing_country")
        return do_act(
            self,
            request,
            title=_("Change the contact"),
            button=_("Change"),
            form=ContactForm,
            perform=perform,
            back=candidate,
            initial={name: getattr(candidate, name) for name in names},
        )
