"""What a measurement says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured; the ratio is to the thing it is compared with in the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    at_most: float | None = None  # what the ratio is promised to be

    @property
    def verdict(self) -> str:
        """Whether the promise is kept, in a word."""
        kept = self.ratio is not None and self.at_most is not None and self.ratio <= self.at_most
        return "holds" if kept else "DOES NOT HOLD"


def timed(work: Callable[[], object]) -> float:
    """How long something takes; seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
