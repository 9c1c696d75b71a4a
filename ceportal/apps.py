from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class PortalConfig(AppConfig):
    """The composition root: commands, site-wide pages and wiring."""

    name = "ceportal"


class StaticFiles(StaticFilesConfig):
    """Static files without the stylesheet's sources, which only the Tailwind CLI can read."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "css/*"]
