"""Rows that a date makes due, one at a time: what fails for one is written down and stops nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

log = structlog.get_logger(__name__)

Key = TypeVar("Key")
# The database is away or the time is over: nothing else would go better, and the next sweep begins again.
ENDS_IT_ALL = (InterfaceError, OperationalError, SoftTimeLimitExceeded)


def on_each(keys: Iterable[Key], act: Callable[[Key], int]) -> int:
    """Act on every row, a transaction each, and add up what was done.

    What failed is raised when all the others are done, so that the sweep does not count as finished.
    """
    done, failed = 0, []
    for key in list(keys):
        try:
            done += act(key)
        except ENDS_IT_ALL:
            raise
        except Exception as error:
            log.exception("row_failed", key=key)
            failed.append(error)
    raise_all(failed)
    return done


def raise_all(failed: Sequence[Exception]) -> None:
    """Raise what was put off: nothing, the one error, or all of them together."""
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise ExceptionGroup(f"{len(failed)} failed", failed)
