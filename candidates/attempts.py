"""How often something may be tried, by user and by address: counters in the cache, in windows of fixed length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.core.cache import cache

LINK_ATTEMPTS = 5
LINK_WINDOW = timedelta(minutes=15)


def next_try_at(action: str, *keys: str, now: datetime) -> datetime | None:
    """Count one more attempt under each key; when to try again where one of them has had too many, else None."""
    window = int(now.timestamp() // LINK_WINDOW.total_seconds())
    counts = [_count(f"attempts:{action}:{window}:{key}") for key in keys]
    if max(counts) <= LINK_ATTEMPTS:
        return None
    return datetime.fromtimestamp((window + 1) * LINK_WINDOW.total_seconds(), UTC)


def _count(key: str) -> int:
    cache.add(key, 0, timeout=LINK_WINDOW.total_seconds())
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=LINK_WINDOW.total_seconds())
        return 1
