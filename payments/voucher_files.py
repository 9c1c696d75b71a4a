"""What a file of vouchers says: who gets one, until when, under which reference; no reference twice (VCH-01, VCH-02).

Pure. Whether there is such a candidate, and whether the reference was used before, is for the service to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.sheets import (
    Column,
    Line,
    Trouble,
    Unreadable,
    cells_of,
    column_places,
    day_in,
    read_lines,
    text_of,
    trouble_with,
)

COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("candidate", required=True, longest=20, also=("candidate_number", "number"), upper=True),
        Column("expires_on", required=True, longest=40, also=("expires", "valid_until", "last_day")),
        Column("reference", required=True, longest=60, also=("order", "order_reference")),
    )
}
VOUCHERS_AT_MOST = 500  # issued while somebody waits


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: its cells by column, the day it names, and what is wrong with it, by column."""

    line: int
    given: Mapping[str, str]
    expires_on: date | None
    troubles: Mapping[str, Trouble]


def read_entries(content: bytes) -> list[Entry]:
    """The vouchers that a file asks for, in its order. Unreadable as a whole for wrong columns, or too many lines."""
    header, *rest = read_lines(content)
    places = column_places(header, rest, COLUMNS)
    if not rest:
        raise Unreadable(_("The file names the columns and asks for no voucher."), _("Add a line for each of them."))
    if len(rest) > VOUCHERS_AT_MOST:
        raise Unreadable(
            _("The file asks for more than %(limit)s vouchers."), _("Divide it into several."), limit=VOUCHERS_AT_MOST
        )
    seen: dict[str, int] = {}
    return [_entry(line, places, seen) for line in rest]


def _entry(line: Line, places: Mapping[str, int], seen: dict[str, int]) -> Entry:
    cells = cells_of(line, places)
    given = {name: text_of(COLUMNS[name], cell) for name, cell in cells.items()}
    troubles = {name: found for name, cell in cells.items() if (found := trouble_with(COLUMNS[name], cell)) is not None}
    expires_on = None
    if "expires_on" not in troubles:
        day = day_in(cells["expires_on"])
        if isinstance(day, Trouble):
            troubles["expires_on"] = day
        else:
            expires_on = day
    if "reference" not in troubles:
        first = seen.setdefault(given["reference"], line.number)
        if first != line.number:
            twice = _("The same reference stands in line %(line)s; under one reference one voucher is issued.")
            troubles["reference"] = Trouble(twice, _("Give each voucher a reference of its own."), {"line": first})
    return Entry(line.number, given, expires_on, troubles)
