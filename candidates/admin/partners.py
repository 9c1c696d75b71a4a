"""Channel partners and the experts associated with them, in the administration (CERT-07)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from candidates import services
from candidates.admin.forms import ReasonForm
from candidates.models import Affiliation, ChannelPartner, PartnerMember
from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, StaffAdmin, do_act, findings, who

HUES = {"requested": "info", "in_force": "success", "ended": "default", "declined": "warning", "withdrawn": "default"}


class AffiliationInline(PartInline):
    """Whoever is, was or asks to be associated with a partner."""

    model = Affiliation
    fields = ("candidate", "country", "status", "starts_on", "ends_on")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("candidate")


class PartnerMemberInline(PartInline):
    """Who acts for a partner."""

    model = PartnerMember
    fields = ("user", "active")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "partner")


@admin.register(ChannelPartner)
class ChannelPartnerAdmin(StaffAdmin):
    """Companies whose standing as partners rests on the experts they employ."""

    list_display = ("name", "code")
    search_fields = ("name", "code")
    inlines = (PartnerMemberInline, AffiliationInline)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        return ("code",) if obj else ()


@admin.register(PartnerMember)
class PartnerMemberAdmin(StaffAdmin):
    """Users who act for a channel partner. Whoever leaves is made inactive: what they decided stays theirs."""

    list_display = ("user", "partner", "active")
    list_filter = ("active", "partner")
    list_select_related = ("user", "partner")
    search_fields = ("user__email", "user__name", "partner__name", "partner__code")
    autocomplete_fields = ("user", "partner")
    ordering = ("partner__name", "user__email")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        return ("user", "partner") if obj else ()


@admin.register(Affiliation)
class AffiliationAdmin(RecordAdmin):
    """Experts' associations with channel partners: confirmed, declined and ended here (CERT-07)."""

    list_display = ("requested_at", "candidate", "partner", "country", "state", "starts_on", "ends_on")
    list_display_links = ("requested_at", "candidate")
    list_filter = ("status", "partner", "country")
    list_select_related = ("candidate", "partner")
    search_fields = ("candidate__number", "candidate__name", "partner__name", "partner__code")
    date_hierarchy = "requested_at"
    exclude = ("decision",)
    readonly_fields = ("why",)
    actions_detail = ("confirm", "decline", "end")

    @display(description=gettext_lazy("status"), ordering="status", label=HUES)
    def state(self, affiliation: Affiliation) -> tuple[str, str]:
        return affiliation.status, affiliation.get_status_display()

    @display(description=gettext_lazy("decision"))
    def why(self, affiliation: Affiliation) -> SafeString | str:
        return findings(affiliation.decision)

    @action(description=gettext_lazy("Confirm it"), url_path="confirm", permissions=["act"])
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(affiliation: Affiliation, _values: dict[str, Any], now: datetime) -> str:
            services.confirm_affiliation(affiliation_id=affiliation.pk, user_id=who(request), now=now)
            return _("The association stands from today.")

        return self._act(
            request,
            object_id,
            title=_("Confirm the association"),
            button=_("Confirm"),
            explanation=_(
                "The partner has confirmed that the expert works for it full-time in that country (CERT-07)."
            ),
            form=ActForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Decline it"), url_path="decline", permissions=["act"])
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(affiliation: Affiliation, values: dict[str, Any], now: datetime) -> str:
            services.decline_affiliation(affiliation_id=affiliation.pk, **values, user_id=who(request), now=now)
            return _("The request is declined.")

        return self._act(
            request,
            object_id,
            title=_("Decline the request"),
            button=_("Decline"),
            explanation=_("The candidate sees your reason and can ask again."),
            form=ReasonForm,
            perform=perform,
        )

    @action(description=gettext_lazy("End it"), url_path="end", permissions=["act"])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(affiliation: Affiliation, values: dict[str, Any], now: datetime) -> str:
            services.end_affiliation(affiliation_id=affiliation.pk, **values, user_id=who(request), now=now)
            return _("The association ends today.")

        return self._act(
            request,
            object_id,
            title=_("End the association"),
            button=_("End"),
            explanation=_("For somebody who does not work there any more. From today it counts no longer."),
            form=ReasonForm,
            perform=perform,
        )

    def _act(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        form: type[ActForm],
        perform: Callable[[Affiliation, dict[str, Any], datetime], str],
        **words: Any,
    ) -> HttpResponse:
        affiliation: Affiliation = self.record(request, object_id)
        return do_act(
            self,
            request,
            form=form,
            perform=lambda values, now: perform(affiliation, values, now),
            back=affiliation,
            **words,
        )
