"""The portal's clock. Only edges ask it; everything else is told `now`.

With DEMO=1 staff can set the portal's clock ahead; the shift is a row that every process reads.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

SHIFT_READ_EVERY_SECONDS = 1.0

_standing: ContextVar[datetime | None] = ContextVar("standing_clock", default=None)


@dataclass(slots=True)
class _ReadShift:
    """The shift as last read, so that the row is not asked for every time."""

    value: timedelta = timedelta()
    good_until: float = 0.0  # monotonic seconds


_read = _ReadShift()


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


def end_of(day: date) -> datetime:
    """The last moment of a day in the programme's time zone."""
    return at(day + timedelta(days=1), 0) - timedelta(microseconds=1)


def from_outside(moment: datetime) -> datetime:
    """A moment stamped by another system (Stripe), on the portal's clock."""
    return moment + shift()


def shift() -> timedelta:
    """How far the portal's clock stands ahead of the real one; always nothing outside the demo."""
    if not settings.DEMO:
        return timedelta()
    if time.monotonic() > _read.good_until:
        from ceportal.kernel.models import ClockShift

        seconds = ClockShift.objects.filter(pk=1).values_list("seconds", flat=True).first()
        _read.value = timedelta(seconds=seconds or 0)
        _read.good_until = time.monotonic() + SHIFT_READ_EVERY_SECONDS
    return _read.value


def set_clock(moment: datetime) -> None:
    """Set the demo's clock ahead to a moment. ValueError outside the demo, or for a moment before the clock's own."""
    if moment < now():
        raise ValueError("The clock can only be set ahead.")
    _set_shift(moment)


def begin_at(moment: datetime) -> None:
    """Let a demo begin at any moment, also a past one. ValueError outside the demo, or once anything came after it."""
    from ceportal.kernel.models import Event, NightlyRun

    # What the reference data tell of, the first catalog, lies years before.
    if (
        Event.objects.filter(occurred_at__gt=moment).exists()
        or NightlyRun.objects.filter(day__gt=day_of(moment)).exists()
    ):
        raise ValueError("Something has happened already after that moment; the clock can only be set ahead now.")
    _set_shift(moment)


def _set_shift(moment: datetime) -> None:
    if not settings.DEMO:
        raise ValueError("The clock can be set in the demo only.")
    from ceportal.kernel.models import ClockShift

    seconds = math.ceil((moment - _real_now()).total_seconds())  # never a moment short of the day asked for
    ClockShift.objects.update_or_create(pk=1, defaults={"seconds": seconds})
    _read.good_until = 0.0


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
