"""Sanctions, guardians' signatures and proofs of residence in the administration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from candidates import services
from candidates.admin.evidence import case_facts, files_of
from candidates.admin.forms import ReasonForm, SanctionForm
from candidates.models import GuardianConsent, GuardianRequest, ResidenceProof, Sanction, SanctionFile
from ceportal.kernel.staff import ActForm, RecordAdmin, do_act, findings, who

STATUS_HUES = {"proposed": "info", "declined": "default", "running": "danger", "lifted": "success"}


class SignatureForm(ActForm):
    """A second signature, which needs no more words."""


class _ProposalForm(SanctionForm):
    """Keeps what was asked, for the service that the act calls."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        return {**values, "asked": self.asked()} if not self.errors else values


def propose_sanction(
    by: BaseModelAdmin[Any], request: HttpRequest, *, candidate_id: int, back: models.Model, case_id: int | None = None
) -> HttpResponse:
    """The act that proposes a sanction, from a candidate's record or from a case (CAND-02)."""
    made: list[Sanction] = []

    def perform(values: dict[str, Any], now: datetime) -> str:
        made.append(
            services.propose_sanction(
                candidate_id=candidate_id, case_id=case_id, **values["asked"], staff_id=who(request), now=now
            )
        )
        return _("The sanction is proposed. It waits for the second signature.")

    return do_act(
        by,
        request,
        title=_("Propose a sanction"),
        button=_("Propose"),
        explanation=_("It bars nothing until another member of staff has signed it (CAND-02)."),
        form=_ProposalForm,
        perform=perform,
        back=back,
        leads_to=lambda: reverse("admin:candidates_sanction_change", args=[made[0].pk]),
    )


