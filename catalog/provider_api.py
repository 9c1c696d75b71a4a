"""The API of content providers: their deliveries (CAT-07).

A program acts in the name of the member who answers for it, and may do what that member may on the provider's pages.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, CharField, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from catalog.models import Delivery, Item, ProviderMember
from catalog.services import deliveries
from ceportal.kernel.answers import Pages
from ceportal.kernel.prepared import Place, Prepared
from ceportal.partner_api.etags import etag_of, give_etag, require_match, tagged
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.views import ApiView

EXAMPLE = {
    "item": "ilt-64",
    "code": "BRU-2026-05",
    "place": "Brussels",
    "starts_on": "2026-05-04",
    "ends_on": "2026-05-08",
}


MEMBERS = Prepared(
    "member_of_provider",
    lambda: ProviderMember.objects.filter(
        active=True, user_id=Place("user", BigIntegerField()), provider__code=Place("provider", CharField())
    ).select_related("provider"),
)


class ProviderView(ApiView):
    """A view for programs of a content provider, with the member in whose name they act."""

    member: ProviderMember

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        application = self.caller.application
        assert application is not None  # the scopes of providers are given to applications only
        members = MEMBERS.ask(user=application.responsible_id, provider=application.tenant)
        if not members:
            raise PermissionDenied(
                _(
                    "Whoever answers for this program does not act for the provider any more. "
                    "The programme's staff name somebody else."
                )
            )
        self.member = members[0]


class DeliverySerializer(SparseFields, serializers.ModelSerializer[Delivery]):
    """One run of an item by the provider, in a place or on line."""

    item = serializers.SlugRelatedField(slug_field="code", queryset=Item.objects.all())
    code = serializers.CharField(max_length=40, help_text="The provider's own; it is never used again.")
    place = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    cancelled = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ("id", "item", "code", "place", "starts_on", "ends_on", "cancelled")
        read_only_fields = ("id",)
        validators: list[Any] = []  # whether the code is free is the service's to say, with its clause

    def get_cancelled(self, delivery: Delivery) -> bool:
        return delivery.cancelled_at is not None


class DeliveryQuerySerializer(serializers.Serializer[Any]):
    """Which deliveries; left out, a parameter asks for nothing."""

    item = serializers.SlugField(required=False, help_text="The code of an item.")
    ends_from = serializers.DateField(required=False, help_text="Those that end on this day or later.")
    cancelled = serializers.BooleanField(required=False, allow_null=True, default=None)


class LatestEndFirst(Pages):
    """The order of deliveries."""

    ordering = ("-ends_on", "-id")


@extend_schema_view(
    get=extend_schema(operation_id="deliveries", tags=["deliveries"], parameters=[DeliveryQuerySerializer])
)
class Deliveries(ProviderView, ListAPIView[Delivery]):
    """The provider's deliveries, the latest to end first."""

    scopes = {"GET": "deliveries:read", "POST": "deliveries:write"}
    serializer_class = DeliverySerializer
    pagination_class = LatestEndFirst

    def get_queryset(self) -> QuerySet[Delivery]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Delivery.objects.none()
        asked = self.asked(DeliveryQuerySerializer)
        found = Delivery.objects.filter(provider=self.member.provider_id).select_related("item")
        if "item" in asked:
            found = found.filter(item__code=asked["item"])
        if "ends_from" in asked:
            found = found.filter(ends_on__gte=asked["ends_from"])
        if asked["cancelled"] is not None:
            found = found.filter(cancelled_at__isnull=not asked["cancelled"])
        return found

    @extend_schema(
        operation_id="schedule_delivery",
        tags=["deliveries"],
        request=DeliverySerializer,
        responses={201: DeliverySerializer},
        examples=[OpenApiExample("a week in May", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Schedule a delivery. Refused where the provider is not authorised on the day it ends (CAT-07)."""
        given = DeliverySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        delivery = deliveries.schedule_delivery(
            provider_id=self.member.provider_id,
            item_id=values["item"].pk,
            code=values["code"],
            place=values["place"],
            starts_on=values["starts_on"],
            ends_on=values["ends_on"],
            now=self.now,
        )
        response = Response(DeliverySerializer(delivery).data, status=201)
        response["Location"] = reverse("api:delivery", args=[delivery.pk], request=request)
        return give_etag(response, _etag(delivery))


class OneDelivery(ProviderView):
    """One of the provider's deliveries."""

    scopes = {"GET": "deliveries:read", "DELETE": "deliveries:write"}
    needs_if_match = ("DELETE",)

    @extend_schema(operation_id="delivery", tags=["deliveries"], responses=DeliverySerializer)
    def get(self, request: Request, delivery_id: int) -> Response:
        """The delivery, with the ETag that its cancellation asks for."""
        return tagged("delivery", DeliverySerializer, self.delivery(delivery_id), request)

    @extend_schema(operation_id="delete_delivery", tags=["deliveries"], responses={200: DeliverySerializer})
    def delete(self, request: Request, delivery_id: int) -> Response:
        """The same as its cancellation: it is read as cancelled from then on, and its code stays taken (CAT-07)."""
        return self.cancelled(request, delivery_id)

    def cancelled(self, request: Request, delivery_id: int) -> Response:
        """Cancel a delivery that is still as the caller saw it."""
        # Locked before it is compared, so that it stays as the caller saw it until it is cancelled.
        deliveries.lock_delivery(self.delivery(delivery_id).pk)
        require_match(request, _etag(self.delivery(delivery_id)))
        deliveries.cancel_delivery(delivery_id=delivery_id, now=self.now)
        cancelled = self.delivery(delivery_id)
        return give_etag(Response(DeliverySerializer(cancelled).data), _etag(cancelled))

    def delivery(self, delivery_id: int) -> Delivery:
        """A delivery of the provider; 404 for another's."""
        found = Delivery.objects.filter(provider=self.member.provider_id, pk=delivery_id).select_related("item").first()
        if found is None:
            raise Http404
        return found


class DeliveryCancellation(OneDelivery):
    """The end of a delivery before it began, or while it runs."""

    scopes = {"POST": "deliveries:write"}
    needs_if_match = ("POST",)
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="cancel_delivery", tags=["deliveries"], request=None, responses=DeliverySerializer)
    def post(self, request: Request, delivery_id: int) -> Response:
        """Cancel the delivery. Refused from its last day on (CAT-07); cancelled twice is cancelled once."""
        return self.cancelled(request, delivery_id)


def _etag(delivery: Delivery) -> str:
    return etag_of("delivery", DeliverySerializer(delivery).data)
