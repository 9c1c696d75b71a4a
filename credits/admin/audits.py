"""Audits in the administration, and what staff do about a claim besides: open one, remind the provider (CE-12, CE-10).

Who may: staff with the permission to change audits; to open one, to add them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, do_act, findings, record_link, who
from credits.models import Audit, Claim, Evidence
from credits.services import audits, escalation

HUES = {"open": "info", "passed": "success", "failed": "danger"}


class QuestionForm(ActForm):
    """What the candidate is asked for."""

    words = forms.CharField(label=gettext_lazy("What should the candidate send?"), max_length=2000, widget=LongText(6))


class PassForm(ActForm):
    """Why an audit passes, if there is anything to say."""

    reason = forms.CharField(
        label=gettext_lazy("What was found"),
        help_text=gettext_lazy("The candidate reads it where the audit was told of."),
        required=False,
        max_length=2000,
        widget=LongText(),
    )


class FailForm(ActForm):
    """Why an audit fails, and whether it is to be followed up."""

    reason = forms.CharField(
        label=gettext_lazy("What was found"),
        help_text=gettext_lazy("The candidate and the provider read it."),
        max_length=2000,
        widget=LongText(),
    )
    with_case = forms.BooleanField(
        label=gettext_lazy("Open a case: whether this leads to a sanction is to be decided (CE-12)"), required=False
    )


def files_of(evidence: list[Evidence]) -> SafeString | str:
    """Files as links, each with its hash; pages of staff may open them."""
    return (
        format_html_join(
            "",
            '<p><a href="{}">{}</a> <code class="break-all">{}</code></p>',
            ((reverse("credits:evidence_file", args=[file.pk]), file.original_name, file.sha256) for file in evidence),
        )
        or "-"
    )


@admin.register(Audit)
class AuditAdmin(RecordAdmin):
    """Audits of approved claims: drawn by lot or opened by staff, decided here (CE-12)."""

    list_display = ("claim_number", "candidate", "provider", "state", "how", "opened_at", "asked_at", "answered_at")
    list_filter = ("status", "drawn", ("answered_at", admin.EmptyFieldListFilter), "claim__provider")
    list_select_related = ("claim__candidate", "claim__provider")
    search_fields = ("claim__number", "claim__candidate__number", "claim__candidate__name")
    date_hierarchy = "opened_at"
    ordering = ("-opened_at", "-id")
    fields = (
        *("claim", "candidate", "provider", "status", "how", "opened_at", "opened_by", "why_opened", "claim_files"),
        *("asked", "asked_at", "answer", "answered_at", "audit_files"),
        *("reason", "decided_at", "decided_by", "why"),
    )
    readonly_fields = ("candidate", "provider", "how", "claim_files", "audit_files", "why_opened", "why")
    actions_detail = ("ask", "pass_it", "fail_it")

    @display(description=gettext_lazy("claim"), ordering="claim__number")
    def claim_number(self, audit: Audit) -> str:
        return audit.claim.number

    @display(description=gettext_lazy("candidate"), ordering="claim__candidate__name")
    def candidate(self, audit: Audit) -> str:
        return str(audit.claim.candidate)

    @display(description=gettext_lazy("provider"), ordering="claim__provider__name")
    def provider(self, audit: Audit) -> str:
        return str(audit.claim.provider)

    @display(description=gettext_lazy("status"), ordering="status", label=HUES)
    def state(self, audit: Audit) -> tuple[str, str]:
        return audit.status, audit.get_status_display()

    @display(description=gettext_lazy("opened"), ordering="drawn")
    def how(self, audit: Audit) -> str:
        return _("by lot") if audit.drawn else _("by staff")

    @display(description=gettext_lazy("handed in with the claim"))
    def claim_files(self, audit: Audit) -> SafeString | str:
        return files_of(list(audit.claim.evidence.filter(audit=None, removed_at=None)))

    @display(description=gettext_lazy("handed over for the audit"))
    def audit_files(self, audit: Audit) -> SafeString | str:
        return files_of(list(audit.evidence.all()))

    @display(description=gettext_lazy("why it was opened"))
    def why_opened(self, audit: Audit) -> SafeString | str:
        return findings(audit.opening)

    @display(description=gettext_lazy("decision"))
    def why(self, audit: Audit) -> SafeString | str:
        return findings(audit.decision)

    @action(description=gettext_lazy("Ask for more"), url_path="ask", permissions=["act"])
    def ask(self, request: HttpRequest, object_id: str) -> HttpResponse:
        audit: Audit = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            audits.ask_for_more(audit_id=audit.pk, words=values["words"], staff_id=who(request), now=now)
            return _("The candidate is asked, and can answer on the claim's page.")

        return do_act(
            self,
            request,
            title=_("Ask the candidate for more"),
            button=_("Ask"),
            form=QuestionForm,
            perform=perform,
            back=audit,
            initial={"words": audit.asked},
            explanation=_("The programme may ask for more than a certificate (CE-12). The credits count meanwhile."),
        )

    @action(description=gettext_lazy("Pass"), url_path="pass", permissions=["act"])
    def pass_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            outcome="pass",
            form=PassForm,
            title=_("Pass the audit"),
            button=_("Pass"),
            explanation=_("The claim stays approved and its credits count as before."),
        )

    @action(description=gettext_lazy("Fail"), url_path="fail", permissions=["act"])
    def fail_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            outcome="fail",
            form=FailForm,
            title=_("Fail the audit and void the claim"),
            button=_("Void the claim"),
            explanation=_(
                "The claim and its credits are voided, and a renewal that used them is taken back; where a later one"
                " stands on that, the ledger stays and a case is opened (CE-12, EXAM-09). This cannot be undone."
            ),
        )

    def _decide(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        outcome: str,
        form: type[ActForm],
        title: str,
        button: str,
        explanation: str,
    ) -> HttpResponse:
        audit: Audit = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            decided = audits.decide_audit(
                claim_id=audit.claim_id, outcome=outcome, staff_id=who(request), now=now, **values
            )
            return _("The audit of %(number)s: %(status)s.") % {
                "number": audit.claim.number,
                "status": decided.get_status_display(),
            }

        return do_act(
            self,
            request,
            title=title,
            button=button,
            form=form,
            perform=perform,
            back=audit,
            explanation=explanation,
        )


def disputes_of(claim: Claim) -> SafeString | str:
    """Links to the audits and appeals of a claim, for its own page."""
    links = [
        record_link("credits.audit", audit.pk, f"{_('audit')}: {audit.get_status_display()}")
        for audit in claim.audits.all()
    ]
    links += [
        record_link("credits.appeal", appeal.pk, f"{_('appeal')}: {appeal.get_status_display()}")
        for appeal in claim.appeals.all()
    ]
    return format_html_join("", "<p>{}</p>", ((link,) for link in links)) or "-"


def open_audit(page: RecordAdmin, request: HttpRequest, claim: Claim) -> HttpResponse:
    """The act on a claim's page that opens an audit of it (CE-12)."""

    def perform(_values: dict[str, Any], now: datetime) -> str:
        audits.open_audit(claim_id=claim.pk, staff_id=who(request), now=now)
        return _("The audit is open, and the candidate is told.")

    return do_act(
        page,
        request,
        title=_("Open an audit"),
        button=_("Open"),
        form=ActForm,
        perform=perform,
        back=claim,
        explanation=_("The credits count meanwhile. The candidate is told, and can add evidence until it is decided."),
    )


def remind_provider(page: RecordAdmin, request: HttpRequest, claim: Claim) -> HttpResponse:
    """The act on a claim's page that reminds its provider of everything overdue (CE-10)."""

    def perform(_values: dict[str, Any], now: datetime) -> str:
        assert claim.provider_id is not None
        reminded = escalation.remind_provider(provider_id=claim.provider_id, staff_id=who(request), now=now)
        return _("The provider is reminded.") if reminded else _("The provider was reminded today already.")

    if claim.provider_id is None:
        raise Http404  # a draft without a provider
    return do_act(
        page,
        request,
        title=_("Remind the provider"),
        button=_("Remind"),
        form=ActForm,
        perform=perform,
        back=claim,
        explanation=_("One message a day names every claim of the provider past the promised day."),
    )
