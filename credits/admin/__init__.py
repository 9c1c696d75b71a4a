"""The credit programme in the administration."""

from credits.admin import appeals, audits, development, events, records, rosters

__all__ = ["appeals", "audits", "development", "events", "records", "rosters"]
