"""Tables that people hand in as CSV: rows by the names of their columns, and what is wrong in which row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from ceportal.kernel.decisions import gettext_noop as _

DELIMITERS = ",;\t"
NUL = "\0"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell, a row or the file; told when it is shown, in the reader's language."""

    row: int  # as spreadsheets count, the heading being the first; 0: the file as a whole
    column: str  # empty: the row as a whole
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence, in the reader's language."""
        return gettext(self.sentence) % self.facts

    @property
    def place(self) -> str:
        """Where it is: "row 12, minutes"."""
        if not self.row:
            return gettext("the file")
        if not self.column:
            return gettext("row %(row)s") % {"row": self.row}
        return gettext("row %(row)s, %(column)s") % {"row": self.row, "column": self.column}

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "column": self.column, "sentence": self.sentence, "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its number; cells without the blanks around them."""

    number: int
    cells: Mapping[str, str]

    def problem(self, column: str, sentence: str, **facts: Any) -> Problem:
        return Problem(self.number, column, sentence, facts)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that could be read, and what was wrong with the others."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def read_csv(content: bytes, *, columns: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Read a table by its heading; columns come in any order, those that nobody asked for are left out.

    UTF-8, with commas, semicolons or tabs between the cells. Empty rows are left out. Bad input never raises.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = NUL
    if NUL in text:
        return _unreadable(_("This is not a text file in UTF-8. Save the table as CSV in UTF-8."))
    heading_line, _newline, _rest = text.partition("\n")
    delimiter = max(DELIMITERS, key=heading_line.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        heading = [name.strip().lower() for name in next(lines, [])]
    except csv.Error:
        return _unreadable(_("The heading cannot be read."))
    asked = [*columns, *optional]
    if twice := [name for name in asked if heading.count(name) > 1]:
        return _unreadable(_("The column “%(column)s” stands twice in the heading."), row=1, column=twice[0])
    if missing := [name for name in columns if name not in heading]:
        return _unreadable(
            _("The heading lacks: %(missing)s. It must name these columns: %(columns)s."),
            row=1,
            missing=", ".join(missing),
            columns=", ".join(columns),
        )
    return _read_rows(
        lines, width=len(heading), places={name: heading.index(name) for name in asked if name in heading}
    )


def _read_rows(lines: Any, *, width: int, places: Mapping[str, int]) -> Table:
    rows: list[Row] = []
    problems: list[Problem] = []
    number = 1
    while True:
        number += 1
        try:
            cells = next(lines, None)
        except csv.Error:
            problems.append(Problem(number, "", _("This row cannot be read as CSV.")))
            continue
        if cells is None:
            return Table(tuple(rows), tuple(problems))
        if not any(cells):
            continue
        if any(cells[width:]):
            problems.append(Problem(number, "", _("This row has more cells than the heading.")))
            continue
        cells += [""] * (width - len(cells))
        rows.append(Row(number, {name: cells[place].strip() for name, place in places.items()}))


def _unreadable(sentence: str, *, row: int = 0, column: str = "", **facts: Any) -> Table:
    return Table((), (Problem(row, column, sentence, facts | ({"column": column} if column else {})),))
