"""Tracks, and certifications with their lives, in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from candidates.models import (
    Certification,
    StatusChange,
    Term,
    Track,
)
from ceportal.kernel.staff import PartInline, RecordAdmin, StaffAdmin

STATUS_HUES = {
    "active": "success",
    "suspended": "warning",
    "grace": "warning",
    "emeritus": "primary",
    "lifetime_emeritus": "primary",
    "revoked": "danger",
}


@admin.register(Track)
class TrackAdmin(StaffAdmin):
    """What one can be certified in."""

    list_display = ("name", "code", "level", "family")
    list_filter = ("level", "family")
    search_fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        # Certifications, and the paths to renew them, rest on these.
        return ("code", "level", "family") if obj else ()


class TermInline(PartInline):
    """A certification's life, term by term."""

    model = Term
    fields = ("kind", "starts_on", "ends_on", "renewed_on", "reason", "source", "withdrawn_at")


class StatusChangeInline(PartInline):
    """What became of it, and by which clause."""

    model = StatusChange
    fields = ("effective_on", "before", "after", "active_ends_on", "inactive_on", "clause", "reason")
    show_change_link = False


@admin.register(Certification)
class CertificationAdmin(RecordAdmin):
    """Certifications with their lives."""

    list_display = ("number", "candidate", "track", "state", "first_certified_on", "active_ends_on", "inactive_on")
    list_filter = ("status", "track__level", "track", "imported")
    list_select_related = ("candidate", "track")
    search_fields = ("number", "candidate__number", "candidate__name")
    ordering = ("active_ends_on", "id")
    date_hierarchy = "active_ends_on"
    inlines = (TermInline, StatusChangeInline)

    @display(description=gettext_lazy("status"), ordering="status", label=STATUS_HUES)
    def state(self, certification: Certification) -> tuple[str, str]:
        return certification.status, certification.get_status_display()


@admin.register(Term)
class TermAdmin(RecordAdmin):
    """Terms of all certifications."""

    list_display = ("certification", "kind", "starts_on", "ends_on", "renewed_on", "reason", "withdrawn_at")
    list_filter = ("kind", "reason", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("certification",)
    search_fields = ("certification__number",)
    date_hierarchy = "starts_on"
    ordering = ("-id",)


@admin.register(StatusChange)
class StatusChangeAdmin(RecordAdmin):
    """Every change of status and dates, with its clause."""

    list_display = ("effective_on", "certification", "before", "after", "clause", "reason", "made_at")
    list_filter = ("after", "clause", "reason")
    list_select_related = ("certification",)
    search_fields = ("certification__number", "certification__candidate__number", "certification__candidate__name")
    date_hierarchy = "effective_on"
    ordering = ("-id",)
