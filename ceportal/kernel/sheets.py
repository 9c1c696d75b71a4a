"""Files that people fill in, CSV or Excel, read into lines of cells, or not with the place where they cannot be read.

Pure: bytes in, lines out. What the lines say is for whoever asked for them to look at.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from ceportal.kernel.decisions import gettext_noop as _

MEGABYTES_AT_MOST = 5
BYTES_AT_MOST = MEGABYTES_AT_MOST * 1024 * 1024
LINES_AT_MOST = 10_000  # below the names of the columns
UNPACKED_BYTES_AT_MOST = 30 * 1024 * 1024  # a workbook is packed, and may unpack to anything
CHARACTERS_AT_MOST = 1_000  # of a cell; the rest is left out
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKAGE = b"PK\x03\x04"  # a workbook is a zip file
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t"  # the semicolon is Excel's where the comma parts decimals
SEPARATOR = re.compile(rf"sep=([{DELIMITERS}])\r?\n", re.IGNORECASE)
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
MERGED_SHOWN = 3
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SERIAL_DAY = re.compile(r"\d{5}(\.\d+)?")  # a day as a spreadsheet counts it


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: text, or a day where a spreadsheet has a real one; and why it cannot be taken."""

    text: str = ""
    day: date | None = None
    trouble: str = ""  # a sentence, to be translated


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, counted as a spreadsheet counts."""

    number: int
    cells: tuple[Cell, ...]


EMPTY = Cell()
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs"})  # control, format, halves of a character, white space
FORMULA = _("The cell holds a formula.")
NOT_A_VALUE = _("The cell holds an error or a yes-or-no value.")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how it is named in a file, and what a cell of it may be."""

    name: str
    required: bool
    longest: int
    also: tuple[str, ...] = ()
    upper: bool = False  # compared without case, kept in capitals


