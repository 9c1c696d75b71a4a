"""Addresses of Emeritus."""

from django.urls import path

from emeritus import views

app_name = "emeritus"
urlpatterns = [
    path("emeritus/", views.page, name="page"),
    path("emeritus/buy/", views.buy, name="buy"),
]
