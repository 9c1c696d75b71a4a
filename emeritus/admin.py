"""Emeritus records in the administration."""

from __future__ import annotations

from django.contrib import admin

from ceportal.kernel.staff import RecordAdmin
from emeritus.models import EmeritusRecord


@admin.register(EmeritusRecord)
class EmeritusRecordAdmin(RecordAdmin):
    """What an Emeritus term brings with it: the way back, and where it came from (CE-04)."""

    list_display = ("certification", "term", "route", "origin", "created_at")
    list_filter = ("route", "origin")
    list_select_related = ("certification", "term")
    search_fields = ("certification__number", "certification__candidate__number", "certification__candidate__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
