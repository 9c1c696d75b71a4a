"""Tables as CSV for spreadsheets: in UTF-8, and no cell that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

DANGEROUS_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take the cell for a formula


class _Echo:
    """A file that gives back what is written to it, so that rows can be sent one by one."""

    def write(self, value: str) -> str:
        return value


def as_csv(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The rows as lines of CSV, one at a time; texts that begin like a formula have an apostrophe before them."""
    writer = csv.writer(_Echo())
    yield "\ufeff"  # spreadsheets read it as UTF-8 then
    for row in rows:
        yield str(writer.writerow([_harmless(value) for value in row]))


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS_STARTS) else value
