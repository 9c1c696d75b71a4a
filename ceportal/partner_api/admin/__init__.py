"""Partners' programs in the administration."""

from ceportal.partner_api.admin import programs, webhooks

__all__ = ["programs", "webhooks"]
