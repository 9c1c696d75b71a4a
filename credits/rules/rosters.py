"""What the lines of a roster say: columns known and unknown, each cell as it should be, no line twice (CE-10).

Pure. Whether the completions count is for the rule of reports to say (credits.rules.assess_report).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.sheets import (
    CHARACTERS_AT_MOST,
    EMPTY,
    Cell,
    Column,
    Line,
    Trouble,
    cells_of,
    column_places,
    day_in,
    text_cell,
    text_of,
    trouble_with,
)
from credits.files.roster_files import refusing_as_a_whole, unreadable

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
WHOLE_LINE = ""  # the column of what concerns no single cell
ROW = "row"  # that of what is no row at all


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, and in which column."""

    column: str
    finding: Finding
    as_read: bool = False  # with the line itself, whatever else becomes of the world

    def as_json(self) -> dict[str, Any]:
        return {"column": self.column, "finding": self.finding.as_json(), "as_read": self.as_read}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Problem:
        return cls(raw["column"], Finding.from_json(raw["finding"]), raw["as_read"])


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it was read: its cells by column, the day it names, and what is wrong with it as it stands."""

    line: int
    given: Mapping[str, str]
    completed_on: date | None
    problems: tuple[Problem, ...]


def problem(column: str, clause: str, sentence: str, next_step: str = "", **facts: Any) -> Problem:
    """A requirement that a line does not meet, and the column in which it does not."""
    return Problem(column, Finding(clause, met=False, sentence=sentence, facts=facts, next_step=next_step))


def _misread(column: str, sentence: str, next_step: str, **facts: Any) -> Problem:
    return replace(problem(column, "CE-10", sentence, next_step, **facts), as_read=True)


def read_entries(lines: Sequence[Line]) -> list[Entry]:
    """The completions that a file tells of, in its order, each with what is wrong with it.

    Refused as a whole for columns that are unknown, missing or there twice, and for a file without a completion.
    """
    header, *rest = lines
    places = _columns(header, rest)
    if not rest:
        raise unreadable(_("The file names the columns and holds no completion."), _("Add a line for each of them."))
    return _without_repeats(_entry(line.number, cells_of(line, places)) for line in rest)


def read_rows(rows: Sequence[Any], *, item: str, delivery: str) -> list[Entry]:
    """As `read_entries`, for rows that a program hands in for one run of an item, counted from 1.

    A row is an object of texts by column, the item and the run left out; what is none is wrong by itself.
    """
    run = {"item": Cell(item), "delivery": Cell(delivery)}
    return _without_repeats(_entry_of_row(number, row, run) for number, row in enumerate(rows, start=1))


def _entry_of_row(number: int, row: Any, run: Mapping[str, Cell]) -> Entry:
    if not isinstance(row, dict):
        return Entry(number, {}, None, (_misread(ROW, _("This is no object."), _("Send the columns by their names.")),))
    columns = [name for name in COLUMNS if name not in run]
    said = {name: value for name, value in row.items() if value is not None}
    cells = {name: text_cell(value) if isinstance(value := said.get(name, ""), str) else EMPTY for name in columns}
    entry = _entry(number, {**cells, **run})
    others = [name for name in said if name not in columns]
    strange = [
        *(_misread(text_cell(name).text[:40], _("There is no such column."), _("Leave it out.")) for name in others),
        *(
            _misread(name, _("This is not text."), _("Send it as text."))
            for name in columns
            if not isinstance(said.get(name, ""), str)
        ),
    ]
    if not strange:
        return entry
    told = {each.column for each in strange}
    return replace(entry, problems=(*strange, *(each for each in entry.problems if each.column not in told)))


def _without_repeats(entries: Iterable[Entry]) -> list[Entry]:
    kept = []
    seen: dict[tuple[str, str, date], int] = {}
    for entry in entries:
        if entry.completed_on is None or entry.problems:
            kept.append(entry)
            continue
        key = (entry.given["candidate"], entry.given["item"], entry.completed_on)
        kept.append(_doubled(entry, seen[key]) if key in seen else entry)
        seen.setdefault(key, entry.line)
    return kept


def _columns(header: Line, rest: Sequence[Line]) -> dict[str, int]:
    """Where each known column stands."""
    with refusing_as_a_whole():
        return column_places(header, rest, COLUMNS)


def _entry(number: int, cells: Mapping[str, Cell]) -> Entry:
    given = {name: text_of(COLUMNS[name], cell) for name, cell in cells.items()}
    problems = [_told(name, found) for name, cell in cells.items() if (found := _trouble(name, cell)) is not None]
    completed_on = None
    if not any(each.column == "completed_on" for each in problems):
        day = day_in(cells["completed_on"])
        if isinstance(day, Trouble):
            problems.append(_told("completed_on", day))
        else:
            completed_on = day
    return Entry(number, given, completed_on, tuple(problems))


def _trouble(name: str, cell: Cell) -> Trouble | None:
    column = COLUMNS[name]
    # Of what is too long for a day it is said that it is none.
    return trouble_with(replace(column, longest=CHARACTERS_AT_MOST + 1) if name == "completed_on" else column, cell)


def _told(name: str, trouble: Trouble) -> Problem:
    return _misread(name, trouble.sentence, trouble.next_step, **trouble.facts)


def _doubled(entry: Entry, first: int) -> Entry:
    again = _misread(WHOLE_LINE, _("It says the same as line %(line)s."), _("Remove one of them."), line=first)
    return Entry(entry.line, entry.given, entry.completed_on, (again,))


# The column of a roster that an unmet clause of a report speaks of; the day it was completed where none is named.
COLUMN_OF_CLAUSE: Mapping[str, str] = {
    "CAND-02": "candidate",
    "CE-05": "candidate",
    "CAT-01": "item",
    "CAT-05": "item",
    "CAT-07": "item",
    "CR-04": "item",
}


# What a provider can do where the rule speaks to whoever claims.
NEXT_STEPS: Mapping[str, str] = {
    "CAT-07": _("Compare the day, or ask the programme for the authorisation."),
    "CR-04": _("A training counts once in a recertification cycle."),
}


def problems_of(decision: Decision, *, with_delivery: bool, completed: bool, said_before: int | None) -> list[Problem]:
    """What a report does not meet, each with the column that would have to be another.

    `said_before`: the line of the roster that reports the same training for the same person before.
    """
    return [
        _same_training(said_before)
        if each.clause == "CR-04" and said_before is not None
        else Problem(
            _column_of(each.clause, with_delivery=with_delivery, completed=completed),
            replace(each, next_step=NEXT_STEPS.get(each.clause, each.next_step)),
        )
        for each in decision.unmet
    ]


def _same_training(line: int) -> Problem:
    return problem(
        "item",
        "CR-04",
        _("Line %(line)s reports the same training in the same cycle."),
        _("A training counts once in a recertification cycle."),
        line=line,
    )


def _column_of(clause: str, *, with_delivery: bool, completed: bool) -> str:
    if clause == "CAT-07" and with_delivery:
        return "delivery"
    if clause == "CE-10" and completed:
        return "candidate"  # nobody reports a completion of their own
    return COLUMN_OF_CLAUSE.get(clause, "completed_on")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run that a line names, if the provider has one by that code, and the line that names it."""

    found: bool
    of_the_item: bool
    cancelled: bool
    starts_on: date
    ends_on: date
    completed_on: date
    day: date


