"""Official messages in the administration."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from candidates import services
from candidates.models import Notice
from ceportal.kernel import clock
from ceportal.kernel.staff import RecordAdmin

STATE_HUES = {
    "queued": "info",
    "held": "warning",
    "sent": "success",
    "delivered": "success",
    "bounced": "danger",
    "complained": "danger",
}


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
