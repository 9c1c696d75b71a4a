"""Addresses of a provider's own pages of the catalog, under /provider/."""

from django.urls import path

from catalog import provider_views as views

app_name = "provider"
urlpatterns = [
    path("proposals/", views.proposal_list, name="proposal_list"),
    path("proposals/new/", views.proposal_new, name="proposal_new"),
    path("proposals/check/", views.proposal_check, name="proposal_check"),
    path("proposals/<int:proposal_id>/", views.proposal_detail, name="proposal"),
    path("proposals/<int:proposal_id>/withdraw/", views.withdraw_proposal, name="proposal_withdraw"),
    path("members/", views.member_list, name="member_list"),
    path("members/<int:member_id>/", views.change_membership, name="member_change"),
]
