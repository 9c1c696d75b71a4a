"""Addresses of the API under /api/v1/. Wiring only; the views live with their apps."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from candidates.api import MyCertifications
from catalog.api import CatalogItems
from ceportal.partner_api.job_views import JobOutcomes, JobView
from credits.api import MyClaims, MyCredits

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]), name="schema"),
    path(
        "documentation",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", authentication_classes=[], permission_classes=[]),
        name="documentation",
    ),
    path("jobs/<int:job_id>", JobView.as_view(), name="job"),
    path("jobs/<int:job_id>/outcomes", JobOutcomes.as_view(), name="job_outcomes"),
    path("catalog/items", CatalogItems.as_view(), name="catalog_items"),
    path("me/certifications", MyCertifications.as_view(), name="my_certifications"),
    path("me/credits", MyCredits.as_view(), name="my_credits"),
    path("me/claims", MyClaims.as_view(), name="my_claims"),
]
