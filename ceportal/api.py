"""Addresses of the API under /api/v1/. Wiring only; the views live with their apps."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from candidates.api import MyCertifications, MyEvents
from candidates.verifier_api import Affiliations, OneAffiliation, OneStatus, Statuses
from catalog.api import CatalogItems
from catalog.offering_api import Offerings, OneOffering, OneProposal, Proposals, ProposalWithdrawal
from catalog.organiser_api import Gatherings, GatheringSchedule, GatheringSessions, OneGathering
from catalog.provider_api import Deliveries, DeliveryCancellation, OneDelivery
from ceportal.partner_api.feed_views import Events
from ceportal.partner_api.job_views import JobOutcomes, JobView
from ceportal.partner_api.webhook_views import (
    OneRedelivery,
    OneWebhook,
    WebhookDeliveries,
    WebhookRedelivery,
    Webhooks,
    WebhookSecretView,
    WebhookTest,
)
from credits.api import MyClaims, MyCredits
from credits.exam_team_api import AuthoredItemsReports, OneAuthoredItems, OneWorkshop, WorkshopReports
from credits.organiser_api import GatheringAttendances, GatheringScans
from credits.provider_api import ClaimDecision, ClaimEvidence, ProviderClaim, ProviderClaims
from credits.roster_api import DeliveryRosters, OneRoster, RosterLines, Rosters
from exams.api import Eligibility, ResultBulk, ResultCorrection, Results
from exams.my_api import MyBookings, MyOpenExams, MyResults

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]), name="schema"),
    path(
        "documentation",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", authentication_classes=[], permission_classes=[]),
        name="documentation",
    ),
    path("jobs/<int:job_id>", JobView.as_view(), name="job"),
    path("jobs/<int:job_id>/outcomes", JobOutcomes.as_view(), name="job_outcomes"),
    path("affiliations", Affiliations.as_view(), name="affiliations"),
    path("affiliations/<int:affiliation_id>", OneAffiliation.as_view(), name="affiliation"),
    path("authored-items", AuthoredItemsReports.as_view(), name="authored_items"),
    path("authored-items/<int:record_id>", OneAuthoredItems.as_view(), name="authored_items_report"),
    path("catalog/items", CatalogItems.as_view(), name="catalog_items"),
    path("claims", ProviderClaims.as_view(), name="claims"),
    path("claims/<str:number>", ProviderClaim.as_view(), name="claim"),
    path("claims/<str:number>/decision", ClaimDecision.as_view(), name="claim_decision"),
    path("claims/<str:number>/evidence/<int:evidence_id>", ClaimEvidence.as_view(), name="claim_evidence"),
    path("deliveries", Deliveries.as_view(), name="deliveries"),
    path("deliveries/<int:delivery_id>", OneDelivery.as_view(), name="delivery"),
    path("deliveries/<int:delivery_id>/cancellation", DeliveryCancellation.as_view(), name="delivery_cancellation"),
    path("deliveries/<int:delivery_id>/rosters", DeliveryRosters.as_view(), name="delivery_rosters"),
    path("events", Events.as_view(), name="events"),
    path("exams/<slug:exam>/eligibility", Eligibility.as_view(), name="eligibility"),
    path("gatherings", Gatherings.as_view(), name="gatherings"),
    path("gatherings/<slug:code>", OneGathering.as_view(), name="gathering"),
    path("gatherings/<slug:code>/attendances", GatheringAttendances.as_view(), name="gathering_attendances"),
    path("gatherings/<slug:code>/scans", GatheringScans.as_view(), name="gathering_scans"),
    path("gatherings/<slug:code>/schedule", GatheringSchedule.as_view(), name="gathering_schedule"),
    path("gatherings/<slug:code>/sessions", GatheringSessions.as_view(), name="gathering_sessions"),
    path("offerings", Offerings.as_view(), name="offerings"),
    path("offerings/<slug:code>", OneOffering.as_view(), name="offering"),
    path("proposals", Proposals.as_view(), name="proposals"),
    path("proposals/<int:proposal_id>", OneProposal.as_view(), name="proposal"),
    path("proposals/<int:proposal_id>/withdrawal", ProposalWithdrawal.as_view(), name="proposal_withdrawal"),
    path("results", Results.as_view(), name="results"),
    path("results/bulk", ResultBulk.as_view(), name="result_bulk"),
    path("results/<int:result_id>/correction", ResultCorrection.as_view(), name="result_correction"),
    path("statuses", Statuses.as_view(), name="statuses"),
    path("statuses/<slug:number>", OneStatus.as_view(), name="status"),
    path("webhooks", Webhooks.as_view(), name="webhooks"),
    path("webhooks/<int:webhook_id>", OneWebhook.as_view(), name="webhook"),
    path("webhooks/<int:webhook_id>/deliveries", WebhookDeliveries.as_view(), name="webhook_deliveries"),
    path(
        "webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/redelivery", OneRedelivery.as_view(), name="redelivery"
    ),
    path("webhooks/<int:webhook_id>/redelivery", WebhookRedelivery.as_view(), name="webhook_redelivery"),
    path("webhooks/<int:webhook_id>/secret", WebhookSecretView.as_view(), name="webhook_secret"),
    path("webhooks/<int:webhook_id>/test", WebhookTest.as_view(), name="webhook_test"),
    path("workshops", WorkshopReports.as_view(), name="workshops"),
    path("workshops/<int:record_id>", OneWorkshop.as_view(), name="workshop"),
    path("rosters", Rosters.as_view(), name="rosters"),
    path("rosters/<uuid:key>", OneRoster.as_view(), name="roster"),
    path("rosters/<uuid:key>/lines", RosterLines.as_view(), name="roster_lines"),
    path("me/certifications", MyCertifications.as_view(), name="my_certifications"),
    path("me/credits", MyCredits.as_view(), name="my_credits"),
    path("me/events", MyEvents.as_view(), name="my_events"),
    path("me/exams", MyOpenExams.as_view(), name="my_open_exams"),
    path("me/results", MyResults.as_view(), name="my_results"),
    path("me/bookings", MyBookings.as_view(), name="my_bookings"),
    path("me/claims", MyClaims.as_view(), name="my_claims"),
]
