"""What holders show to others, in the administration: that there are links and until when, never where they lead."""

from __future__ import annotations

from django.contrib import admin

from candidates.models import VerificationLink
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
