"""Cases in the administration: what is known, and the act that closes one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from candidates import services
from candidates.admin.evidence import case_facts, case_records
from candidates.admin.standing import propose_sanction
from candidates.models import Case
from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, do_act


class ResolutionForm(ActForm):
    """What was decided, and why."""

    resolution = forms.CharField(
        label=gettext_lazy("What you decided, and why"), max_length=2000, required=False, widget=LongText()
    )


@admin.register(Case)
class CaseAdmin(RecordAdmin):
    """What the rules leave to people (EXAM-09, CE-12), with everything needed to decide."""

    list_display = ("opened_at", "kind", "candidate", "clause", "state", "closed_at")
    list_display_links = ("opened_at", "kind")
    list_filter = ("status", "kind", "clause")
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name", "subject")
    date_hierarchy = "opened_at"
    ordering = ("-status", "-opened_at")  # the open ones first
    exclude = ("facts", "key", "subject")
    readonly_fields = ("known", "records")
    actions_detail = ("close", "propose_sanction")

    def has_sanction_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - unfold's
        return request.user.has_perm("candidates.add_sanction")

    @display(description=gettext_lazy("status"), ordering="status", label={"open": "warning", "closed": "success"})
    def state(self, case: Case) -> tuple[str, str]:
        return case.status, case.get_status_display()

    @display(description=gettext_lazy("what is known"))
    def known(self, case: Case) -> SafeString | str:
        return case_facts(case)

    @display(description=gettext_lazy("records"))
    def records(self, case: Case) -> SafeString | str:
        return case_records(case)

    @action(description=gettext_lazy("Close the case"), url_path="close", permissions=["act"])
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        case: Case = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            assert request.user.pk is not None
            services.close_case(case_id=case.pk, user_id=request.user.pk, resolution=values["resolution"], now=now)
            return _("The case is closed.")

        return do_act(
            self,
            request,
            title=_("Close the case"),
            button=_("Close"),
            explanation=_("Nothing else happens by itself: do first what you decide, then write it down here."),
            form=ResolutionForm,
            perform=perform,
            back=case,
        )

    @action(description=gettext_lazy("Propose a sanction"), url_path="propose-sanction", permissions=["sanction"])
    def propose_sanction(self, request: HttpRequest, object_id: str) -> HttpResponse:
        case: Case = self.record(request, object_id)
        if case.candidate_id is None and case.kind == Case.Kind.TIP:
            messages.error(request, _("Link the tip to a candidate first; then a sanction can be proposed."))
            return redirect("admin:candidates_tip_change", case.tip.pk)
        if case.candidate_id is None:
            raise Http404
        return propose_sanction(self, request, candidate_id=case.candidate_id, case_id=case.pk, back=case)
