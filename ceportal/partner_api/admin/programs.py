"""Programs of partners in the administration: registered, allowed, switched off, and what they called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, StaffAdmin, do_act
from ceportal.partner_api import scopes, services
from ceportal.partner_api.models import Application, Call, Credential, FeedEntry, Job

SCOPES = [(name, f"{name}: {words}") for name, words in scopes.ALL.items() if name not in scopes.OF_CANDIDATES]


class ScopesField(forms.MultipleChoiceField):
    """What a program may do, out of what partners of all kinds may."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=SCOPES, widget=UnfoldAdminCheckboxSelectMultipleWidget, label=gettext_lazy("Scopes"), **kwargs
        )


class RegisterForm(ActForm):
    """A program to be registered."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    kind = forms.ChoiceField(choices=Application.Kind.choices, label=gettext_lazy("Kind of partner"))
    tenant = forms.SlugField(
        max_length=50,
        label=gettext_lazy("Code of the partner"),
        help_text=gettext_lazy("Of an event organiser the code on its events; “exam-team” for the exam team."),
    )
    responsible = forms.EmailField(
        label=gettext_lazy("Who answers for it"),
        help_text=gettext_lazy("The address of a login. The program acts in this person's name, as long as they may."),
    )
    allowed = ScopesField(
        required=False, help_text=gettext_lazy("None chosen: everything that this kind of partner may.")
    )

    def clean_responsible(self) -> Any:
        users = get_user_model()._default_manager
        user = users.filter(email=self.cleaned_data["responsible"].lower(), is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("Nobody signs in by this address. Open a login for them first."))
        return user


class AllowForm(ActForm):
    """What a program may do from now on."""

    allowed = ScopesField()


class CredentialInline(PartInline):
    """The credentials of a program; secrets are not kept."""

    model = Credential
    fields = ("created_at", "ends_at")  # each is headed by its id


@admin.register(Application)
class ApplicationAdmin(RecordAdmin):
    """Programs of partners. A secret is shown once, when it is made."""

    list_display = ("name", "kind", "tenant", "responsible", "state", "calls_per_minute", "created_at")
    list_filter = ("kind", "active")
    list_select_related = ("responsible",)
    search_fields = ("name", "tenant", "responsible__email")
    inlines = (CredentialInline,)
    actions_detail = ("rotate", "allow", "switch")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(StaffAdmin.has_add_permission(self, request))

    @display(description=gettext_lazy("state"), ordering="active", label={True: "success", False: "danger"})
    def state(self, application: Application) -> tuple[bool, str]:
        return application.active, _("may call") if application.active else _("off")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            kind = values["kind"]
            issued = services.register_application(
                name=values["name"],
                kind=kind,
                tenant=values["tenant"],
                responsible_id=values["responsible"].pk,
                allowed=_of_kind(kind, values["allowed"]),
                now=now,
            )
            return _told(issued)

        return do_act(
            self,
            request,
            title=_("Register a program"),
            button=_("Register it"),
            explanation=_(
                "Its id and secret are shown once, on the next page: give them to the partner in confidence."
            ),
            form=RegisterForm,
            perform=perform,
        )

    @action(description=gettext_lazy("New credentials"), url_path="rotate", permissions=["act"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(application: Application, _values: dict[str, Any], now: datetime) -> str:
            return _told(services.rotate_credentials(application_id=application.pk, now=now))

        return self._act(
            request,
            object_id,
            title=_("New credentials"),
            button=_("Make them"),
            explanation=_("Those before stay good for %(days)d days.") % {"days": services.OVERLAP.days},
            perform=perform,
        )

    @action(description=gettext_lazy("Change what it may do"), url_path="allow", permissions=["act"])
    def allow(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(application: Application, values: dict[str, Any], now: datetime) -> str:
            allowed = _of_kind(application.kind, values["allowed"])
            services.allow(application_id=application.pk, allowed=allowed, now=now)
            return _("What the program may do is changed, for the tokens it holds, too.")

        application = self.record(request, object_id)
        return self._act(
            request,
            object_id,
            title=_("Change what it may do"),
            button=_("Change it"),
            explanation=_("What is taken from it is taken at once."),
            form=AllowForm,
            initial={"allowed": application.scopes},
            perform=perform,
        )

    @action(description=gettext_lazy("Switch it off or on"), url_path="switch", permissions=["act"])
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(application: Application, _values: dict[str, Any], now: datetime) -> str:
            active = services.set_active(application_id=application.pk, active=not application.active, now=now).active
            return _("The program may call again.") if active else _("The program may call no more.")

        application = self.record(request, object_id)
        return self._act(
            request,
            object_id,
            title=_("Switch it off") if application.active else _("Switch it on"),
            button=_("Switch it off") if application.active else _("Switch it on"),
            explanation=_("This holds at once, whatever tokens it has."),
            perform=perform,
        )

    def _act(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        perform: Callable[[Application, dict[str, Any], datetime], str],
        form: type[ActForm] = ActForm,
        **words: Any,
    ) -> HttpResponse:
        application = self.record(request, object_id)
        return do_act(
            self,
            request,
            form=form,
            back=application,
            perform=lambda values, now: perform(application, values, now),
            **words,
        )


@admin.register(Credential)
class CredentialAdmin(RecordAdmin):
    """Credentials of programs: ended at once where a secret may have become known."""

    list_display = ("client_id", "application", "created_at", "ends_at")
    list_select_related = ("application",)
    search_fields = ("=client__id", "application__name")
    fields = ("client_id", "application", "created_at", "ends_at")
    readonly_fields = ("client_id",)
    actions_detail = ("end",)

    @action(description=gettext_lazy("End them now"), url_path="end", permissions=["act"])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        credential: Credential = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            services.end_credential(credential_id=credential.pk, now=now)
            return _("These credentials are good no more, nor are the tokens they were given.")

        return do_act(
            self,
            request,
            title=_("End these credentials"),
            button=_("End them"),
            explanation=_(
                "At once, with the tokens they were given. If the program should go on, make new ones first."
            ),
            form=ActForm,
            perform=perform,
            back=credential,
        )


def _of_kind(kind: str, chosen: list[str]) -> list[str]:
    """The scopes chosen, all of the kind's where none is. ValidationError for one that the kind cannot have."""
    wrong = sorted(set(chosen) - scopes.of_kind(kind))
    if wrong:
        raise forms.ValidationError(
            _("This kind of partner cannot be given: %(scopes)s.") % {"scopes": ", ".join(wrong)}
        )
    return sorted(chosen or scopes.of_kind(kind))


