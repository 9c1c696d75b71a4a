"""Webhooks in the administration: where programs are told, what was delivered, and enabling them again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, do_act
from ceportal.partner_api.models import Webhook, WebhookAttempt, WebhookDelivery
from ceportal.partner_api.sweeps import DELIVERIES_KEPT
from ceportal.partner_api.webhooks import services


@admin.register(Webhook)
class WebhookAdmin(RecordAdmin):
    """Addresses of programs to which events are delivered. Programs keep them; secrets are not shown."""

    list_display = ("url", "application", "state", "failing_since", "created_at")
    list_filter = ("status",)
    list_select_related = ("application",)
    search_fields = ("url", "application__name", "description")
    actions_detail = ("enable", "redeliver")

    @display(
        description=gettext_lazy("state"),
        ordering="status",
        label={"active": "success", "disabled": "danger", "ended": "info"},
    )
    def state(self, webhook: Webhook) -> tuple[str, str]:
        return webhook.status, webhook.get_status_display()

    @action(description=gettext_lazy("Enable it again"), url_path="enable", permissions=["act"])
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        webhook: Webhook = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            services.change(webhook_id=webhook.pk, active=True, now=now)
            return _("Events are delivered again, from where it stopped.")

        return do_act(
            self,
            request,
            title=_("Enable it again"),
            button=_("Enable it"),
            explanation=_("A webhook is disabled where its address is gone, or nothing arrived for three days."),
            form=ActForm,
            perform=perform,
            back=webhook,
        )

    @action(description=gettext_lazy("Deliver again"), url_path="redeliver", permissions=["act"])
    def redeliver(self, request: HttpRequest, object_id: str) -> HttpResponse:
        webhook: Webhook = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            count = services.redeliver(webhook_id=webhook.pk, since=now - timedelta(days=DELIVERIES_KEPT.days), now=now)
            return _("Delivered again: %(count)d.") % {"count": count}

        return do_act(
            self,
            request,
            title=_("Deliver again"),
            button=_("Deliver again"),
            explanation=_("Everything that was given up and is still kept. A receiver knows by its id what it has."),
            form=ActForm,
            perform=perform,
            back=webhook,
        )


class AttemptInline(PartInline):
    """How each attempt ended."""

    model = WebhookAttempt
    fields = ("at", "milliseconds", "status_code", "error", "answer")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(RecordAdmin):
    """Messages to webhooks, with their attempts; for 90 days after they ended."""

    list_display = ("created_at", "message_id", "webhook", "state", "due_at", "finished_at")
    list_display_links = ("created_at", "message_id")
    list_filter = ("status",)
    list_select_related = ("webhook",)
    search_fields = ("webhook__url", "=entry__subject")
    date_hierarchy = "created_at"
    inlines = (AttemptInline,)

    @display(
        description=gettext_lazy("state"),
        ordering="status",
        label={"waiting": "info", "delivered": "success", "failed": "danger", "withheld": "warning"},
    )
    def state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()
