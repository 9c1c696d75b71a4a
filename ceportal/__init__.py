"""The composition root of the CE portal: settings, wiring and site-wide pages."""

from ceportal.celery import app as celery_app

__all__ = ["celery_app"]
