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


def timed(work: Callable[[], object]) -> float:
    """How long something takes; seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
