"""Texts to accept, and official messages, in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from candidates import services
from candidates.models import (
    Acceptance,
    Agreement,
    Notice,
)
from ceportal.kernel import clock
from ceportal.kernel.staff import RecordAdmin, StaffAdmin

STATE_HUES = {
    "queued": "info",
    "held": "warning",
    "sent": "success",
    "delivered": "success",
    "bounced": "danger",
    "complained": "danger",
}


@admin.register(Agreement)
class AgreementAdmin(StaffAdmin):
    """Texts that people accept. A version in force is never changed; a new one follows it."""

    list_display = ("title", "kind", "version", "effective_on")
    list_filter = ("kind",)
    search_fields = ("title", "version", "text")
    date_hierarchy = "effective_on"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        in_force = isinstance(obj, Agreement) and obj.effective_on <= clock.day_of(clock.now())
        return not in_force and bool(super().has_change_permission(request, obj))


@admin.register(Acceptance)
class AcceptanceAdmin(RecordAdmin):
    """Who accepted what, when and from where (CE-05)."""

    list_display = ("accepted_at", "candidate", "agreement", "ip_address")
    list_filter = ("agreement",)
    list_select_related = ("candidate", "agreement")
    search_fields = ("candidate__number", "candidate__name", "ip_address")
    date_hierarchy = "accepted_at"
    ordering = ("-id",)


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    """Official messages: what was said, to which address, and whether it arrived (CE-13)."""

    list_display = ("created_at", "candidate", "kind", "subject", "address", "state", "sent_at", "read_at")
    list_display_links = ("created_at", "subject")
    list_filter = ("status", "kind", "language", ("read_at", admin.EmptyFieldListFilter))
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name", "address", "subject")
    date_hierarchy = "created_at"
    actions = ("record_bounce",)

    @display(
        description=gettext_lazy("delivery"),
        ordering="status",
        label=STATE_HUES,
    )
    def state(self, notice: Notice) -> tuple[str, str]:
        return notice.status, notice.get_status_display()

    @admin.action(description=gettext_lazy("Note that it came back"), permissions=["act"])
    def record_bounce(self, request: HttpRequest, notices: QuerySet[Notice]) -> None:
        now = clock.now()
        noted = sum(services.record_bounce(notice_id=notice.id, now=now) for notice in notices)
        done = ngettext("%(count)d message is noted as returned.", "%(count)d messages are noted as returned.", noted)
        messages.info(request, done % {"count": noted})
