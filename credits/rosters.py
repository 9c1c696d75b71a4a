"""What the lines of a roster say: columns known and unknown, each cell as it should be, no line twice (CE-10).

Pure. Whether the completions count is for the rule of reports to say (credits.rules.assess_report).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ceportal.kernel.decisions import Finding
from ceportal.kernel.decisions import gettext_noop as _
from credits.roster_files import CHARACTERS_AT_MOST, EMPTY, Cell, Line, column_name, unreadable


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a roster: how it is named in a file, and what a cell of it may be."""

    name: str
    required: bool
    longest: int
    also: tuple[str, ...] = ()
    upper: bool = False  # compared without case, kept in capitals


COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("candidate", required=True, longest=20, also=("candidate_number", "number"), upper=True),
        Column("name", required=False, longest=200, also=("candidate_name",)),
        Column("item", required=True, longest=60, also=("item_code", "training")),
        Column("delivery", required=False, longest=40, also=("delivery_code", "run")),
        Column("completed_on", required=True, longest=10, also=("completed", "completion_date")),
    )
}
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SERIAL_DAY = re.compile(r"\d{5}(\.\d+)?")  # a day as a spreadsheet counts it
WHOLE_LINE = ""  # the column of what concerns no single cell


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, and in which column."""

    column: str
    finding: Finding

    def as_json(self) -> dict[str, Any]:
        return {"column": self.column, "finding": self.finding.as_json()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Problem:
        return cls(raw["column"], Finding.from_json(raw["finding"]))


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it was read: its cells by column, the day it names, and what is wrong with it as it stands."""

    line: int
    given: Mapping[str, str]
    completed_on: date | None
    problems: tuple[Problem, ...]


def problem(column: str, sentence: str, next_step: str = "", *, clause: str = "CE-10", **facts: Any) -> Problem:
    """A requirement that a cell does not meet."""
    return Problem(column, Finding(clause, met=False, sentence=sentence, facts=facts, next_step=next_step))


def read_entries(lines: Sequence[Line]) -> list[Entry]:
    """The completions that a file tells of, in its order, each with what is wrong with it.

    Refused as a whole for columns that are unknown, missing or there twice, and for a file without a completion.
    """
    header, *rest = lines
    places = _columns(header, rest)
    entries = []
    seen: dict[tuple[str, str, date], int] = {}
    for line in rest:
        entry = _entry(line, places)
        if entry.completed_on is not None and not entry.problems:
            key = (entry.given["candidate"], entry.given["item"], entry.completed_on)
            if key in seen:
                entry = _doubled(entry, seen[key])
            else:
                seen[key] = entry.line
        entries.append(entry)
    if not entries:
        raise unreadable(_("The file names the columns and holds no completion."), _("Add a line for each of them."))
    return entries


def _columns(header: Line, rest: Sequence[Line]) -> dict[str, int]:
    """Where each known column stands."""
    known = {word: column.name for column in COLUMNS.values() for word in (column.name, *column.also)}
    places: dict[str, int] = {}
    width = max(len(line.cells) for line in (header, *rest))
    for index in range(width):
        words = header.cells[index].text if index < len(header.cells) else ""
        if not words and all(index >= len(line.cells) or line.cells[index] == EMPTY for line in rest):
            continue
        if not words:
            raise unreadable(
                _("Column %(place)s has values and no name."),
                _("The columns are: %(columns)s."),
                place=column_name(index),
                columns=", ".join(COLUMNS),
            )
        name = known.get(re.sub(r"[\s_-]+", "_", words.casefold()))
        if name is None:
            raise unreadable(
                _("Column %(place)s is called “%(words)s”, which is not a column of a roster."),
                _("The columns are: %(columns)s."),
                place=column_name(index),
                words=words,
                columns=", ".join(COLUMNS),
            )
        if name in places:
            raise unreadable(
                _("The column “%(column)s” is there twice: in %(first)s and in %(second)s."),
                _("Remove one of them."),
                column=name,
                first=column_name(places[name]),
                second=column_name(index),
            )
        places[name] = index
    missing = [column.name for column in COLUMNS.values() if column.required and column.name not in places]
    if missing:
        raise unreadable(
            _("These columns are missing: %(missing)s."),
            _("Name the columns in the first line: %(columns)s."),
            missing=", ".join(missing),
            columns=", ".join(COLUMNS),
        )
    return places


def _entry(line: Line, places: Mapping[str, int]) -> Entry:
    cells = {name: line.cells[place] if place < len(line.cells) else EMPTY for name, place in places.items()}
    given = {
        name: (cell.text.upper() if COLUMNS[name].upper else cell.text)[:CHARACTERS_AT_MOST]
        for name, cell in cells.items()
    }
    problems = [found for name, cell in cells.items() if (found := _trouble(COLUMNS[name], cell)) is not None]
    completed_on = None
    if not any(each.column == "completed_on" for each in problems):
        completed_on = _day(cells["completed_on"])
        if completed_on is None:
            problems.append(_not_a_day(cells["completed_on"]))
    return Entry(line.number, given, completed_on, tuple(problems))


def _trouble(column: Column, cell: Cell) -> Problem | None:
    if cell.trouble:
        return problem(column.name, cell.trouble, _("Put the value itself into the cell."))
    if column.required and not cell.text:
        return problem(column.name, _("The cell is empty."), _("Fill it in."))
    if len(cell.text) > column.longest and column.name != "completed_on":
        return problem(
            column.name, _("The cell holds more than %(limit)s characters."), _("Correct it."), limit=column.longest
        )
    return None


def _day(cell: Cell) -> date | None:
    if cell.day is not None:
        return cell.day
    if not ISO_DAY.fullmatch(cell.text):
        return None
    try:
        return date.fromisoformat(cell.text)
    except ValueError:
        return None


def _not_a_day(cell: Cell) -> Problem:
    if SERIAL_DAY.fullmatch(cell.text):
        return problem(
            "completed_on",
            _("The cell holds a number that is not formatted as a date."),
            _("Format the column as dates, or write year-month-day."),
        )
    return problem("completed_on", _("This is not a day."), _("Write it as year-month-day, for example 2021-05-30."))


def _doubled(entry: Entry, first: int) -> Entry:
    again = problem(WHOLE_LINE, _("It says the same as line %(line)s."), _("Remove one of them."), line=first)
    return Entry(entry.line, entry.given, entry.completed_on, (again,))


# The column of a roster that an unmet clause of a report speaks of.
COLUMN_OF_CLAUSE: Mapping[str, str] = {
    "CE-05": "candidate",
    "CE-10": "completed_on",
    "CE-15": "completed_on",
    "CE-01": "completed_on",
    "CE-03": "completed_on",
    "CR-06": "completed_on",
    "CAT-01": "item",
    "CAT-05": "item",
    "CAT-07": "item",
    "CR-04": "item",
}


def same_name(one: str, other: str) -> bool:
    """Whether two names are written alike, whatever the order of their parts, case and accents."""
    return _parts(one) == _parts(other)


def _parts(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(each if each.isalpha() else " " for each in plain if not unicodedata.combining(each))
    return set(letters.split())