@admin.register(Sanction)
class SanctionAdmin(RecordAdmin):
    """Sanctions: what waits for a second signature first, then open appeals, then what is in force (CAND-02)."""

    list_display = ("proposed_at", "candidate", "clause", "reach", "state", "decided_at", "appeal_state", "lifted_at")
    list_display_links = ("proposed_at", "candidate")
    list_filter = ("status", "permanent", "exams_only", "appeal_outcome", ("appealed_at", admin.EmptyFieldListFilter))
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name", "=clause", "statement")
    date_hierarchy = "proposed_at"
    exclude = ("decision", "permanent", "exams_only")
    readonly_fields = ("reach", "files", "known", "why")
    actions_detail = ("confirm", "decline", "lift", "uphold_appeal", "dismiss_appeal")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Sanction]:
        appealed = models.Q(appealed_at__isnull=False, appeal_outcome="", status=Sanction.Status.RUNNING)
        urgency = models.Case(
            models.When(status=Sanction.Status.PROPOSED, then=0),
            models.When(appealed, then=1),
            models.When(status=Sanction.Status.RUNNING, then=2),
            default=3,
        )
        sanctions: models.QuerySet[Sanction] = super().get_queryset(request)
        return sanctions.annotate(urgency=urgency).order_by("urgency", "-proposed_at", "-id")

    @display(description=gettext_lazy("status"), ordering="urgency", label=STATUS_HUES)
    def state(self, sanction: Sanction) -> tuple[str, str]:
        return sanction.status, sanction.get_status_display()

    @display(description=gettext_lazy("what it bars"))
    def reach(self, sanction: Sanction) -> str:
        return sanction.reach_in_words

    @display(description=gettext_lazy("files it rests on"))
    def files(self, sanction: Sanction) -> SafeString | str:
        return files_of(sanction.files.all(), "candidates:sanction_file")

    @display(description=gettext_lazy("what its case knows"))
    def known(self, sanction: Sanction) -> SafeString | str:
        return case_facts(sanction.case) if sanction.case else "-"

    @display(description=gettext_lazy("appeal"), ordering="appealed_at")
    def appeal_state(self, sanction: Sanction) -> str:
        if sanction.appealed_at is None:
            return "-"
        return sanction.get_appeal_outcome_display() if sanction.appeal_outcome else _("waits")

    @display(description=gettext_lazy("decision"))
    def why(self, sanction: Sanction) -> SafeString | str:
        return findings(sanction.decision)

    @action(description=gettext_lazy("Sign it"), url_path="confirm", permissions=["act"])
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(sanction: Sanction, _values: dict[str, Any], now: datetime) -> str:
            services.confirm_sanction(sanction_id=sanction.pk, staff_id=who(request), now=now)
            return _("The sanction is in force, and the candidate is told.")

        return self._act(
            request,
            object_id,
            title=_("Put the sanction in force"),
            button=_("Sign"),
            explanation=_(
                "With this second signature it is in force at once: it bars as it says, revokes certifications where it"
                " is permanent and for more than exams, and is told to the candidate with what happened (CAND-02)."
            ),
            form=SignatureForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Decline it"), url_path="decline", permissions=["act"])
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(sanction: Sanction, values: dict[str, Any], now: datetime) -> str:
            services.decline_sanction(sanction_id=sanction.pk, **values, staff_id=who(request), now=now)
            return _("The proposal is declined.")

        return self._act(
            request,
            object_id,
            title=_("Decline the proposal"),
            button=_("Decline"),
            explanation=_("The candidate is not told of a proposal that was declined."),
            form=ReasonForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Lift it"), url_path="lift", permissions=["act"])
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(sanction: Sanction, values: dict[str, Any], now: datetime) -> str:
            services.lift_sanction(sanction_id=sanction.pk, **values, staff_id=who(request), now=now)
            return _("The sanction is lifted, and the candidate is told.")

        return self._act(
            request,
            object_id,
            title=_("Lift the sanction"),
            button=_("Lift"),
            explanation=_(
                "Certifications are then what their dates say (CERT-10). The candidate is told, with your reason."
            ),
            form=ReasonForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Uphold the appeal"), url_path="uphold-appeal", permissions=["act"])
    def uphold_appeal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide_appeal(
            request,
            object_id,
            outcome=Sanction.Outcome.UPHELD,
            title=_("Uphold the appeal"),
            button=_("Uphold"),
            explanation=_("The sanction is lifted. The candidate is told, with your reason."),
        )

    @action(description=gettext_lazy("Dismiss the appeal"), url_path="dismiss-appeal", permissions=["act"])
    def dismiss_appeal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide_appeal(
            request,
            object_id,
            outcome=Sanction.Outcome.DISMISSED,
            title=_("Dismiss the appeal"),
            button=_("Dismiss"),
            explanation=_("The sanction stands. The candidate is told, with your reason."),
        )

    def _decide_appeal(
        self, request: HttpRequest, object_id: str, *, outcome: Sanction.Outcome, **words: str
    ) -> HttpResponse:
        def perform(sanction: Sanction, values: dict[str, Any], now: datetime) -> str:
            services.decide_sanction_appeal(
                sanction_id=sanction.pk, outcome=outcome, **values, staff_id=who(request), now=now
            )
            return _("The appeal is decided, and the candidate is told.")

        return self._act(request, object_id, form=ReasonForm, perform=perform, **words)

    def _act(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: str,
        button: str,
        explanation: str,
        form: type[ActForm],
        perform: Callable[[Sanction, dict[str, Any], datetime], str],
    ) -> HttpResponse:
        sanction: Sanction = self.record(request, object_id)
        return do_act(
            self,
            request,
            title=title,
            button=button,
            explanation=explanation,
            form=form,
            perform=lambda values, now: perform(sanction, values, now),
            back=sanction,
        )


@admin.register(SanctionFile)
class SanctionFileAdmin(RecordAdmin):
    """Files that sanctions rest on, frozen with the proposal (CAND-02)."""

    list_display = ("attached_at", "sanction", "original_name", "kind", "size_bytes")
    list_select_related = ("sanction",)
    search_fields = ("=sha256", "sanction__candidate__number")
    exclude = ("file",)
    readonly_fields = ("open_it",)
    date_hierarchy = "attached_at"

    @display(description=gettext_lazy("file"))
    def open_it(self, file: SanctionFile) -> SafeString | str:
        return files_of([file], "candidates:sanction_file")


@admin.register(GuardianConsent)
class GuardianConsentAdmin(RecordAdmin):
    """Parents' and guardians' signatures (CAND-05)."""

    list_display = ("signed_on", "candidate", "guardian", "relation", "recorded_by", "withdrawn_at")
    list_display_links = ("signed_on", "candidate")
    list_filter = (("withdrawn_at", admin.EmptyFieldListFilter),)
    list_select_related = ("candidate", "recorded_by")
    search_fields = ("candidate__number", "candidate__name", "guardian")
    date_hierarchy = "signed_on"
    actions_detail = ("withdraw",)

    @action(description=gettext_lazy("Withdraw it"), url_path="withdraw", permissions=["act"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        consent: GuardianConsent = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.withdraw_consent(consent_id=consent.pk, **values, staff_id=who(request), now=now)
            return _("The signature counts no more.")

        return do_act(
            self,
            request,
            title=_("Withdraw the signature"),
            button=_("Withdraw"),
            explanation=_("For a guardian who takes it back, or a signature that was none."),
            form=ReasonForm,
            perform=perform,
            back=consent,
        )


@admin.register(GuardianRequest)
class GuardianRequestAdmin(RecordAdmin):
    """Links by which parents and guardians sign (CAND-05). The link itself is nobody's to read here."""

    list_display = ("asked_at", "candidate", "email", "language", "expires_at", "sent_at", "signed_at", "withdrawn_at")
    list_display_links = ("asked_at", "candidate")
    list_filter = (("signed_at", admin.EmptyFieldListFilter), ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name", "email")
    date_hierarchy = "asked_at"
    exclude = ("nonce",)
    actions_detail = ("withdraw",)

    @action(description=gettext_lazy("Withdraw the link"), url_path="withdraw", permissions=["act"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        asked: GuardianRequest = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            services.withdraw_guardian_request(candidate_id=asked.candidate_id, request_id=asked.pk, now=now)
            return _("Nobody signs by this link any more.")

        return do_act(
            self,
            request,
            title=_("Withdraw the link"),
            button=_("Withdraw"),
            explanation=_("A link that was signed stays as it is; the signature is withdrawn where it is recorded."),
            form=SignatureForm,
            perform=perform,
            back=asked,
        )


@admin.register(ResidenceProof)
class ResidenceProofAdmin(RecordAdmin):
    """Documents that prove residence elsewhere than is on record (CAND-07)."""

    list_display = ("verified_at", "candidate", "country", "region", "verified_by", "lapsed_at", "lapsed_because")
    list_display_links = ("verified_at", "candidate")
    list_filter = (("lapsed_at", admin.EmptyFieldListFilter), "country")
    list_select_related = ("candidate", "verified_by")
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "verified_at"
