"""A scenario as it was read: everything named is known, everything is of its kind, every step knows its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

NOON = time(12)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the story, as the certification records know them."""

    born: date = date(1980, 1, 1)
    country: str = "US"
    region: str = ""


@dataclass(frozen=True, slots=True)
class WorldItem:
    """An item that a scenario adds to the catalog, listed and authorised from the programme's first day."""

    code: str
    kind: str
    credits: int
    provider: str
    line: int


@dataclass(frozen=True, slots=True)
class WorldSitting:
    """A sitting of a lab site that a scenario sets otherwise."""

    site: str
    day: date
    line: int
    tracks: tuple[str, ...] = ()
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A fact asked for, and what it must be."""

    fact: str  # as the vocabulary names it: credits.available, status
    named: tuple[Any, ...]  # what completes its name: a track, a label
    written: str  # the whole name
    expected: Any
    expected_text: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a story: a verb or a check, at its moment."""

    line: int
    text: str
    on: date
    at: time = NOON
    who: str | None = None
    verb: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    refused: str = ""
    questions: tuple[Question, ...] = ()
    as_of: date | None = None

    @property
    def moment(self) -> datetime:
        return datetime.combine(self.on, self.at, UTC)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A dated story and what must be true as it goes on."""

    name: str
    line: int
    clauses: tuple[str, ...]
    people: Mapping[str, Person]
    items: tuple[WorldItem, ...]
    sittings: tuple[WorldSitting, ...]
    policy: Mapping[str, Any]
    story: tuple[Step, ...]  # in order of time
