"""Texts to accept in the administration: drafted, translated, looked at, published; and who accepted which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display

from candidates import services
from candidates.admin.forms import TranslationForm
from candidates.models import Acceptance, Agreement, AgreementTranslation
from candidates.models.agreements import ENGLISH
from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, StaffAdmin, do_act, who


class PublishForm(ActForm):
    """Publishing, which needs no more words."""


class TranslationInline(TabularInline):
    """The words of a draft in other languages. Of a published version they are read here."""

    model = AgreementTranslation
    extra = 0
    fields = ("language", "title", "text")

    def _is_draft(self, obj: Agreement | None) -> bool:
        return obj is not None and obj.published_at is None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - an act does it
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_draft(obj) and request.user.has_perm("candidates.change_agreement")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_draft(obj) and request.user.has_perm("candidates.change_agreement")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return request.user.has_perm("candidates.view_agreement")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            choices = [each for each in settings.LANGUAGES if each[0] != ENGLISH]
            return forms.ChoiceField(choices=choices, label=db_field.verbose_name)
        if db_field.name == "text":
            kwargs["widget"] = LongText(12)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Agreement)
class AgreementAdmin(StaffAdmin):
    """Texts that people accept. A draft can be edited; what is published never changes, a new version follows it."""

    list_display = ("title", "kind", "version", "effective_on", "state", "read_in")
    list_filter = ("kind", ("published_at", admin.EmptyFieldListFilter))
    search_fields = ("title", "version", "text")
    date_hierarchy = "effective_on"
    fields = ("kind", "version", "title", "text", "effective_on", "published_at", "published_by")
    readonly_fields = ("published_at", "published_by")
    inlines = (TranslationInline,)
    actions_detail = ("preview", "translate", "publish")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("translations")

    @display(description=gettext_lazy("state"), ordering="published_at", label={"draft": "warning", "out": "success"})
    def state(self, agreement: Agreement) -> tuple[str, str]:
        return ("draft", _("draft")) if agreement.published_at is None else ("out", _("published"))

    @display(description=gettext_lazy("languages"))
    def read_in(self, agreement: Agreement) -> str:
        return ", ".join(agreement.words)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        published = isinstance(obj, Agreement) and obj.published_at is not None
        return not published and bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Agreement, form: Any, change: bool) -> None:
        """What staff write down is a draft until the act publishes it."""
        if not change:
            obj.published_at = None
        super().save_model(request, obj, form, change)

    @action(description=gettext_lazy("Preview"), url_path="preview", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        agreement: Agreement = self.record(request, object_id)
        return redirect(reverse("candidates:agreement", args=[agreement.kind, agreement.version]))

    @action(description=gettext_lazy("Add a language"), url_path="translate", permissions=["act"])
    def translate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        agreement: Agreement = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.translate_agreement(agreement_id=agreement.pk, **values, staff_id=who(request), now=now)
            return _("The version has its words in another language.")

        return do_act(
            self,
            request,
            title=_("Add a language"),
            button=_("Add"),
            explanation=_("Of a published version it is read from now on, and never changes."),
            form=TranslationForm,
            perform=perform,
            back=agreement,
        )

    @action(description=gettext_lazy("Publish"), url_path="publish", permissions=["act"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        agreement: Agreement = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            services.publish_agreement(agreement_id=agreement.pk, staff_id=who(request), now=now)
            return _("The version is published. From its day on it is asked for.")

        return do_act(
            self,
            request,
            title=_("Publish the version"),
            button=_("Publish"),
            explanation=_(
                "From its day on everybody is asked for it again: before the next claim (CE-05), at the next exam"
                " (CAND-01), booking and lab (LAB-02). Its words never change after this; look at the preview first."
            ),
            form=PublishForm,
            perform=perform,
            back=agreement,
        )


@admin.register(AgreementTranslation)
class AgreementTranslationAdmin(RecordAdmin):
    """The words of versions in other languages; of a draft they are edited on the version's own page."""

    list_display = ("title", "agreement", "language")
    list_filter = ("language",)
    list_select_related = ("agreement",)
    search_fields = ("title", "text")


@admin.register(Acceptance)
class AcceptanceAdmin(RecordAdmin):
    """Who accepted what, when, from where, and in which language (CE-05)."""

    list_display = ("accepted_at", "candidate", "agreement", "language", "ip_address")
    list_filter = ("agreement", "language")
    list_select_related = ("candidate", "agreement")
    search_fields = ("candidate__number", "candidate__name", "ip_address")
    date_hierarchy = "accepted_at"
    ordering = ("-id",)
