"""Addresses of the exam sites."""

from django.urls import path

from exams import views

app_name = "exams"
urlpatterns = [path("desk/", views.desk, name="desk")]
