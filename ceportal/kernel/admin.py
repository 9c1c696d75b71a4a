"""The kernel in the administration: the events feed, deliveries, nights."""

from __future__ import annotations

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from ceportal.kernel import clock, relay
from ceportal.kernel.models import ClockShift, Delivery, Event, FileToRemove, NightlyRun
from ceportal.kernel.staff import PartInline, RecordAdmin, record_link


class DeliveryInline(PartInline):
    """Who was told of an event."""

    model = Delivery
    fields = ("receiver", "status", "attempts", "due_at", "done_at", "last_error")


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """The feed of everything that became true, the latest first."""

    list_display = ("occurred_at", "topic", "subject", "candidate", "payload")
    list_display_links = ("occurred_at", "topic")
    list_filter = ("topic",)
    search_fields = ("=topic", "=subject_id", "=candidate_id", "payload")
    search_help_text = _("A topic, the number of a record or of a candidate's record, or words of the payload.")
    date_hierarchy = "occurred_at"
    ordering = ("-id",)
    fields = ("occurred_at", "topic", "subject", "candidate", "readable_payload")
    readonly_fields = ("subject", "candidate", "readable_payload")
    inlines = (DeliveryInline,)

    @display(description=_("what it is about"))
    def subject(self, event: Event) -> SafeString | str:
        return record_link(event.subject_type, event.subject_id)

    @display(description=_("candidate"))
    def candidate(self, event: Event) -> SafeString | str:
        return record_link("candidates.candidate", event.candidate_id)

    @display(description=_("payload"))
    def readable_payload(self, event: Event) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.payload, indent=2, ensure_ascii=False))


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    """What has to be told outside, and whether it was; what failed for good can be tried again."""

    list_display = ("event", "receiver", "state", "attempts", "due_at", "done_at", "last_error")
    list_filter = ("status", "receiver")
    list_select_related = ("event",)
    search_fields = ("=event__id", "event__topic", "last_error")
    date_hierarchy = "due_at"
    ordering = ("-id",)
    actions = ("try_again",)

    @display(
        description=_("state"), ordering="status", label={"pending": "info", "done": "success", "failed": "danger"}
    )
    def state(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    @admin.action(description=_("Try again"), permissions=["act"])
    def try_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        tried = relay.try_again(delivery_ids=list(deliveries.values_list("id", flat=True)), now=clock.now())
        done = ngettext("%(count)d delivery is due again.", "%(count)d deliveries are due again.", tried)
        messages.info(request, done % {"count": tried})


@admin.register(NightlyRun)
class NightlyRunAdmin(RecordAdmin):
    """The nights whose sweeps ran to their end."""

    list_display = ("day", "finished_at")
    date_hierarchy = "day"


@admin.register(FileToRemove)
class FileToRemoveAdmin(RecordAdmin):
    """Stored files that nothing refers to any more, and when they were removed."""

    list_display = ("asked_at", "name", "because", "removed_at", "last_error")
    list_filter = ("because", ("removed_at", admin.EmptyFieldListFilter))
    date_hierarchy = "asked_at"


@admin.register(ClockShift)
class ClockShiftAdmin(RecordAdmin):
    """How far the demo's clock is ahead."""

    list_display = ("__str__", "seconds")
