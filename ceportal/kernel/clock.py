"""The portal's clock. Only edges ask it; everything else is told `now`.

With DEMO=1 staff can set the portal's clock ahead; the shift is a row that every process reads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

SHIFT_READ_EVERY_SECONDS = 1.0

_standing: ContextVar[datetime | None] = ContextVar("standing_clock", default=None)
_shift: tuple[float, timedelta] | None = None  # when it was read (monotonic seconds), and the shift


def now() -> datetime:
    """The portal's present moment, in UTC."""
    standing = _standing.get()
    if standing is not None:
        return standing
    return _real_now() + shift()


def day_of(moment: datetime) -> date:
    """The day of a moment in the programme's time zone."""
    return moment.astimezone(ZoneInfo(settings.PROGRAMME_TIME_ZONE)).date()


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of a day in the programme's time zone."""
    zone = ZoneInfo(settings.PROGRAMME_TIME_ZONE)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def from_outside(moment: datetime) -> datetime:
    """A moment stamped by another system (Stripe), on the portal's clock."""
    return moment + shift()


def shift() -> timedelta:
    """How far the portal's clock stands ahead of the real one; always nothing outside the demo."""
    global _shift
    if not settings.DEMO:
        return timedelta()
    read_at = time.monotonic()
    if _shift is None or read_at - _shift[0] > SHIFT_READ_EVERY_SECONDS:
        from ceportal.kernel.models import ClockShift

        row = ClockShift.objects.filter(pk=1).values_list("seconds", flat=True).first()
        _shift = (read_at, timedelta(seconds=row or 0))
    return _shift[1]


def set_clock(moment: datetime) -> None:
    """Set the demo's clock ahead to a moment. ValueError outside the demo, or for a moment before the clock's own."""
    global _shift
    if not settings.DEMO:
        raise ValueError("The clock can be set in the demo only.")
    if moment < now():
        raise ValueError("The clock can only be set ahead.")
    from ceportal.kernel.models import ClockShift

    seconds = int((moment - _real_now()).total_seconds())
    ClockShift.objects.update_or_create(pk=1, defaults={"seconds": seconds})
    _shift = None


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the clock stand at a moment within the block: stories told day by day, and tests."""
    token = _standing.set(moment)
    try:
        yield
    finally:
        _standing.reset(token)


def _real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place that asks the real clock