def _told(issued: services.Issued) -> str:
    return _("Shown once: client id %(id)s, secret %(secret)s") % {"id": issued.client_id, "secret": issued.secret}


@admin.register(Call)
class CallAdmin(RecordAdmin):
    """What was called, by whom, and how it ended; for 90 days."""

    list_display = ("at", "caller", "application", "method", "path", "status", "milliseconds")
    list_filter = ("method", "status", "application")
    list_select_related = ("application",)
    search_fields = ("path", "=caller", "=request_id")
    date_hierarchy = "at"


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """Bulks that partners handed in, and how far they are."""

    list_display = ("created_at", "kind", "application", "state", "rows_done", "rows_total", "dry_run", "finished_at")
    list_display_links = ("created_at", "kind")
    list_filter = ("kind", "status", "dry_run")
    list_select_related = ("application",)
    date_hierarchy = "created_at"

    @display(
        description=gettext_lazy("state"),
        ordering="status",
        label={"waiting": "info", "running": "info", "done": "success", "failed": "danger"},
    )
    def state(self, job: Job) -> tuple[str, str]:
        return job.status, job.get_status_display()


@admin.register(FeedEntry)
class FeedEntryAdmin(RecordAdmin):
    """What the feed shows, to whom, in which order."""

    list_display = ("occurred_at", "topic", "subject", "kind", "tenant", "scope", "position")
    list_display_links = ("occurred_at", "topic")
    list_filter = ("kind", "topic")
    search_fields = ("=subject", "=tenant")
    date_hierarchy = "occurred_at"
