"""A day in an address, as 2026-05-04."""

from __future__ import annotations

from datetime import date


class DayConverter:
    """Days as ISO writes them; what is no day of the calendar is no address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()
