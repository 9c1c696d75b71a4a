"""Addresses of the API under /api/v1/. Wiring only; the views live with their apps."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from candidates.api import MyCertifications
from catalog.api import CatalogItems
from credits.api import MyClaims, MyCredits

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("catalog/items", CatalogItems.as_view(), name="catalog_items"),
    path("me/certifications", MyCertifications.as_view(), name="my_certifications"),
    path("me/credits", MyCredits.as_view(), name="my_credits"),
    path("me/claims", MyClaims.as_view(), name="my_claims"),
]
