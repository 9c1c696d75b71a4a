"""People, certifications and notices in the administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from candidates import accounts, services
from candidates.models import (
    Acceptance,
    Agreement,
    Candidate,
    Certification,
    Notice,
    StatusChange,
    Term,
    Track,
    User,
)
from ceportal.kernel import clock
from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, StaffAdmin, do_act

STATUS_HUES = {
    "active": "success",
    "suspended": "warning",
    "grace": "warning",
    "emeritus": "primary",
    "lifetime_emeritus": "primary",
    "revoked": "danger",
}

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

    def add_view(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
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

    def add_view(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
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


@admin.register(Track)
class TrackAdmin(StaffAdmin):
    """What one can be certified in."""

    list_display = ("name", "code", "level", "family")
    list_filter = ("level", "family")
    search_fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        # Certifications, and the paths to renew them, rest on these.
        return ("code", "level", "family") if obj else ()


class TermInline(PartInline):
    """A certification's life, term by term."""

    model = Term
    fields = ("kind", "starts_on", "ends_on", "renewed_on", "reason", "source", "withdrawn_at")


class StatusChangeInline(PartInline):
    """What became of it, and by which clause."""

    model = StatusChange
    fields = ("effective_on", "before", "after", "active_ends_on", "inactive_on", "clause", "reason")
    show_change_link = False


@admin.register(Certification)
class CertificationAdmin(RecordAdmin):
    """Certifications with their lives."""

    list_display = ("number", "candidate", "track", "state", "first_certified_on", "active_ends_on", "inactive_on")
    list_filter = ("status", "track__level", "track", "imported")
    list_select_related = ("candidate", "track")
    search_fields = ("number", "candidate__number", "candidate__name")
    ordering = ("active_ends_on", "id")
    date_hierarchy = "active_ends_on"
    inlines = (TermInline, StatusChangeInline)

    @display(description=gettext_lazy("status"), ordering="status", label=STATUS_HUES)
    def state(self, certification: Certification) -> tuple[str, str]:
        return certification.status, certification.get_status_display()


@admin.register(Term)
class TermAdmin(RecordAdmin):
    """Terms of all certifications."""

    list_display = ("certification", "kind", "starts_on", "ends_on", "renewed_on", "reason", "withdrawn_at")
    list_filter = ("kind", "reason", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("certification",)
    search_fields = ("certification__number",)
    date_hierarchy = "starts_on"
    ordering = ("-id",)


@admin.register(StatusChange)
class StatusChangeAdmin(RecordAdmin):
    """Every change of status and dates, with its clause."""

    list_display = ("effective_on", "certification", "before", "after", "clause", "reason", "made_at")
    list_filter = ("after", "clause", "reason")
    list_select_related = ("certification",)
    search_fields = ("certification__number", "certification__candidate__number", "certification__candidate__name")
    date_hierarchy = "effective_on"
    ordering = ("-id",)


@admin.register(Agreement)
class AgreementAdmin(StaffAdmin):
    """Texts that people accept. A version in force is never changed; a new one follows it."""

    list_display = ("title", "kind", "version", "effective_on")
    list_filter = ("kind",)
    search_fields = ("title", "version", "text")
    date_hierarchy = "effective_on"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        in_force = isinstance(obj, Agreement) and obj.effective_on <= clock.day_of(clock.now())
        return not in_force and bool(super().has_change_permission(request, obj))


@admin.register(Acceptance)
class AcceptanceAdmin(RecordAdmin):
    """Who accepted what, when and from where (CE-05)."""

    list_display = ("accepted_at", "candidate", "agreement", "ip_address")
    list_filter = ("agreement",)
    list_select_related = ("candidate", "agreement")
    search_fields = ("candidate__number", "candidate__name", "ip_address")
    date_hierarchy = "accepted_at"
    ordering = ("-id",)


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    """Official messages: what was said, to which address, and whether it arrived (CE-13)."""

    list_display = ("created_at", "candidate", "kind", "subject", "address", "state", "sent_at", "read_at")
    list_display_links = ("created_at", "subject")
    list_filter = ("status", "kind")
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name", "address", "subject")
    date_hierarchy = "created_at"
    actions = ("record_bounce",)

    @display(
        description=gettext_lazy("delivery"),
        ordering="status",
        label={"queued": "info", "sent": "success", "delivered": "success", "bounced": "danger"},
    )
    def state(self, notice: Notice) -> tuple[str, str]:
        return notice.status, notice.get_status_display()

    @admin.action(description=gettext_lazy("Note that it came back"), permissions=["act"])
    def record_bounce(self, request: HttpRequest, notices: QuerySet[Notice]) -> None:
        now = clock.now()
        noted = sum(services.record_bounce(notice_id=notice.id, now=now) for notice in notices)
        done = ngettext("%(count)d message is noted as returned.", "%(count)d messages are noted as returned.", noted)
        messages.info(request, done % {"count": noted})
