"""The credit programme in the administration: everything can be read, nothing is changed by hand."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from ceportal.kernel.staff import PartInline, RecordAdmin, findings, record_link
from credits.admin import appeals as admin_appeals
from credits.admin import audits as admin_audits
from credits.admin import development as admin_development
from credits.admin import events as admin_events
from credits.admin import rosters as admin_rosters
from credits.models import (
    AdministrativeFee,
    Claim,
    CompletionReport,
    Cycle,
    Enrollment,
    Entry,
    Evidence,
    Grant,
    Recertification,
    Seal,
)

# Their pages are registered with these.
__all__ = ["admin_appeals", "admin_audits", "admin_development", "admin_events", "admin_rosters"]

CLAIM_HUES = {"submitted": "info", "returned": "warning", "approved": "success", "rejected": "danger"}


class Explained(RecordAdmin):
    """A record with the decision that made it."""

    exclude: tuple[str, ...] = ("decision",)
    readonly_fields: tuple[str, ...] = ("why",)

    @display(description=_("decision"))
    def why(self, record: Any) -> SafeString | str:
        return findings(record.decision)


@admin.register(Enrollment)
class EnrollmentAdmin(Explained):
    """Who entered the programme, and what allowed it (CE-02 to CE-05)."""

    list_display = ("candidate", "enrolled_on", "enrolled_at")
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "enrolled_on"
    ordering = ("-id",)


class GrantInline(PartInline):
    """What was earned in a cycle."""

    model = Grant
    fields = ("title", "source", "amount", "remaining", "earned_on", "expires_on")


@admin.register(Cycle)
class CycleAdmin(RecordAdmin):
    """Recertification cycles (CR-02)."""

    list_display = ("candidate", "started_on", "ended_on", "end_reason", "known_from", "withdrawn_at")
    list_filter = ("end_reason", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "started_on"
    ordering = ("-id",)
    inlines = (GrantInline,)


class EvidenceInline(PartInline):
    """What was handed in with a claim."""

    model = Evidence
    fields = ("original_name", "kind", "size_bytes", "uploaded_at", "removed_at")


@admin.register(Claim)
class ClaimAdmin(Explained):
    """Claims. Only their provider decides them (CE-10); staff audit what is approved and remind of what is late."""

    list_display = ("number", "candidate", "item", "provider", "state", "submitted_on", "answer_due_on", "decided_at")
    list_filter = ("status", "provider", ("escalated_on", admin.EmptyFieldListFilter), "kit")
    list_select_related = ("candidate", "item", "provider")
    search_fields = ("number", "candidate__number", "candidate__name", "item__code", "item__title")
    date_hierarchy = "submitted_on"
    exclude = ("decision", "checked", "form_key", "decided_by", "rejected_before_by")
    readonly_fields = ("disputes", "decided_by_whom", "accepted_with", "why")
    inlines = (EvidenceInline,)
    actions_detail = ("open_audit", "remind_provider")

    def has_audit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - unfold's
        """Whether this person may open audits."""
        return request.user.has_perm("credits.add_audit")

    @display(description=_("status"), ordering="status", label=CLAIM_HUES)
    def state(self, claim: Claim) -> tuple[str, str]:
        return claim.status, claim.get_status_display()

    @display(description=_("decided by"))
    def decided_by_whom(self, claim: Claim) -> str:
        return claim.decided_by.user.email if claim.decided_by else "-"

    @display(description=_("checked when handed in"))
    def accepted_with(self, claim: Claim) -> SafeString | str:
        return findings(claim.checked)

    @display(description=_("audits and appeals"))
    def disputes(self, claim: Claim) -> SafeString | str:
        return admin_audits.disputes_of(claim)

    @action(description=_("Open an audit"), url_path="audit", permissions=["audit"])
    def open_audit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return admin_audits.open_audit(self, request, self.record(request, object_id))

    @action(description=_("Remind the provider"), url_path="remind", permissions=["act"])
    def remind_provider(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return admin_audits.remind_provider(self, request, self.record(request, object_id))


@admin.register(Evidence)
class EvidenceAdmin(RecordAdmin):
    """Certificates of completion: that they exist, not what they show."""

    list_display = (
        "original_name",
        "claim",
        "kind",
        "size_bytes",
        "uploaded_at",
        "removed_at",
        "destroyed_at",
        "destroyed_because",
    )
    list_filter = ("kind", "destroyed_because", ("removed_at", admin.EmptyFieldListFilter))
    list_select_related = ("claim",)
    search_fields = ("claim__number", "original_name", "sha256")
    date_hierarchy = "uploaded_at"
    ordering = ("-id",)
    exclude = ("file",)


@admin.register(CompletionReport)
class CompletionReportAdmin(Explained):
    """What providers reported themselves (CE-10)."""

    list_display = ("candidate", "item", "provider", "completed_on", "reported_by_email", "reported_at")
    list_filter = ("provider",)
    list_select_related = ("candidate", "item", "provider", "reported_by__user")
    search_fields = ("candidate__number", "candidate__name", "item__code", "item__title")
    date_hierarchy = "completed_on"
    ordering = ("-id",)

    @display(description=_("reported by"))
    def reported_by_email(self, report: CompletionReport) -> str:
        return report.reported_by.user.email if report.reported_by else "-"


class EntryInline(PartInline):
    """Lines of the ledger."""

    model = Entry
    fields = ("kind", "amount", "counts_from", "written_at", "clause", "grant", "corrects")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("grant", "corrects")


@admin.register(Recertification)
class RecertificationAdmin(Explained):
    """Renewals by a path of the book (CE-09)."""

    list_display = ("candidate", "certification", "level", "requirement_on", "credits_used", "made_at", "reversed_at")
    list_filter = ("level", ("reversed_at", admin.EmptyFieldListFilter))
    list_select_related = ("candidate", "certification")
    search_fields = ("candidate__number", "candidate__name", "certification__number")
    date_hierarchy = "requirement_on"
    exclude = ("decision", "path", "passes")
    readonly_fields = ("taken_path", "exams_counted", "why")
    inlines = (EntryInline,)

    @display(description=_("exams counted"))
    def exams_counted(self, renewal: Recertification) -> SafeString | str:
        passes = renewal.passes.select_related("exam").order_by("taken_on")
        links = [(record_link("exams.attempt", each.pk, f"{each.exam.number}, {each.taken_on}"),) for each in passes]
        return format_html_join(", ", "{}", links) or "-"

    @display(description=_("path"))
    def taken_path(self, renewal: Recertification) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(renewal.path, indent=2, ensure_ascii=False))


@admin.register(Grant)
class GrantAdmin(RecordAdmin):
    """Credits earned, and what remains of them by the ledger."""

    list_display = ("candidate", "title", "source", "amount", "remaining", "earned_on", "expires_on")
    list_filter = ("source",)
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name", "title", "claim__number")
    date_hierarchy = "earned_on"
    ordering = ("-id",)
    inlines = (EntryInline,)


@admin.register(Entry)
class EntryAdmin(RecordAdmin):
    """The ledger, line by line. Never changed or removed (CR-07)."""

    list_display = ("written_at", "candidate", "grant", "movement", "amount", "counts_from", "clause", "corrects")
    list_filter = ("kind", "clause")
    list_select_related = ("candidate", "grant", "corrects")
    search_fields = ("candidate__number", "candidate__name", "grant__title")
    date_hierarchy = "counts_from"
    ordering = ("-id",)

    @display(
        description=_("kind"),
        ordering="kind",
        label={"earned": "success", "restored": "success", "used": "primary", "expired": "warning", "voided": "danger"},
    )
    def movement(self, entry: Entry) -> tuple[str, str]:
        return entry.kind, entry.get_kind_display()


@admin.register(AdministrativeFee)
class AdministrativeFeeAdmin(RecordAdmin):
    """The fee paid for a cycle, once (CE-08)."""

    list_display = ("cycle", "order", "paid_on")
    list_select_related = ("cycle", "order")
    search_fields = ("order__number", "cycle__candidate__number", "cycle__candidate__name")
    date_hierarchy = "paid_on"
    ordering = ("-id",)


@admin.register(Seal)
class SealAdmin(RecordAdmin):
    """The daily seals of the ledger, each chained to the one before (CR-07)."""

    list_display = ("day", "entries", "short", "sealed_at")
    date_hierarchy = "day"
    ordering = ("-day",)
    exclude = ("marks",)

    @display(description=_("seal"))
    def short(self, seal: Seal) -> str:
        return seal.sha256[:16]
