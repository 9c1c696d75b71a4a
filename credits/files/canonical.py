"""The ledger's canonical form: how entries become lines, and lines the hash of a day (docs/ledger.md).

A *line* is the JSON array of everything an entry says, written in one way only. A *seal's hash* is the SHA-256 over an
opening line, which names the day and the seal before, and the lines of the day in the order of their numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

NAME: Final = "ledger seal 1"  # another form gets another number
NOTHING_BEFORE: Final = "0" * 64
NUMBER_BYTES = START_BYTES = 8

# As SQL, so that a million lines need not be put together here. json.dumps of the same list gives the same text.
LINE = """json_build_array(
    entry.id, entry.candidate_id, entry.grant_id, entry.kind, entry.amount,
    to_char(entry.counts_from, 'YYYY-MM-DD'),
    to_char(entry.written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    entry.clause, entry.recertification_id, entry.corrects_id
)::text"""


@dataclass(slots=True)
class DayHash:
    """The hash of a day, fed line by line."""

    day: date
    previous: str
    entries: int = 0
    first: int = 0
    last: int = 0
    _marks: bytearray = field(default_factory=bytearray)
    _hash: hashlib._Hash = field(init=False)

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256(_as_line(json.dumps([NAME, self.day.isoformat(), self.previous])))

    def add(self, number: int, line: str) -> None:
        """The next entry: its number and its line."""
        self._hash.update(_as_line(line))
        self._marks += mark_of(number, line)
        self.first = self.first or number
        self.last = number
        self.entries += 1

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def marks(self) -> bytes:
        """What is kept of each entry, so that one that was changed, removed or put in can be named."""
        return bytes(self._marks)


def mark_of(number: int, line: str) -> bytes:
    """An entry's number and the start of the hash of its line."""
    return number.to_bytes(NUMBER_BYTES, "big") + hashlib.sha256(_as_line(line)).digest()[:START_BYTES]


def numbers_in(marks: bytes) -> Iterator[tuple[int, bytes]]:
    """The marks one by one: number, and the whole mark."""
    size = NUMBER_BYTES + START_BYTES
    for start in range(0, len(marks), size):
        mark = marks[start : start + size]
        yield int.from_bytes(mark[:NUMBER_BYTES], "big"), mark


def _as_line(text: str) -> bytes:
    return text.encode() + b"\n"
