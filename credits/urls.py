"""Addresses of the credit programme: the candidate's, and the provider's under /provider/."""

from django.urls import path

from credits.views import claims, deliveries, disputes, events, evidence, home, ledger, provider, rosters

app_name = "credits"
urlpatterns = [
    path("dashboard/", home.dashboard, name="dashboard"),
    path("enroll/", home.enroll, name="enroll"),
    path("fee/", home.fee, name="fee"),
    path("credits/", ledger.ledger, name="ledger"),
    path("credits/export.csv", ledger.ledger_export, name="ledger_export"),
    path("credits/statement.pdf", ledger.signed_statement, {"kind": "pdf"}, name="statement_pdf"),
    path("credits/statement.json", ledger.signed_statement, {"kind": "json"}, name="statement_json"),
    path("credits/events/", events.event_list, name="event_list"),
    path("claims/", claims.claim_list, name="claim_list"),
    path("claims/new/", claims.claim_new, name="claim_new"),
    path("claims/draft/", claims.claim_draft, name="claim_draft"),
    path("claims/<str:number>/", claims.claim_detail, name="claim_detail"),
    path("claims/<str:number>/edit/", claims.claim_edit, name="claim_edit"),
    path("claims/<str:number>/appeal/", disputes.appeal, name="appeal"),
    path("claims/<str:number>/audit/", disputes.answer_audit, name="answer_audit"),
    path("claims/<str:number>/receipts/<int:ordinal>.pdf", disputes.receipt_pdf, name="receipt"),
    path("claims/<str:number>/discard/", claims.claim_discard, name="claim_discard"),
    path("evidence/<int:evidence_id>/", evidence.evidence_file, name="evidence_file"),
]

# ── Providers: /provider/ ─────────────────────────────────────────────────────────────────────────
urlpatterns += [
    path("provider/", provider.review_queue, name="review_queue"),
    path("provider/claims/<str:number>/", provider.review_claim, name="review_claim"),
    path("provider/approve/", provider.approve_several, name="approve_several"),
    path("provider/report/", provider.report_completion, name="report_completion"),
    path("provider/deliveries/", deliveries.deliveries, name="deliveries"),
    path("provider/deliveries/<int:delivery_id>/cancel/", deliveries.cancel_delivery, name="delivery_cancel"),
    path("provider/rosters/", rosters.roster_list, name="roster_list"),
    path("provider/rosters/empty.csv", rosters.roster_template, name="roster_template"),
    path("provider/rosters/<uuid:key>/", rosters.roster_detail, name="roster"),
    path("provider/rosters/<uuid:key>/report/", rosters.report_roster, name="roster_report"),
    path("provider/rosters/<uuid:key>/check/", rosters.check_roster, name="roster_check"),
    path("provider/rosters/<uuid:key>/discard/", rosters.discard_roster, name="roster_discard"),
    path("provider/rosters/<uuid:key>/result.csv", rosters.roster_result, name="roster_result"),
]
