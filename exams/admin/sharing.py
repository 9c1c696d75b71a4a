"""What candidates show to others, in the administration: that there are links and until when, never where they lead."""

from __future__ import annotations

from django.contrib import admin

from ceportal.kernel.staff import RecordAdmin
from exams.models import ResultLink


@admin.register(ResultLink)
class ResultLinkAdmin(RecordAdmin):
    """Links by which candidates show results; their address and for whom they are is the candidate's affair."""

    list_display = ("created_at", "candidate", "shows", "last_on", "withdrawn_at")
    list_filter = ("shows", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("candidate", "shows", "attempts", "with_sections", "last_on", "created_at", "withdrawn_at")
