"""Locks of the database session: one worker at a time at some work that commits as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def holding(name: str) -> Iterator[bool]:
    """Hold the lock of this name within the block; False where somebody else holds it. A killed worker loses it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
