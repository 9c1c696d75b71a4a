from django.apps import AppConfig


class PartnerApiConfig(AppConfig):
    name = "ceportal.partner_api"
    label = "partner_api"
    verbose_name = "Partner API"

    def ready(self) -> None:
        from ceportal.partner_api import schema  # noqa: F401 - tells drf-spectacular how callers show who they are
