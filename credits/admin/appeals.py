"""Appeals and receipts in the administration: staff decide by services, what was filed is read (CE-10).

Who may: staff with the permission to change appeals.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, do_act, findings, who
from credits.admin.audits import files_of
from credits.models import Appeal, Claim, Receipt
from credits.services import appeals

HUES = {"open": "info", "upheld": "success", "dismissed": "warning"}


class FindingForm(ActForm):
    """What the programme finds about an appeal."""

    reason = forms.CharField(
        label=gettext_lazy("The programme's finding"),
        help_text=gettext_lazy("The candidate and the provider read it."),
        max_length=4000,
        widget=LongText(8),
    )


@admin.register(Appeal)
class AppealAdmin(RecordAdmin):
    """Appeals of rejections, with everything as it stood when they were filed; decided here (CE-10)."""

    list_display = ("claim_number", "candidate", "provider", "state", "filed_at", "decided_at")
    list_filter = ("status", "claim__provider")
    list_select_related = ("claim__candidate", "claim__provider")
    search_fields = ("claim__number", "claim__candidate__number", "claim__candidate__name", "words")
    date_hierarchy = "filed_at"
    ordering = ("-filed_at", "-id")
    fields = (
        *("claim", "candidate", "provider", "status", "filed_at", "words"),
        *("as_filed", "files", "rejected_at", "rejected_by_whom", "provider_words", "why_rejected", "why_filed"),
        *("reason", "decided_at", "decided_by", "why"),
    )
    readonly_fields = (
        *("candidate", "provider", "as_filed", "files", "rejected_by_whom", "provider_words", "why_rejected"),
        *("why_filed", "why"),
    )
    actions_detail = ("uphold", "dismiss")

    @display(description=gettext_lazy("claim"), ordering="claim__number")
    def claim_number(self, appeal: Appeal) -> str:
        return appeal.claim.number

    @display(description=gettext_lazy("candidate"), ordering="claim__candidate__name")
    def candidate(self, appeal: Appeal) -> str:
        return str(appeal.claim.candidate)

    @display(description=gettext_lazy("provider"), ordering="claim__provider__name")
    def provider(self, appeal: Appeal) -> str:
        return str(appeal.claim.provider)

    @display(description=gettext_lazy("status"), ordering="status", label=HUES)
    def state(self, appeal: Appeal) -> tuple[str, str]:
        return appeal.status, appeal.get_status_display()

    @display(description=gettext_lazy("rejected by"))
    def rejected_by_whom(self, appeal: Appeal) -> str:
        return appeal.rejected_by.user.email if appeal.rejected_by else "-"

    @display(description=gettext_lazy("the claim as it stood"))
    def as_filed(self, appeal: Appeal) -> SafeString:
        frozen = appeal.frozen
        lines = (
            (_("Training"), f"{frozen['training']['title']} ({frozen['training']['code']})"),
            (_("Completed on"), _day(frozen["completed_on"])),
            (_("Delivery"), frozen["delivery"] or "-"),
            (_("Kit"), dict(Claim.Kit.choices)[frozen["kit"]]),
            (_("Credits"), frozen["credits"]),
            (_("First handed in on"), _day(frozen["first_filed_on"])),
            (_("Handed in last"), date_format(datetime.fromisoformat(frozen["handed_in_at"]), "DATETIME_FORMAT")),
            (_("Note"), frozen["note"] or "-"),
        )
        return format_html_join("", "<p>{}: {}</p>", lines)

    @display(description=gettext_lazy("the provider's words"))
    def provider_words(self, appeal: Appeal) -> str:
        return str(appeal.frozen["reason"])

    @display(description=gettext_lazy("the provider's decision"))
    def why_rejected(self, appeal: Appeal) -> SafeString | str:
        return findings(appeal.frozen["decision"])

    @display(description=gettext_lazy("files"))
    def files(self, appeal: Appeal) -> SafeString | str:
        frozen = {file["sha256"] for file in appeal.frozen["files"]}
        return files_of([file for file in appeal.claim.evidence.filter(audit=None) if file.sha256 in frozen])

    @display(description=gettext_lazy("why it could be filed"))
    def why_filed(self, appeal: Appeal) -> SafeString | str:
        return findings(appeal.filing)

    @display(description=gettext_lazy("decision"))
    def why(self, appeal: Appeal) -> SafeString | str:
        return findings(appeal.decision)

    @action(description=gettext_lazy("Uphold"), url_path="uphold", permissions=["act"])
    def uphold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            outcome="uphold",
            title=_("Uphold the appeal"),
            button=_("Uphold"),
            explanation=_(
                "Only the provider approves a claim (CE-10): it goes back to the provider's queue with your finding,"
                " and somebody else than who rejected it decides again."
            ),
        )

    @action(description=gettext_lazy("Dismiss"), url_path="dismiss", permissions=["act"])
    def dismiss(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            outcome="dismiss",
            title=_("Dismiss the appeal"),
            button=_("Dismiss"),
            explanation=_("The rejection stands. The candidate and the provider are told, with your finding."),
        )

    def _decide(
        self, request: HttpRequest, object_id: str, *, outcome: str, title: str, button: str, explanation: str
    ) -> HttpResponse:
        appeal: Appeal = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            decided = appeals.decide_appeal(
                appeal_id=appeal.pk, outcome=outcome, reason=values["reason"], staff_id=who(request), now=now
            )
            return _("The appeal about %(number)s: %(status)s.") % {
                "number": appeal.claim.number,
                "status": decided.get_status_display(),
            }

        return do_act(
            self,
            request,
            title=title,
            button=button,
            form=FindingForm,
            perform=perform,
            back=appeal,
            explanation=explanation,
        )


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "DATE_FORMAT")


@admin.register(Receipt)
class ReceiptAdmin(RecordAdmin):
    """Receipts of claims handed in: what was filed and when, signed."""

    list_display = ("claim_number", "ordinal", "candidate", "filed_at")
    list_select_related = ("claim__candidate",)
    search_fields = ("claim__number", "claim__candidate__number", "claim__candidate__name")
    date_hierarchy = "filed_at"
    ordering = ("-id",)
    exclude = ("content",)
    readonly_fields = ("said",)

    @display(description=gettext_lazy("claim"), ordering="claim__number")
    def claim_number(self, receipt: Receipt) -> str:
        return receipt.claim.number

    @display(description=gettext_lazy("candidate"), ordering="claim__candidate__name")
    def candidate(self, receipt: Receipt) -> str:
        return str(receipt.claim.candidate)

    @display(description=gettext_lazy("what is signed"))
    def said(self, receipt: Receipt) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(receipt.content, indent=2, ensure_ascii=False))
