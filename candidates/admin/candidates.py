"""People in the certification records, in the administration, and what staff do to a record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from candidates import queries, services
from candidates.admin.forms import (
    AskGuardianForm,
    CertificationForm,
    ConsentForm,
    ContactForm,
    RegistrationForm,
    ResidenceForm,
    ResidenceProofForm,
)
from candidates.admin.standing import propose_sanction
from candidates.models import Candidate, Certification
from ceportal.kernel.countries import country_name
from ceportal.kernel.staff import PartInline, RecordAdmin, do_act, who


class CertificationInline(PartInline):
    """What a candidate holds."""

    model = Certification
    fields = ("track", "number", "status", "first_certified_on", "active_ends_on", "inactive_on")


class AddressFilter(admin.SimpleListFilter):
    """Those whose registered address mail comes back from (CE-13)."""

    title = gettext_lazy("address")
    parameter_name = "address"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, Any]]:
        return [("troubled", gettext_lazy("mail comes back"))]

    def queryset(self, _request: HttpRequest, candidates: QuerySet[Candidate]) -> QuerySet[Candidate]:
        return candidates.filter(pk__in=queries.troubled_candidates()) if self.value() else candidates


@admin.register(Candidate)
class CandidateAdmin(RecordAdmin):
    """People in the certification records."""

    list_display = ("number", "name", "email", "country", "user", "created_at")
    list_display_links = ("number", "name")
    list_filter = (AddressFilter, ("user", admin.EmptyFieldListFilter), "language", "country")
    list_select_related = ("user",)
    search_fields = ("number", "name", "email")
    ordering = ("name", "id")
    date_hierarchy = "created_at"
    inlines = (CertificationInline,)
    actions_detail = (
        *("import_certification", "change_contact", "change_residence"),
        *("record_consent", "ask_guardian", "verify_residence", "propose_sanction"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("candidates.add_candidate")

    def has_consent_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - unfold's
        return request.user.has_perm("candidates.add_guardianconsent")

    def has_proof_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - unfold's
        return request.user.has_perm("candidates.add_residenceproof")

    def has_sanction_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - unfold's
        return request.user.has_perm("candidates.add_sanction")

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

        names = ("email", "time_zone", "language", "billing_country")
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

    @action(description=gettext_lazy("Change the residence"), url_path="change-residence", permissions=["act"])
    def change_residence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.change_residence(candidate_id=candidate.pk, **values, now=now)
            return _("The residence is changed.")

        return do_act(
            self,
            request,
            title=_("Change the residence"),
            button=_("Change"),
            explanation=_(
                "Where somebody lives decides where they may be tested (CAND-07, CAND-08), from which age (CAND-06),"
                " and the tax of what they pay (PAY-01). A proof of residence elsewhere lapses with it."
            ),
            form=ResidenceForm,
            perform=perform,
            back=candidate,
            initial={"country": candidate.country, "region": candidate.region},
        )

    @action(
        description=gettext_lazy("Record a guardian's signature"), url_path="record-consent", permissions=["consent"]
    )
    def record_consent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            consent = services.record_consent(candidate_id=candidate.pk, **values, recorded_by_id=who(request), now=now)
            return _("The signature of %(guardian)s is on record.") % {"guardian": consent.guardian}

        return do_act(
            self,
            request,
            title=_("Record a guardian's signature"),
            button=_("Record"),
            explanation=_("A minor is tested only once a parent or legal guardian has signed (CAND-05)."),
            form=ConsentForm,
            perform=perform,
            back=candidate,
        )

    @action(description=gettext_lazy("Ask a guardian by mail"), url_path="ask-guardian", permissions=["consent"])
    def ask_guardian(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.ask_guardian(candidate_id=candidate.pk, **values, asked_by_id=who(request), now=now)
            return _("The link is on its way to the parent or guardian.")

        return do_act(
            self,
            request,
            title=_("Ask a guardian by mail"),
            button=_("Send the link"),
            explanation=_("They read the agreement and sign by a link, without an account (CAND-05)."),
            form=AskGuardianForm,
            perform=perform,
            back=candidate,
            initial={"language": candidate.language},
        )

    @action(description=gettext_lazy("Verify a residence"), url_path="verify-residence", permissions=["proof"])
    def verify_residence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            proof = services.verify_residence(candidate_id=candidate.pk, **values, staff_id=who(request), now=now)
            return _("Residence in %(country)s is proven.") % {"country": country_name(proof.country)}

        return do_act(
            self,
            request,
            title=_("Verify a residence"),
            button=_("Record"),
            explanation=_(
                "For somebody on record in an embargoed country or region whose identity document proves residence"
                " elsewhere (CAND-07). It lapses when they move."
            ),
            form=ResidenceProofForm,
            perform=perform,
            back=candidate,
        )

    @action(description=gettext_lazy("Propose a sanction"), url_path="propose-sanction", permissions=["sanction"])
    def propose_sanction(self, request: HttpRequest, object_id: str) -> HttpResponse:
        candidate: Candidate = self.record(request, object_id)
        return propose_sanction(self, request, candidate_id=candidate.pk, back=candidate)
