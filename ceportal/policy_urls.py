"""Addresses of the policy book; a clause's number is its address."""

from django.urls import path

from ceportal import policy_views

app_name = "policy"
urlpatterns = [
    path("", policy_views.book, name="book"),
    path("<str:clause_id>", policy_views.clause, name="clause"),
    path("<str:clause_id>/", policy_views.clause),
]
