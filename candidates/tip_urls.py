"""Addresses of what is reported in confidence: requests to them are logged without the account."""

from django.urls import path

from candidates import tip_views

app_name = "tips"
urlpatterns = [
    path("", tip_views.report, name="report"),
    path("follow/", tip_views.follow, name="follow"),
    path("follow/add/", tip_views.add, name="add"),
    path("follow/leave/", tip_views.leave, name="leave"),
    path("files/<int:file_id>/", tip_views.file, name="file"),
]
