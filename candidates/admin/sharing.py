"""What holders show to others, in the administration: badges, and that there are links, never where they lead."""

from __future__ import annotations

from django.contrib import admin

from candidates.models import Badge, VerificationLink
from ceportal.kernel.staff import RecordAdmin


@admin.register(VerificationLink)
class VerificationLinkAdmin(RecordAdmin):
    """Links by which holders show certifications; their address and for whom they are is the holder's affair."""

    list_display = ("created_at", "candidate", "last_on", "withdrawn_at")
    list_filter = (("withdrawn_at", admin.EmptyFieldListFilter),)
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("candidate", "certifications", "last_on", "created_at", "withdrawn_at")


@admin.register(Badge)
class BadgeAdmin(RecordAdmin):
    """Badges given out, with their places in the status lists."""

    list_display = ("issued_at", "certification", "standing", "key", "list_number", "list_index")
    list_filter = ("standing", "list_number")
    list_select_related = ("certification",)
    search_fields = ("certification__number", "certification__candidate__number", "key")
    date_hierarchy = "issued_at"
    ordering = ("-id",)
