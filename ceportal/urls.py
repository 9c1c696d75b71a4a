"""All addresses of the portal."""

from django.contrib import admin
from django.urls import include, path

from candidates import badge_views, guardian_views, verification_views
from candidates.mail_reports import mail_report
from ceportal import check_views, languages, views
from ceportal.api import urlpatterns as api_urls
from ceportal.partner_api import oauth
from exams.views.results import shared as shared_results

handler404 = "ceportal.faults.not_found"
handler500 = "ceportal.faults.fault"

urlpatterns = [
    path("api/v1/", include((api_urls, "api"))),  # first, since programs call more often than people look
    path("", views.landing, name="landing"),
    path("home/", views.home, name="home"),
    path("favicon.ico", views.favicon),
    path("language/", languages.set_language, name="set_language"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("mail/reports/", mail_report, name="mail_report"),
    path("check/", check_views.check, name="check"),
    path("verify/", verification_views.verify, name="verify"),
    path("verify/<str:token>/", verification_views.verify_link, name="verify_link"),
    path("verify/<str:token>/<slug:number>.<slug:form>", badge_views.badge_by_link, name="badge_by_link"),
    path("report/", include("candidates.tip_urls")),
    path("badges/", include("candidates.badge_urls")),
    path(".well-known/did.json", badge_views.key_document, name="key_document"),
    path("guardian/<str:token>/", guardian_views.guardian, name="guardian"),
    path("guardian/<str:token>/take-back/", guardian_views.take_back, name="guardian_take_back"),
    path("shared/<str:token>/", shared_results, name="shared_results"),
    path(".well-known/jwks.json", check_views.public_keys, name="jwks"),
    path(".well-known/oauth-authorization-server", oauth.metadata, name="oauth_metadata"),
    path("oauth/token", oauth.token, name="oauth_token"),
    path("oauth/revoke", oauth.revoke, name="oauth_revoke"),
    path("accounts/", include("allauth.urls")),
    path("policy/", include("ceportal.policy_urls")),
    path("catalog/", include("catalog.urls")),
    path("partner/", include("candidates.partner_urls")),
    path("provider/", include("catalog.provider_urls")),
    path("payments/", include("payments.urls")),
    path("", include("candidates.urls")),
    path("", include("credits.urls")),
    path("", include("exams.urls")),
    path("", include("emeritus.urls")),
    path("demo/", include("ceportal.demo.urls")),
    path("admin/", admin.site.urls),
]
