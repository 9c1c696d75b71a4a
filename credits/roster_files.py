"""A roster's file, CSV or Excel, read into lines of cells, or refused with the place where it cannot be read.

Pure: bytes in, lines out. What the lines say is looked at by credits.rosters.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from ceportal.kernel.decisions import Decision, Finding, Refused
from ceportal.kernel.decisions import gettext_noop as _

MEGABYTES_AT_MOST = 5
BYTES_AT_MOST = MEGABYTES_AT_MOST * 1024 * 1024
LINES_AT_MOST = 10_000  # below the names of the columns
UNPACKED_BYTES_AT_MOST = 30 * 1024 * 1024  # a workbook is packed, and may unpack to anything
CHARACTERS_AT_MOST = 200  # of a cell; the rest is left out
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKAGE = b"PK\x03\x04"  # a workbook is a zip file
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t"  # the semicolon is Excel's where the comma parts decimals
SEPARATOR = re.compile(rf"sep=([{DELIMITERS}])\r?\n", re.IGNORECASE)
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
MERGED_SHOWN = 3


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
FORMULA = _("The cell holds a formula.")
NOT_A_VALUE = _("The cell holds an error or a yes-or-no value.")


def unreadable(sentence: str, next_step: str = "", **facts: Any) -> Refused:
    """The refusal of a file as a whole (CE-10)."""
    return Refused(Decision((Finding("CE-10", met=False, sentence=sentence, facts=facts, next_step=next_step),)))


def read_lines(content: bytes) -> list[Line]:
    """The lines that are not empty, the names of the columns first; what the file is, is told by its content.

    Refused where it is too large, of another kind, or cannot be read, with the line where that can be said.
    """
    if len(content) > BYTES_AT_MOST:
        raise unreadable(
            _("The file is larger than %(limit)s MB."), _("Divide it into several."), limit=MEGABYTES_AT_MOST
        )
    if not content.strip():
        raise unreadable(_("The file is empty."), _("Save the roster again, and upload it."))
    if content.startswith(OLD_EXCEL):
        raise unreadable(
            _("This is a workbook of the old Excel format, or one locked by a password."),
            _("Save it as .xlsx without a password, or as CSV."),
        )
    lines = _excel_lines(content) if content.startswith(PACKAGE) else _csv_lines(content)
    kept: list[Line] = []
    for line in lines:
        if all(cell == EMPTY for cell in line.cells):
            continue
        if len(kept) > LINES_AT_MOST:
            raise unreadable(
                _("The file has more than %(limit)s lines."), _("Divide it into several."), limit=LINES_AT_MOST
            )
        kept.append(line)
    if not kept:
        raise unreadable(_("The file is empty."), _("Save the roster again, and upload it."))
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
            yield Line(number + 1, tuple(_csv_cell(value) for value in row))
            number = skipped + reader.line_num
    except csv.Error as error:
        raise unreadable(
            _("Line %(line)s cannot be read: a quotation mark is not closed, or stands where none belongs."),
            _("Look at the quotation marks of that line, or save the file as .xlsx."),
            line=number + 1,
        ) from error


def _decoded(content: bytes) -> str:
    if content.startswith(UTF_16) or b"\x00" in content:
        raise unreadable(
            _("The file is neither CSV in UTF-8 nor an Excel workbook."),
            _("In Excel, save it as “CSV UTF-8” or as .xlsx."),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(
            _("Line %(line)s is not in UTF-8."),
            _("In Excel, save it as “CSV UTF-8” or as .xlsx."),
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error


def _csv_cell(value: str) -> Cell:
    text = _tidy(value)
    return Cell(text, trouble=FORMULA if text.startswith("=") else "")


def _tidy(value: str) -> str:
    """Text without what cannot be seen, its white space folded; no longer than a cell may be."""
    seen = value
    if not value.isprintable():
        seen = "".join(each if unicodedata.category(each) not in {"Cc", "Cf", "Zs"} else " " for each in value)
    return " ".join(seen.split())[: CHARACTERS_AT_MOST + 1]


# ── Excel ─────────────────────────────────────────────────────────────────────────────────────────
def _excel_lines(content: bytes) -> Iterator[Line]:
    broken = unreadable(
        _("The file is neither CSV in UTF-8 nor an Excel workbook."), _("Save it as .xlsx or as CSV UTF-8.")
    )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _refuse_what_unpacks_to_too_much(package)
            merged = _merged_cells(package)
        workbook = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        filled = {sheet.title: lines for sheet in sheets if (lines := _sheet_lines(sheet))}
    except Refused:
        raise
    except Exception as error:  # what a broken workbook makes of the library, the library does not foresee
        raise broken from error
    if len(filled) > 1:
        raise unreadable(
            _("Several sheets of the workbook are filled: %(sheets)s."),
            _("Keep the one with the roster, and remove the others."),
            sheets=", ".join(filled),
        )
    for title, lines in filled.items():
        if merged.get(title):
            raise unreadable(
                _("Cells are merged: %(cells)s."),
                _("Undo the merging, so that every line has its own values."),
                cells=", ".join(merged[title][:MERGED_SHOWN]),
            )
        yield from lines


def _refuse_what_unpacks_to_too_much(package: zipfile.ZipFile) -> None:
    if sum(part.file_size for part in package.infolist()) > UNPACKED_BYTES_AT_MOST:
        raise unreadable(
            _("The workbook holds far more than a roster."),
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
    return _csv_cell(str(value))


def column_name(index: int) -> str:
    """What a spreadsheet calls a column: A, B, …"""
    return get_column_letter(index + 1)
