"""Tips in the administration: read, answered, led to a candidate and closed (CAND-03)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from candidates import services
from candidates.admin.evidence import files_of
from candidates.models import Tip, TipFile, TipMessage
from candidates.staff import AboutCandidate
from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, do_act, record_link, who


class QuestionForm(ActForm):
    """What the reporter is asked."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=gettext_lazy("What the reporter reads"),
        help_text=gettext_lazy("Your name is not shown. Ask for nothing by which somebody could tell who they are."),
        max_length=4000,
        required=False,
        widget=LongText(6),
    )


class OutcomeForm(ActForm):
    """How a tip ends."""

    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=Tip.Outcome.choices)
    answer = forms.CharField(
        label=gettext_lazy("What the reporter reads"),
        help_text=gettext_lazy("In plain words. What happened to a person is told to that person only."),
        max_length=4000,
        required=False,
        widget=LongText(6),
    )
    resolution = forms.CharField(
        label=gettext_lazy("What you decided, and why"),
        help_text=gettext_lazy("For staff: it closes the case."),
        max_length=2000,
        required=False,
        widget=LongText(),
    )


class OfTips(RecordAdmin):
    """What belongs to tips: nobody reads a tip that was led to themselves (CAND-02)."""

    led_to = "tip__case__candidate__user"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(**{self.led_to: request.user.pk})


@admin.register(Tip)
class TipAdmin(OfTips):
    """Suspected misconduct that was reported in confidence, the open ones first. Of the reporter nothing is known."""

    led_to = "case__candidate__user"
    list_display = ("filed_at", "reference", "person", "activity", "happened_on", "state", "closed_at")
    list_display_links = ("filed_at", "reference")
    list_filter = ("status", "outcome", ("case__candidate", admin.EmptyFieldListFilter))
    search_fields = ("=reference", "person", "activity", "words", "case__candidate__number")
    date_hierarchy = "filed_at"
    ordering = ("-status", "-filed_at")  # the open ones first
    exclude = ("passphrase_sha256", "form_sha256", "address", "language")
    readonly_fields = ("candidate", "evidence", "talk")
    actions_detail = ("ask", "link", "close")

    @display(description=gettext_lazy("status"), ordering="status", label={"open": "warning", "closed": "success"})
    def state(self, tip: Tip) -> tuple[str, str]:
        return tip.status, tip.get_status_display()

    @display(description=gettext_lazy("candidate"))
    def candidate(self, tip: Tip) -> SafeString | str:
        found = tip.case.candidate
        return record_link("candidates.candidate", found.pk, str(found)) if found else _("not linked to anybody yet")

    @display(description=gettext_lazy("files"))
    def evidence(self, tip: Tip) -> SafeString | str:
        return files_of(tip.files.all(), "tips:file")

    @display(description=gettext_lazy("messages"))
    def talk(self, tip: Tip) -> SafeString | str:
        said = [
            (
                f"{each.written_at:%Y-%m-%d %H:%M}",
                each.staff.get_short_name() if each.staff else _("reporter"),
                each.words,
            )
            for each in tip.messages.select_related("staff")
        ]
        return format_html_join("", "<p>{} <strong>{}</strong>: {}</p>", said) or "-"

    @action(description=gettext_lazy("Ask the reporter"), url_path="ask", permissions=["act"])
    def ask(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(tip: Tip, values: dict[str, Any], now: datetime) -> str:
            services.ask_reporter(tip_id=tip.pk, **values, staff_id=who(request), now=now)
            return _("The reporter reads it with the passphrase, and is told by mail where an address was left.")

        return self._act(
            request,
            object_id,
            title=_("Ask the reporter"),
            button=_("Send"),
            explanation=_("The reporter stays unknown, and may or may not look in again."),
            form=QuestionForm,
            initial={"form_key": uuid4()},
            perform=perform,
        )

    @action(description=gettext_lazy("Link to a candidate"), url_path="link", permissions=["act"])
    def link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(tip: Tip, values: dict[str, Any], now: datetime) -> str:
            services.link_tip(tip_id=tip.pk, candidate_id=values["candidate"].pk, staff_id=who(request), now=now)
            return _("The case is about %(candidate)s now; a sanction can be proposed from it.") % values

        return self._act(
            request,
            object_id,
            title=_("Link the tip to a candidate"),
            button=_("Link"),
            explanation=_("Whom the case is about. The candidate is not told."),
            form=AboutCandidate,
            perform=perform,
        )

    @action(description=gettext_lazy("Close it"), url_path="close", permissions=["act"])
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(tip: Tip, values: dict[str, Any], now: datetime) -> str:
            services.close_tip(tip_id=tip.pk, **values, staff_id=who(request), now=now)
            return _("The tip and its case are closed; the reporter reads the outcome.")

        return self._act(
            request,
            object_id,
            title=_("Close the tip"),
            button=_("Close"),
            explanation=_("Do first what you decide. The address, if one was left, is deleted with the last mail."),
            form=OutcomeForm,
            perform=perform,
        )

    def _act(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        form: type[ActForm],
        perform: Callable[[Tip, dict[str, Any], datetime], str],
        **words: Any,
    ) -> HttpResponse:
        tip: Tip = self.record(request, object_id)
        return do_act(
            self, request, form=form, perform=lambda values, now: perform(tip, values, now), back=tip, **words
        )


@admin.register(TipMessage)
class TipMessageAdmin(OfTips):
    """What staff asked reporters, and what they answered."""

    list_display = ("written_at", "tip", "staff", "words")
    list_select_related = ("tip", "staff")
    search_fields = ("=tip__reference",)
    exclude = ("form_sha256",)
    date_hierarchy = "written_at"


@admin.register(TipFile)
class TipFileAdmin(OfTips):
    """Files that came with tips."""

    list_display = ("uploaded_at", "tip", "original_name", "kind", "size_bytes")
    list_select_related = ("tip",)
    search_fields = ("=tip__reference", "=sha256")
    exclude = ("file",)
    readonly_fields = ("open_it",)
    date_hierarchy = "uploaded_at"

    @display(description=gettext_lazy("file"))
    def open_it(self, file: TipFile) -> SafeString | str:
        return files_of([file], "tips:file")
