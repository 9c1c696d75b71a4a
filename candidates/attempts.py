"""How often something may be tried, by user and by address: counters in Valkey, in windows of fixed length.

Who has tried too often can be locked out for longer than the window lasts.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.core.cache import cache

from ceportal.kernel import counters

LINK_ATTEMPTS = 5
LINK_WINDOW = timedelta(minutes=15)


def next_try_at(
    action: str, *keys: str, now: datetime, at_most: int = LINK_ATTEMPTS, window: timedelta = LINK_WINDOW
) -> datetime | None:
    """Count one more attempt under each key; when to try again where one of them has had too many, else None."""
    if max(_count(action, keys, now, window, by=1)) <= at_most:
        return None
    return datetime.fromtimestamp((_number(window, now) + 1) * window.total_seconds(), UTC)


def take_back(action: str, *keys: str, now: datetime, window: timedelta = LINK_WINDOW) -> None:
    """Count an attempt no longer that turned out to be a good one."""
    _count(action, keys, now, window, by=-1)


def lock_out(action: str, *keys: str, until: datetime, now: datetime) -> None:
    """Let nobody try under these keys until a moment."""
    for key in keys:
        cache.set(f"locked:{action}:{key}", until.timestamp(), timeout=(until - now).total_seconds())


def locked_until(action: str, *keys: str, now: datetime) -> datetime | None:
    """Until when one of these keys is locked out, the latest; None where none is."""
    found = cache.get_many([f"locked:{action}:{key}" for key in keys])
    latest = max(found.values(), default=0)
    return datetime.fromtimestamp(latest, UTC) if latest > now.timestamp() else None


def by_address(address: str) -> str:
    """The key under which a client's attempts are counted: its address, or the network that one customer is given.

    With IPv6 that is a /64, in which one machine has as many addresses as it likes.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address}"
    if found.version == 6 and found.ipv4_mapped is None:
        found = ipaddress.ip_network((found, 64), strict=False).network_address
    return f"address:{found}"


def _number(window: timedelta, now: datetime) -> int:
    return int(now.timestamp() // window.total_seconds())


def _count(action: str, keys: Collection[str], now: datetime, window: timedelta, *, by: int) -> list[int]:
    names = (f"attempts:{action}:{_number(window, now)}:{key}" for key in keys)
    return counters.count(*names, seconds=int(window.total_seconds()), by=by)
