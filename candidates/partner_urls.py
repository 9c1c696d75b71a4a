"""Addresses of pages for channel partners."""

from django.urls import path

from candidates import partner_views

app_name = "partner"
urlpatterns = [
    path("", partner_views.people, name="people"),
    path("<int:affiliation_id>/confirm/", partner_views.confirm, name="confirm"),
    path("<int:affiliation_id>/decline/", partner_views.decline, name="decline"),
    path("<int:affiliation_id>/end/", partner_views.end, name="end"),
]
