"""Addresses of pages about the person."""

from django.urls import path

from candidates import standing_views, verification_views, views

app_name = "candidates"
urlpatterns = [
    path("link/", views.link, name="link"),
    path("profile/", views.profile, name="profile"),
    path("certifications/<str:number>/", views.certification, name="certification"),
    path("notices/", views.notice_list, name="notice_list"),
    path("notices/<int:notice_id>/", views.notice, name="notice"),
    path("standing/", standing_views.standing, name="standing"),
    path("standing/sanctions/<int:sanction_id>/", standing_views.sanction, name="sanction"),
    path("standing/partner/", standing_views.request_affiliation, name="request_affiliation"),
    path("standing/partner/leave/", standing_views.leave_partner, name="leave_partner"),
    path("sharing/", verification_views.share, name="sharing"),
    path("sharing/<int:link_id>/withdraw/", verification_views.withdraw_link, name="withdraw_link"),
]
