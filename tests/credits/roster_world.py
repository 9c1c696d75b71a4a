"""Rosters as files, for the tests of reading, of the dry run and of the pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

HEADER = ("candidate", "name", "item", "delivery", "completed_on")


def csv_file(*rows: Sequence[str], header: Sequence[str] = HEADER, delimiter: str = ",") -> bytes:
    """A CSV file with the names of its columns first."""
    return "\r\n".join(delimiter.join(row) for row in (header, *rows)).encode() + b"\r\n"


def workbook(*rows: Sequence[Any], header: Sequence[str] = HEADER) -> Workbook:
    """A workbook whose first sheet is a roster."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (header, *rows):
        sheet.append(list(row))
    return book


def saved(book: Workbook) -> bytes:
    """A workbook as a file."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def excel_file(*rows: Sequence[Any], header: Sequence[str] = HEADER) -> bytes:
    """An Excel file with the names of its columns first."""
    return saved(workbook(*rows, header=header))
