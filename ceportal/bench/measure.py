"""What a measurement says."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection, models, transaction


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured; the ratio is to the thing it is compared with in the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    at_most: float | None = None  # what the ratio is promised to be
    at_least: float | None = None  # what the value is promised to be, on two cores

    @property
    def promise(self) -> str:
        """What was promised and whether it is kept, in some words; empty where nothing was."""
        if self.at_most is not None:
            return f"at most {self.at_most:.0f}: {_verdict(self.ratio is not None and self.ratio <= self.at_most)}"
        if self.at_least is not None:
            return f"at least {self.at_least:,.0f}: {_verdict(self.value >= self.at_least)}"
        return ""


def _verdict(kept: bool) -> str:
    return "holds" if kept else "DOES NOT HOLD"


def timed(work: Callable[[], object]) -> float:
    """How long something takes; seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def copy_seconds(written: Sequence[type[models.Model]]) -> float:
    """How long it takes to write all rows of some models into tables like theirs, indexes and checks included."""
    seconds = 0.0
    for model in written:
        table = model._meta.db_table
        content = io.StringIO()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} TO STDOUT", content)
            cursor.execute(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)")
        content.seek(0)

        def write(content: io.StringIO = content) -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.copy_expert("COPY bench_copy FROM STDIN", content)

        seconds += timed(write)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_copy")
    return seconds
