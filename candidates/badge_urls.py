"""Addresses of badges, and of what is published so that they verify without the portal."""

from django.urls import path

from candidates import badge_views

app_name = "badges"
urlpatterns = [
    path("issuer.json", badge_views.profile, name="issuer"),
    path("status/<int:list_number>/<slug:purpose>.jwt", badge_views.status_list, name="status_list"),
    path("achievements/<slug:track>/<slug:standing>/", badge_views.achievement, name="achievement"),
    path("achievements/<slug:track>/<slug:standing>.<slug:form>", badge_views.emblem, name="emblem"),
    path("<slug:number>.<slug:form>", badge_views.badge, name="badge"),
]
