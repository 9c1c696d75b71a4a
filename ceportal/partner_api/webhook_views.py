"""Webhooks as a program keeps them: subscribed, changed, ended, and what was delivered to each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from ceportal.kernel.answers import Pages
from ceportal.partner_api import once
from ceportal.partner_api.etags import etag_of, give_etag, require_match
from ceportal.partner_api.feed_views import TOPICS
from ceportal.partner_api.models import Application, Webhook, WebhookAttempt, WebhookDelivery
from ceportal.partner_api.views import ApiView
from ceportal.partner_api.webhooks import services
from ceportal.partner_api.webhooks.addresses import LONGEST

READ, WRITE = "webhooks:read", "webhooks:write"
STATUSES = ("active", "disabled")
EXAMPLE = {"url": "https://learning.example.org/ce", "topics": ["credits.claim_submitted"], "description": "Claims"}


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """An address to which events are delivered."""

    topics = serializers.ListField(child=serializers.ChoiceField(choices=TOPICS), help_text="None: all of them.")
    status = serializers.ChoiceField(
        choices=STATUSES, help_text="Disabled where an address is gone, or nothing arrived for three days."
    )

    class Meta:
        model = Webhook
        fields: Sequence[str] = (
            "id",
            "url",
            "topics",
            "description",
            "status",
            "failing_since",
            "disabled_at",
            "created_at",
        )
        read_only_fields = fields


class NewWebhookSerializer(serializers.Serializer[Any]):
    """What is to be delivered, and where."""

    url = serializers.CharField(max_length=LONGEST, help_text="https, port 443, in the public internet.")
    topics = serializers.ListField(
        child=serializers.ChoiceField(choices=TOPICS), default=list, max_length=len(TOPICS), help_text="None: all."
    )
    description = serializers.CharField(max_length=200, default="", allow_blank=True)


class ChangeSerializer(NewWebhookSerializer):
    """What is to be different; what is left out stays."""

    status = serializers.ChoiceField(choices=["active"], help_text="Enables a disabled one again.")


class WebhookWithSecretSerializer(WebhookSerializer):
    """A webhook with a new secret, told this once."""

    secret = serializers.CharField(help_text="By it the signatures are checked (Standard Webhooks). Keep it.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class AttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """An attempt, and how it ended."""

    class Meta:
        model = WebhookAttempt
        fields = ("at", "milliseconds", "status_code", "error", "answer")
        read_only_fields = fields


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """A message to a webhook."""

    message_id = serializers.CharField(help_text="The header webhook-id: the same however often it is sent.")
    event = serializers.IntegerField(source="entry_id", allow_null=True, help_text="The event's id; null for a test.")
    next_attempt_at = serializers.SerializerMethodField(help_text="Null where there is none.")
    attempts = AttemptSerializer(many=True)

    class Meta:
        model = WebhookDelivery
        fields = ("id", "message_id", "event", "status", "created_at", "finished_at", "next_attempt_at", "attempts")
        read_only_fields = fields

    def get_next_attempt_at(self, delivery: WebhookDelivery) -> str | None:
        waits = delivery.status == WebhookDelivery.Status.WAITING
        return serializers.DateTimeField(allow_null=True).to_representation(delivery.due_at) if waits else None


class DeliveriesQuerySerializer(serializers.Serializer[Any]):
    """Which deliveries; left out, a parameter asks for nothing."""

    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices, required=False)


class SinceSerializer(serializers.Serializer[Any]):
    """From when on what was given up is delivered again."""

    since = serializers.DateTimeField()


class RedeliverySerializer(serializers.Serializer[Any]):
    """How much is delivered again."""

    deliveries = serializers.IntegerField()


class NewestFirst(Pages):
    """The order of webhooks and of their deliveries."""

    ordering = ("-id",)


class WebhookView(ApiView):
    """A view for programs that keep webhooks."""

    @property
    def application(self) -> Application:
        """The program."""
        application = self.caller.application
        assert application is not None  # the scopes are given to applications only
        return application

    def own(self, webhook_id: int) -> Webhook:
        """A webhook of the program, unless it has ended; 404 for any other."""
        found = _of(self.application).filter(pk=webhook_id).first()
        if found is None:
            raise Http404
        return found

    def seen(self, webhook_id: int) -> Webhook:
        """The webhook, locked, if the caller has seen it as it is; 404, 412 and 428 otherwise."""
        found = _of(self.application).select_for_update().filter(pk=webhook_id).first()
        if found is None:
            raise Http404
        require_match(self.request, etag_of(WebhookSerializer(found).data))
        return found

    def answer(self, webhook: Webhook, *, status: int = 200, secret: str = "") -> Response:
        """A webhook as it is, with its tag; a secret only where it was just made."""
        data = WebhookSerializer(webhook).data
        response = Response({**data, "secret": secret} if secret else data, status=status)
        setattr(response, once.IN_CONFIDENCE, bool(secret))
        return give_etag(response, etag_of(data))


def _of(application: Application) -> QuerySet[Webhook]:
    return Webhook.objects.filter(application=application).exclude(status=Webhook.Status.ENDED)


@extend_schema_view(get=extend_schema(operation_id="webhooks", tags=["webhooks"]))
class Webhooks(WebhookView, ListAPIView[Webhook]):
    """The program's webhooks, the newest first."""

    scopes = {"GET": READ, "POST": WRITE}
    serializer_class = WebhookSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Webhook]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Webhook.objects.none()
        return _of(self.application)

    @extend_schema(
        operation_id="subscribe_webhook",
        tags=["webhooks"],
        request=NewWebhookSerializer,
        responses={201: WebhookWithSecretSerializer},
        examples=[OpenApiExample("claims as they come", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Have what happens from now on delivered to an address, signed by the secret that the answer tells once.

        Each message is an event as `/events` has it, posted with the headers of Standard Webhooks; answer with any 2xx
        within ten seconds. It is tried for three days, and may come twice, under the same `webhook-id`.
        """
        asked = NewWebhookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        webhook, secret = services.subscribe(application_id=self.application.pk, now=self.now, **asked.validated_data)
        response = self.answer(webhook, status=201, secret=secret)
        response["Location"] = reverse("api:webhook", args=[webhook.pk], request=request)
        return response


class OneWebhook(WebhookView):
    """One of the program's webhooks."""

    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    needs_if_match = ("PATCH", "DELETE")

    @extend_schema(operation_id="webhook", tags=["webhooks"], responses=WebhookSerializer)
    def get(self, _request: Request, webhook_id: int) -> Response:
        """The webhook, with the tag that a change of it needs."""
        return self.answer(self.own(webhook_id))

    @extend_schema(
        operation_id="change_webhook", tags=["webhooks"], request=ChangeSerializer, responses=WebhookSerializer
    )
    def patch(self, request: Request, webhook_id: int) -> Response:
        """Change the address, the topics or the description; `status: active` enables it again where it stopped."""
        webhook = self.seen(webhook_id)
        asked = ChangeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        active = values.pop("status", None) is not None
        return self.answer(services.change(webhook_id=webhook.pk, active=active, now=self.now, **values))

    @extend_schema(operation_id="end_webhook", tags=["webhooks"], responses={204: None})
    def delete(self, _request: Request, webhook_id: int) -> Response:
        """End it: nothing more is delivered, also of what waits."""
        services.end(webhook_id=self.seen(webhook_id).pk, now=self.now)
        return Response(status=204)


class WebhookSecretView(WebhookView):
    """The secret of a webhook."""

    scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        tags=["webhooks"],
        request=None,
        responses={201: WebhookWithSecretSerializer},
    )
    def post(self, _request: Request, webhook_id: int) -> Response:
        """A new secret, told once. For seven days messages bear a signature by the one before, too."""
        webhook, secret = services.rotate_secret(webhook_id=self.own(webhook_id).pk, now=self.now)
        return self.answer(webhook, status=201, secret=secret)


class WebhookTest(WebhookView):
    """A message that tells nothing."""

    scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="test_webhook", tags=["webhooks"], request=None, responses={202: WebhookDeliverySerializer}
    )
    def post(self, _request: Request, webhook_id: int) -> Response:
        """Send a message of the type `webhook.test`, once; how it ended stands among the deliveries."""
        delivery = services.send_test(webhook_id=self.own(webhook_id).pk, now=self.now)
        return Response(WebhookDeliverySerializer(delivery).data, status=202)


@extend_schema_view(
    get=extend_schema(operation_id="webhook_deliveries", tags=["webhooks"], parameters=[DeliveriesQuerySerializer])
)
class WebhookDeliveries(WebhookView, ListAPIView[WebhookDelivery]):
    """What was delivered to a webhook, the newest first, each with its attempts. Kept for ninety days."""

    scopes = {"GET": READ}
    serializer_class = WebhookDeliverySerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return WebhookDelivery.objects.none()
        found = self.own(self.kwargs["webhook_id"]).deliveries.prefetch_related("attempts")
        asked = self.asked(DeliveriesQuerySerializer)
        return found.filter(status=asked["status"]) if "status" in asked else found


class WebhookRedelivery(WebhookView):
    """What was given up, once more."""

    scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="redeliver_failed",
        tags=["webhooks"],
        request=SinceSerializer,
        responses={202: RedeliverySerializer},
        examples=[OpenApiExample("since Monday", value={"since": "2026-05-04T00:00:00Z"}, request_only=True)],
    )
    def post(self, request: Request, webhook_id: int) -> Response:
        """Deliver again everything since a moment that was given up; each has its three days again."""
        asked = SinceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        count = services.redeliver(
            webhook_id=self.own(webhook_id).pk, since=asked.validated_data["since"], now=self.now
        )
        return Response({"deliveries": count}, status=202)


class OneRedelivery(WebhookView):
    """One message, once more."""

    scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="redeliver", tags=["webhooks"], request=None, responses={202: WebhookDeliverySerializer}
    )
    def post(self, _request: Request, webhook_id: int, delivery_id: int) -> Response:
        """Deliver it again, under the same `webhook-id`, whatever became of it before."""
        webhook = self.own(webhook_id)
        try:
            services.redeliver(webhook_id=webhook.pk, delivery_id=delivery_id, now=self.now)
        except WebhookDelivery.DoesNotExist as error:
            raise Http404 from error
        return Response(WebhookDeliverySerializer(webhook.deliveries.get(pk=delivery_id)).data, status=202)
