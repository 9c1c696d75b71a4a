from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The composition root: commands, site-wide pages and wiring."""

    name = "ceportal"
