"""Rosters as providers really send them: what can be read is read, what cannot is told with its place (CE-10)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import pytest

from ceportal.kernel import sheets
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain, explain_finding
from credits.files.roster_files import read_lines
from credits.rules import rosters
from credits.rules.rosters import Entry, read_entries
from tests.credits.roster_world import HEADER, csv_file, excel_file, saved, workbook

ROW = ("CSCO1", "Alice Okafor", "ilt-40", "RUN-1", "2026-04-01")
GOOD = {
    "candidate": "CSCO1",
    "name": "Alice Okafor",
    "item": "ilt-40",
    "delivery": "RUN-1",
    "completed_on": "2026-04-01",
}


def read(content: bytes) -> list[Entry]:
    return read_entries(read_lines(content))


def refusal(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(content)
    return " ".join(each.text for each in explain(refused.value.decision).unmet)


def said(entry: Entry) -> list[tuple[str, str]]:
    return [(each.column, explain_finding(each.finding).text) for each in entry.problems]


# ── What can be read ──────────────────────────────────────────────────────────────────────────────
READABLE: dict[str, bytes] = {
    "CSV in UTF-8": csv_file(ROW),
    "with the mark of UTF-8": b"\xef\xbb\xbf" + csv_file(ROW),
    "by semicolons, as Excel does in Europe": csv_file(ROW, delimiter=";"),
    "by tabs": csv_file(ROW, delimiter="\t"),
    "with Excel's own word for the separator": b"sep=;\r\n" + csv_file(ROW, delimiter=";"),
    "with quotation marks": csv_file(tuple(f'"{each}"' for each in ROW), header=[f'"{each}"' for each in HEADER]),
    "with old line ends": csv_file(ROW).replace(b"\r\n", b"\r"),
    "with spaces and small letters": csv_file((" csco1 ", "Alice\u00a0Okafor", "ilt-40 ", "RUN-1", " 2026-04-01")),
    "with other words for the columns": csv_file(
        ROW, header=("Candidate number", "Name", "Item code", "Delivery-Code", "COMPLETED ON")
    ),
    "columns in another order": csv_file(
        ("2026-04-01", "RUN-1", "ilt-40", "Alice Okafor", "CSCO1"), header=tuple(reversed(HEADER))
    ),
    "with empty columns and lines": csv_file((*ROW, "", ""), ("", "", "", "", ""), header=(*HEADER, "", "")),
    "Excel with a real date": excel_file((*ROW[:4], date(2026, 4, 1))),
    "Excel with a moment": excel_file((*ROW[:4], datetime(2026, 4, 1, 14, 30))),  # noqa: DTZ001 - Excel knows no zones
    "Excel with text": excel_file(ROW),
}


@pytest.mark.parametrize("case", READABLE)
def test_what_people_send_is_read(case: str) -> None:
    (entry,) = read(READABLE[case])
    assert (dict(entry.given) | {"completed_on": str(entry.completed_on)}, entry.problems) == (GOOD, ())


def test_columns_that_need_not_be_there_need_not() -> None:
    (entry,) = read(csv_file(("CSCO1", "ilt-40", "2026-04-01"), header=("candidate", "item", "completed_on")))
    assert entry.given == {"candidate": "CSCO1", "item": "ilt-40", "completed_on": "2026-04-01"}
    assert entry.problems == ()


def test_lines_are_counted_as_a_spreadsheet_counts_them() -> None:
    content = csv_file(
        ROW, ("", "", "", "", ""), ("CSCO2", '"A\nname"', "ilt-40", "", "2026-04-01"), ("CSCO3", *ROW[1:])
    )
    assert [entry.line for entry in read(content)] == [2, 4, 6]
    assert [entry.line for entry in read(excel_file(ROW, (), ("CSCO2", *ROW[1:])))] == [2, 4]


def test_a_number_typed_as_a_number_is_the_number() -> None:
    (entry,) = read(excel_file((1234567, "Alice", "ilt-40", None, date(2026, 4, 1))))
    assert entry.given["candidate"] == "1234567"


def test_hidden_and_empty_sheets_are_not_looked_at() -> None:
    book = workbook(ROW)
    book.create_sheet("Empty")
    hidden = book.create_sheet("Lists")
    hidden.append(["a", "b"])
    hidden.merge_cells("A1:A2")
    hidden.sheet_state = "hidden"
    assert len(read(saved(book))) == 1


# ── What is wrong with a line ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("_case", "row", "column", "words"),
    [
        ("no candidate", ("", "Alice", "ilt-40", "", "2026-04-01"), "candidate", "The cell is empty."),
        ("no item", ("CSCO1", "Alice", "", "", "2026-04-01"), "item", "The cell is empty."),
        ("no day", ("CSCO1", "Alice", "ilt-40", "", ""), "completed_on", "The cell is empty."),
        ("a day of another country", ("CSCO1", "", "ilt-40", "", "01/04/2026"), "completed_on", "This is not a day."),
        ("a day that there is not", ("CSCO1", "", "ilt-40", "", "2026-02-30"), "completed_on", "This is not a day."),
        ("a day without its zeros", ("CSCO1", "", "ilt-40", "", "2026-4-1"), "completed_on", "This is not a day."),
        ("a day as a number", ("CSCO1", "", "ilt-40", "", "46113"), "completed_on", "not formatted as a date"),
        ("a formula", ("=1+1", "", "ilt-40", "", "2026-04-01"), "candidate", "The cell holds a formula."),
        ("too many letters", ("C" * 21, "", "ilt-40", "", "2026-04-01"), "candidate", "more than 20 characters"),
        ("a whole book", ("CSCO1", "x" * 5000, "ilt-40", "", "2026-04-01"), "name", "more than 200 characters"),
    ],
)
def test_a_wrong_cell_is_told_with_its_column(_case: str, row: tuple[str, ...], column: str, words: str) -> None:
    for content in (csv_file(row), excel_file(row)):
        (entry,) = read(content)
        ((found, sentence),) = said(entry)
        assert found == column
        assert words in sentence


def test_several_wrong_cells_are_all_told() -> None:
    (entry,) = read(csv_file(("", "", "", "", "soon")))
    assert [column for column, _sentence in said(entry)] == ["candidate", "item", "completed_on"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=TODAY()", "formula"),
        (True, "error or a yes-or-no"),
        ("#REF!", "error or a yes-or-no"),
        (46113, "not formatted"),
    ],
)
def test_what_excel_has_besides_values_is_told(value: object, words: str) -> None:
    book = workbook(ROW[:4])
    sheet = book.active
    assert sheet is not None
    sheet["E2"] = value
    (entry,) = read(saved(book))
    ((column, sentence),) = said(entry)
    assert (column, words in sentence) == ("completed_on", True)


def test_a_line_said_twice_is_told_with_the_first() -> None:
    first, other, again = read(csv_file(ROW, (*ROW[:4], "2026-04-02"), ("csco1", "A.", *ROW[2:])))
    assert (first.problems, other.problems) == ((), ())
    assert said(again) == [("", "It says the same as line 2.")]


def test_what_cannot_be_seen_is_left_out() -> None:
    (entry,) = read(csv_file(("CSCO1", "Ali\u200bce\x07 Okafor", "ilt-40", "", "2026-04-01")))
    assert entry.given["name"] == "Ali ce Okafor"


# ── What cannot be read ───────────────────────────────────────────────────────────────────────────
def _two_sheets() -> bytes:
    book = workbook(ROW)
    second = book.create_sheet("May")
    second.append(["more"])
    return saved(book)


def _merged() -> bytes:
    book = workbook(ROW, ("", "", "", "", ""))
    sheet = book.active
    assert sheet is not None
    sheet.merge_cells("C2:C3")
    return saved(book)


def _another_package() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("word/document.xml", "<w/>")
    return file.getvalue()


def _bomb() -> bytes:
    file = io.BytesIO(excel_file(ROW))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/huge.bin", b"\0" * (sheets.UNPACKED_BYTES_AT_MOST + 1))
    return file.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "The file is empty."),
    "white space": (lambda: b" \r\n\r\n", "The file is empty."),
    "empty cells": (lambda: b",,\r\n,\r\n", "The file is empty."),
    "an empty workbook": (lambda: excel_file(header=()), "The file is empty."),
    "the names of the columns alone": (csv_file, "holds no completion"),
    "an old workbook by a new name": (lambda: sheets.OLD_EXCEL + b"\0" * 600, "the old Excel format"),
    "another kind of package": (_another_package, "neither CSV in UTF-8 nor an Excel workbook"),
    "half a workbook": (lambda: excel_file(ROW)[:900], "neither CSV in UTF-8 nor an Excel workbook"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "neither CSV in UTF-8 nor an Excel workbook"),
    "UTF-16": (lambda: csv_file(ROW).decode().encode("utf-16"), "neither CSV in UTF-8 nor an Excel workbook"),
    "an older encoding": (lambda: csv_file(ROW) + "CSCO2,Zoë,,,".encode("latin-1"), "Line 3 is not in UTF-8"),
    "a quotation mark left open": (lambda: csv_file(ROW, ("CSCO2", '"Alice', *ROW[2:])), "Line 3 cannot be read"),
    "an unknown column": (lambda: csv_file((*ROW, "A"), header=(*HEADER, "grade")), "Column F is called “grade”"),
    "a column without a name": (lambda: csv_file((*ROW, "A")), "Line 2 has a value in column F, which has no name"),
    "a column twice": (lambda: csv_file(header=(*HEADER, "Item code")), "“item” is there twice: in C and in F"),
    "a column missing": (lambda: csv_file(("CSCO1",), header=("candidate",)), "missing: item, completed_on"),
    "no names of columns": (lambda: csv_file(header=ROW), "Column A is called “CSCO1”"),
    "two sheets": (_two_sheets, "Several sheets of the workbook are filled: Sheet, May"),
    "merged cells": (_merged, "Cells are merged: C2:C3"),
    "a bomb": (_bomb, "holds far more than a table"),
    "too many bytes": (lambda: csv_file(ROW) + b" " * sheets.BYTES_AT_MOST, "larger than 5 MB"),
    "too many lines": (lambda: csv_file(*[ROW] * (sheets.LINES_AT_MOST + 1)), "more than 10000 lines"),
    "too many lines in Excel": (lambda: excel_file(*[ROW] * (sheets.LINES_AT_MOST + 1)), "more than 10000 lines"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_place(case: str) -> None:
    content, words = REFUSED[case]
    assert words in refusal(content())


def test_as_many_lines_as_there_may_be_are_read() -> None:
    rows = [(f"CSCO{number}", *ROW[1:]) for number in range(sheets.LINES_AT_MOST)]
    assert len(read(csv_file(*rows))) == sheets.LINES_AT_MOST


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Alice Okafor", "OKAFOR, Alice", True),
        ("Zoë Müller-Lüdenscheidt", "Zoe Muller Ludenscheidt", True),
        ("Alice Okafor", "Alice Okafo", False),
        ("Alice Okafor", "Alice", False),
    ],
)
def test_names_are_compared_as_people_compare_them(one: str, other: str, same: bool) -> None:
    assert rosters.same_name(one, other) is same
