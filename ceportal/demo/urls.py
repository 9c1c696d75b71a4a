"""Addresses of the demonstration's own pages."""

from django.urls import path

from ceportal.demo import views

app_name = "demo"
urlpatterns = [
    path("mail/", views.mail, name="mail"),
    path("mail/<str:name>/", views.letter, name="letter"),
    path("clock/", views.clock_page, name="clock"),
]