def assess_run(facts: RunFacts) -> Problem | None:
    """What is wrong with the run that a line names (CAT-07)."""
    if not facts.found:
        return problem("delivery", "CAT-07", _("You have no run under this code."), _("See your deliveries."))
    if not facts.of_the_item:
        return problem("delivery", "CAT-07", _("This run is one of another training."), _("Compare the two codes."))
    if facts.cancelled:
        return problem("delivery", "CAT-07", _("This run was cancelled."), _("Name the run that was held."))
    if facts.day < facts.ends_on:
        return problem(
            "delivery",
            "CAT-07",
            _("This run lasts until %(ends_on)s."),
            _("Report it once it has ended."),
            ends_on=facts.ends_on,
        )
    if facts.completed_on < facts.starts_on:
        return problem(
            "delivery",
            "CAT-07",
            _("This run began on %(starts_on)s, after the day of completion."),
            _("Compare the day with the run."),
            starts_on=facts.starts_on,
        )
    return None


def assess_start(*, status: str, to_report: int) -> Decision:
    """Whether a roster can be reported now (CE-10): after its dry run, and if any line of it can be."""
    return Decision(
        (
            finding(
                "CE-10",
                status == "checked",
                yes=_("It was looked at as a dry run."),
                no=_("It is being checked, or was discarded."),
                next_step=_("Look at the dry run first."),
            ),
            finding(
                "CE-10",
                to_report > 0,
                yes=_("Lines that can be reported: %(to_report)s."),
                no=_("No line of it can be reported."),
                next_step=_("Correct the lines, and upload the file again."),
                to_report=to_report,
            ),
        )
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names are written alike, whatever the order of their parts, case and accents."""
    return _parts(one) == _parts(other)


def _parts(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(each if each.isalpha() else " " for each in plain if not unicodedata.combining(each))
    return set(letters.split())
