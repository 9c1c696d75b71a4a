"""Addresses of pages about the person."""

from django.urls import path

from candidates import (
    agreement_views,
    document_views,
    guardian_views,
    privacy_views,
    standing_views,
    token_views,
    verification_views,
    views,
)

app_name = "candidates"
urlpatterns = [
    path("link/", views.link, name="link"),
    path("profile/", views.profile, name="profile"),
    path("profile/address/confirm/", views.confirm_address, name="confirm_address"),
    path("certifications/<str:number>/", views.certification, name="certification"),
    path("certifications/<slug:number>/certificate.pdf", document_views.certificate, name="certificate"),
    path("certifications/<slug:number>/card.pdf", document_views.card, name="card"),
    path("certifications/<slug:number>/logos.zip", document_views.logos, name="logos"),
    path("logo-guidelines/", document_views.logo_guidelines, name="logo_guidelines"),
    path("notices/", views.notice_list, name="notice_list"),
    path("notices/<int:notice_id>/", views.notice, name="notice"),
    path("agreements/", agreement_views.agreement_list, name="agreements"),
    path("agreements/<slug:kind>/<str:version>/", agreement_views.agreement, name="agreement"),
    path("standing/", standing_views.standing, name="standing"),
    path("standing/sanctions/<int:sanction_id>/", standing_views.sanction, name="sanction"),
    path("standing/guardian/", guardian_views.ask, name="guardian"),
    path("standing/guardian/<int:request_id>/withdraw/", guardian_views.withdraw, name="withdraw_guardian_request"),
    path("standing/evidence/<int:file_id>/", standing_views.sanction_file, name="sanction_file"),
    path("standing/partner/", standing_views.request_affiliation, name="request_affiliation"),
    path("standing/partner/leave/", standing_views.leave_partner, name="leave_partner"),
    path("privacy/", privacy_views.privacy, name="privacy"),
    path("privacy/copy/", privacy_views.ask_for_export, name="ask_for_export"),
    path("privacy/copy/<int:request_id>/", privacy_views.download_export, name="download_export"),
    path("privacy/erasure/", privacy_views.erasure, name="erasure"),
    path("privacy/erasure/withdraw/", privacy_views.withdraw_erasure, name="withdraw_erasure"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<int:token_id>/withdraw/", token_views.withdraw_token, name="withdraw_token"),
    path("sharing/", verification_views.share, name="sharing"),
    path("sharing/<int:link_id>/withdraw/", verification_views.withdraw_link, name="withdraw_link"),
]
