"""The API of the catalog. Read-only, and as much of it as the same person sees on the page (CAT-08)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from catalog import queries
from catalog.models import Item
from ceportal.kernel import clock
from ceportal.kernel.answers import Pages
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.views import ApiView


class SearchSerializer(serializers.Serializer[Any]):
    """What to look for; left out, a parameter asks for nothing."""

    text = serializers.CharField(
        required=False, help_text="Every word must occur in title, summary, technology or code."
    )
    kind = serializers.ChoiceField(choices=Item.Kind.choices, required=False)
    provider = serializers.SlugField(required=False, help_text="The code of a provider authorised today.")
    language = serializers.CharField(required=False)
    technology = serializers.CharField(required=False)
    min_credits = serializers.IntegerField(required=False, min_value=0)
    max_credits = serializers.IntegerField(required=False, min_value=0)


class ProviderSerializer(serializers.Serializer[Any]):
    """Who may deliver an item today (CAT-07)."""

    code = serializers.SlugField()
    name = serializers.CharField()


class ItemSerializer(SparseFields, serializers.Serializer[Any]):
    """A training listed today, and what it is worth (CAT-01)."""

    code = serializers.SlugField()
    title = serializers.CharField()
    summary = serializers.CharField()
    kind = serializers.ChoiceField(choices=Item.Kind.choices)
    technology = serializers.CharField()
    language = serializers.CharField()
    hours = serializers.IntegerField(allow_null=True)
    credits = serializers.IntegerField()
    sample = serializers.BooleanField(help_text="Shown to anyone.")
    providers = serializers.SerializerMethodField()

    @extend_schema_field(ProviderSerializer(many=True))
    def get_providers(self, item: Any) -> Any:
        return ProviderSerializer([each.provider for each in item.authorisations_today], many=True).data


class ByTitle(Pages):
    """The catalog's order."""

    ordering = ("title", "id")


@extend_schema_view(get=extend_schema(operation_id="catalog_items", tags=["catalog"], parameters=[SearchSerializer]))
class CatalogItems(ApiView, ListAPIView[Item]):
    """The items listed today, by title: all of them for holders of an eligible certification, else a sample."""

    serializer_class = ItemSerializer
    pagination_class = ByTitle

    def get_queryset(self) -> QuerySet[Item]:
        search = self.asked(SearchSerializer)
        day = clock.day_of(self.now)
        whole = queries.view_decision(self.request.user, day).granted
        return queries.search_items(queries.Search(**search), day=day, sample_only=not whole)
