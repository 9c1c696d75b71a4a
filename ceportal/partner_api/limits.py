"""How often one may call: a number of calls in each minute, told with every answer (RateLimit fields of the IETF)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ceportal.kernel import counters
from ceportal.partner_api.callers import of_request

WINDOW_SECONDS = 60
STRANGERS_PER_MINUTE = 60  # by address
PEOPLE_PER_MINUTE = 120

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a window is left."""

    limit: int
    left: int
    seconds: int  # until the next window begins

    def headers(self) -> Mapping[str, str]:
        """As it is told."""
        return {
            "RateLimit-Policy": f'"caller";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"caller";r={max(0, self.left)};t={self.seconds}',
        }


def count_call(key: str, limit: int) -> Room | None:
    """Count a call in the window that runs; what is left after it, below nothing where it is one too many.

    None where calls cannot be counted: then nobody is held back.
    """
    window, second = divmod(int(time.time()), WINDOW_SECONDS)
    try:
        (calls,) = counters.count(f"api-calls:{key}:{window}", seconds=2 * WINDOW_SECONDS)
        return Room(limit, limit - calls, WINDOW_SECONDS - second)
    except RedisError as error:
        log.warning("calls_not_counted", error=str(error))
        return None


class CallsPerMinute(BaseThrottle):
    """Counts the calls of each caller; `room` says what is left."""

    room: Room | None = None

    def allow_request(self, request: Request, view: object) -> bool:  # noqa: ARG002 - DRF's signature
        self.room = count_call(*_who(request))
        request.room = self.room  # type: ignore[attr-defined]  # the view tells it with the answer
        return self.room is None or self.room.left >= 0

    def wait(self) -> float | None:
        return self.room.seconds if self.room else None


def _who(request: Request) -> tuple[str, int]:
    caller = of_request(request)
    if caller is None:
        return f"address:{request.META['REMOTE_ADDR']}", STRANGERS_PER_MINUTE
    return caller.key, caller.application.calls_per_minute if caller.application else PEOPLE_PER_MINUTE
