"""Addresses of the exam sites."""

from django.urls import path

from exams.views import desk

app_name = "exams"
urlpatterns = [path("desk/", desk.desk, name="desk")]
