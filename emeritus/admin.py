"""Emeritus in the administration: what was bought, what terms bring with them, and who was told of a window."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from ceportal.kernel.staff import RecordAdmin, findings
from emeritus.models import EmeritusPurchase, EmeritusRecord, WindowTold


@admin.register(EmeritusPurchase)
class EmeritusPurchaseAdmin(RecordAdmin):
    """Terms that were asked for, and bought (EMR-03, EMR-06)."""

    list_display = ("starts_on", "candidate", "covers", "bought_on", "order")
    list_display_links = ("starts_on", "candidate")
    list_filter = ("covers",)
    list_select_related = ("candidate", "order")
    search_fields = ("candidate__number", "candidate__name", "order__number")
    date_hierarchy = "starts_on"
    exclude = ("decision",)
    readonly_fields = ("why",)

    @display(description=gettext_lazy("why it could be bought"))
    def why(self, purchase: EmeritusPurchase) -> SafeString | str:
        return findings(purchase.decision)


@admin.register(WindowTold)
class WindowToldAdmin(RecordAdmin):
    """Who was told of which window (EMR-02)."""

    list_display = ("told_on", "candidate", "family", "anniversary_on")
    list_display_links = ("told_on", "candidate")
    list_filter = ("family",)
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "told_on"


@admin.register(EmeritusRecord)
class EmeritusRecordAdmin(RecordAdmin):
    """What an Emeritus term brings with it: the way back, and where it came from (CE-04)."""

    list_display = ("certification", "term", "route", "origin", "created_at")
    list_filter = ("route", "origin")
    list_select_related = ("certification", "term")
    search_fields = ("certification__number", "certification__candidate__number", "certification__candidate__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
