"""The clocks of sites. A day and a time of day are the site's; moments are UTC.

What falls into the hour that a spring night leaves out is the same moment said an hour later; of an hour that an autumn
night repeats, the first is meant.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = time(0)


def moment_of(day: date, at: time, time_zone: str) -> datetime:
    """The moment at which a site's clock shows a time of a day (LAB-12)."""
    return datetime.combine(day, at, ZoneInfo(time_zone)).astimezone(UTC)


def begin_of(day: date, time_zone: str) -> datetime:
    """The moment at which a day begins at a site: where a night of change leaves midnight out, the change itself."""
    return moment_of(day, MIDNIGHT, time_zone)


def end_of(day: date, time_zone: str) -> datetime:
    """The moment at which a day is over at a site, the first that is no longer of it."""
    return begin_of(day + timedelta(days=1), time_zone)


def day_at(moment: datetime, time_zone: str) -> date:
    """The day that a site's calendar shows at a moment."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