class Unreadable(Exception):  # noqa: N818 - a slip in a file is no error of the program
    """The file as a whole cannot be read: a sentence, to be translated, and what to do."""

    def __init__(self, sentence: str, next_step: str = "", **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence, self.next_step, self.facts = sentence, next_step, facts


def read_lines(content: bytes) -> list[Line]:
    """The lines that are not empty, the names of the columns first; what the file is, is told by its content.

    Unreadable where it is too large, of another kind, or cannot be read, with the line where that can be said.
    """
    if len(content) > BYTES_AT_MOST:
        raise Unreadable(
            _("The file is larger than %(limit)s MB."), _("Divide it into several."), limit=MEGABYTES_AT_MOST
        )
    if not content.strip():
        raise Unreadable(_("The file is empty."), _("Save it again, and upload it."))
    if content.startswith(OLD_EXCEL):
        raise Unreadable(
            _("This is a workbook of the old Excel format, or one locked by a password."),
            _("Save it as .xlsx without a password, or as CSV."),
        )
    lines = _excel_lines(content) if content.startswith(PACKAGE) else _csv_lines(content)
    kept: list[Line] = []
    for line in lines:
        if all(cell == EMPTY for cell in line.cells):
            continue
        if len(kept) > LINES_AT_MOST:
            raise Unreadable(
                _("The file has more than %(limit)s lines."), _("Divide it into several."), limit=LINES_AT_MOST
            )
        kept.append(line)
    if not kept:
        raise Unreadable(_("The file is empty."), _("Save it again, and upload it."))
    return kept


# ── CSV ───────────────────────────────────────────────────────────────────────────────────────────
def _csv_lines(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    skipped = 0
    if stated := SEPARATOR.match(text):  # what Excel writes for itself
        delimiter, text, skipped = stated[1], text[stated.end() :], 1
    else:
        delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = skipped
    try:
        for row in reader:
            yield Line(number + 1, tuple(text_cell(value) for value in row))
            number = skipped + reader.line_num
    except csv.Error as error:
        raise Unreadable(
            _("Line %(line)s cannot be read: a quotation mark is not closed, or stands where none belongs."),
            _("Look at the quotation marks of that line, or save the file as .xlsx."),
            line=number + 1,
        ) from error


def _decoded(content: bytes) -> str:
    if content.startswith(UTF_16) or b"\x00" in content:
        raise Unreadable(
            _("The file is neither CSV in UTF-8 nor an Excel workbook."),
            _("In Excel, save it as “CSV UTF-8” or as .xlsx."),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            _("Line %(line)s is not in UTF-8."),
            _("In Excel, save it as “CSV UTF-8” or as .xlsx."),
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error


def text_cell(value: str) -> Cell:
    """A cell as its text says it."""
    text = _tidy(value)
    return Cell(text, trouble=FORMULA if text.startswith("=") else "")


def _tidy(value: str) -> str:
    """Text without what cannot be seen, its white space folded; no longer than a cell may be."""
    seen = value
    if not value.isprintable():
        seen = "".join(each if unicodedata.category(each) not in UNSEEN else " " for each in value)
    return " ".join(seen.split())[: CHARACTERS_AT_MOST + 1]


# ── Excel ─────────────────────────────────────────────────────────────────────────────────────────
def _excel_lines(content: bytes) -> Iterator[Line]:
    broken = Unreadable(
        _("The file is neither CSV in UTF-8 nor an Excel workbook."), _("Save it as .xlsx or as CSV UTF-8.")
    )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _refuse_what_unpacks_to_too_much(package)
            merged = _merged_cells(package)
        workbook = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        filled = {sheet.title: lines for sheet in sheets if (lines := _sheet_lines(sheet))}
    except Unreadable:
        raise
    except Exception as error:  # what a broken workbook makes of the library, the library does not foresee
        raise broken from error
    if len(filled) > 1:
        raise Unreadable(
            _("Several sheets of the workbook are filled: %(sheets)s."),
            _("Keep the one that is meant, and remove the others."),
            sheets=", ".join(filled),
        )
    for title, lines in filled.items():
        if merged.get(title):
            raise Unreadable(
                _("Cells are merged: %(cells)s."),
                _("Undo the merging, so that every line has its own values."),
                cells=", ".join(merged[title][:MERGED_SHOWN]),
            )
        yield from lines


def _refuse_what_unpacks_to_too_much(package: zipfile.ZipFile) -> None:
    if sum(part.file_size for part in package.infolist()) > UNPACKED_BYTES_AT_MOST:
        raise Unreadable(
            _("The workbook holds far more than a table."),
            _("Copy the lines into a new workbook, or save it as CSV UTF-8."),
        )


def _merged_cells(package: zipfile.ZipFile) -> dict[str, list[str]]:
    """The merged cells of each sheet, by its title; a sheet read line by line does not tell of them."""
    targets = {each.get("Id"): each.get("Target", "") for each in _xml(package, "xl/_rels/workbook.xml.rels")}
    merged = {}
    for sheet in _xml(package, "xl/workbook.xml").iter(f"{SPREADSHEET}sheet"):
        target = targets[sheet.get(RELATION)]
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        found = MERGED.findall(package.read(path))
        merged[sheet.get("name", "")] = [cells.decode() for cells in found]
    return merged


def _xml(package: zipfile.ZipFile, path: str) -> ElementTree.Element:
    return ElementTree.fromstring(package.read(path))  # noqa: S314 - expat bounds what entities expand to, and fetches none


def _sheet_lines(sheet: Any) -> list[Line]:
    sheet.reset_dimensions()  # some programs write them wrong
    lines: list[Line] = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = tuple(map(_excel_cell, row))
        if any(cell != EMPTY for cell in cells):
            lines.append(Line(number, cells))
        if len(lines) > LINES_AT_MOST + 1:
            break  # one more than there may be is enough to say so
    return lines


def _excel_cell(cell: Any) -> Cell:
    value, kind = cell.value, getattr(cell, "data_type", "n")
    if value is None:
        return EMPTY
    if kind == "f":
        return Cell(_tidy(str(value)), trouble=FORMULA)
    if isinstance(value, datetime | date):
        day = value.date() if isinstance(value, datetime) else value
        return Cell(day.isoformat(), day)
    if isinstance(value, bool) or kind == "e":
        return Cell(_tidy(str(value)), trouble=NOT_A_VALUE)
    if isinstance(value, int | float):
        # A candidate number typed as a number; in the column of days it is told as what it is.
        return Cell(str(int(value)) if value == int(value) else str(value))
    return text_cell(str(value))


def column_name(index: int) -> str:
    """What a spreadsheet calls a column: A, B, …"""
    return get_column_letter(index + 1)


# ── Columns ───────────────────────────────────────────────────────────────────────────────────────
def column_places(header: Line, rest: Sequence[Line], columns: Mapping[str, Column]) -> dict[str, int]:
    """Where each column stands, by the names in the first line; Unreadable for one unknown, missing or there twice."""
    known = {word: column.name for column in columns.values() for word in (column.name, *column.also)}
    places: dict[str, int] = {}
    width = max(len(line.cells) for line in (header, *rest))
    for index in range(width):
        words = header.cells[index].text if index < len(header.cells) else ""
        if not words:
            _refuse_values_without_name(index, rest)
            continue
        name = known.get(re.sub(r"[\s_-]+", "_", words.casefold()))
        if name is None:
            raise Unreadable(
                _("Column %(place)s is called “%(words)s”, which is not a column of this table."),
                _("The columns are: %(columns)s."),
                place=column_name(index),
                words=words,
                columns=", ".join(columns),
            )
        if name in places:
            raise Unreadable(
                _("The column “%(column)s” is there twice: in %(first)s and in %(second)s."),
                _("Remove one of them."),
                column=name,
                first=column_name(places[name]),
                second=column_name(index),
            )
        places[name] = index
    missing = [column.name for column in columns.values() if column.required and column.name not in places]
    if missing:
        raise Unreadable(
            _("These columns are missing: %(missing)s."),
            _("Name the columns in the first line: %(columns)s."),
            missing=", ".join(missing),
            columns=", ".join(columns),
        )
    return places


def _refuse_values_without_name(index: int, rest: Sequence[Line]) -> None:
    filled = [line.number for line in rest if index < len(line.cells) and line.cells[index] != EMPTY]
    if filled:
        raise Unreadable(
            _("Line %(line)s has a value in column %(place)s, which has no name."),
            _("A comma within a value needs quotation marks around the value."),
            line=filled[0],
            place=column_name(index),
        )


# ── Cells ─────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a cell: a sentence, to be translated, and what to do."""

    sentence: str
    next_step: str
    facts: Mapping[str, Any]


def cells_of(line: Line, places: Mapping[str, int]) -> dict[str, Cell]:
    """The cells of a line by the columns that the file has."""
    return {name: line.cells[place] if place < len(line.cells) else EMPTY for name, place in places.items()}


def text_of(column: Column, cell: Cell) -> str:
    """What a cell says, no longer than a cell may be."""
    return (cell.text.upper() if column.upper else cell.text)[:CHARACTERS_AT_MOST]


def trouble_with(column: Column, cell: Cell) -> Trouble | None:
    """What is wrong with a cell whatever it means; None where nothing is."""
    if cell.trouble:
        return Trouble(cell.trouble, _("Put the value itself into the cell."), {})
    if column.required and not cell.text:
        return Trouble(_("The cell is empty."), _("Fill it in."), {})
    if len(cell.text) > column.longest:
        limit = {"limit": column.longest}
        return Trouble(_("The cell holds more than %(limit)s characters."), _("Correct it."), limit)
    return None


def day_in(cell: Cell) -> date | Trouble:
    """The day in a cell, or what is wrong with it."""
    if cell.day is not None:
        return cell.day
    if ISO_DAY.fullmatch(cell.text):
        try:
            return date.fromisoformat(cell.text)
        except ValueError:
            pass
    if SERIAL_DAY.fullmatch(cell.text):
        return Trouble(
            _("The cell holds a number that is not formatted as a date."),
            _("Format the column as dates, or write year-month-day."),
            {},
        )
    return Trouble(_("This is not a day."), _("Write it as year-month-day, for example 2021-05-30."), {})
