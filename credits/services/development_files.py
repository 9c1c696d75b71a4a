"""What the exam team reports as a table: looked at row by row as a dry run, then reported (XDEV-01 to XDEV-03).

Each row is a report of its own, in a transaction of its own, and known by its reference: a table that was broken off is
handed in again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from candidates.models import Candidate
from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.tables import Problem, Row, read_csv
from credits.models import AuthoredItems, Workshop
from credits.services.development import record_authored_items, record_workshop

MOST_ROWS = 300  # looked at while somebody waits
MOST_ITEMS = 1000  # more in one report is a slip of the keyboard
MOST_DAYS = 30
LONGEST_REFERENCE = 60
YES_OR_NO = {"yes": True, "no": False}

Record = Callable[..., AuthoredItems | Workshop]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of table: its columns in the order in which they are asked for, how each is read, and what takes a row."""

    columns: Mapping[str, Callable[[Row, str], Any]]
    record: Record


@dataclass(frozen=True, slots=True)
class Line:
    """What a row would do, or did: credits for a candidate, a refusal, or what is wrong with it."""

    row: int
    candidate: str
    credits: int | None
    problem: Problem | None = None
    refusal: Decision | None = None

    @property
    def said(self) -> str:
        """What stands in the way, in the reader's language; empty where nothing does."""
        if self.problem is not None:
            return f"{self.problem.place}: {self.problem.text}"
        unmet = self.refusal.unmet if self.refusal else ()
        return " ".join(gettext(each.sentence) % each.facts for each in unmet)

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that refuse it."""
        return self.refusal.clauses_unmet if self.refusal else ()


class _Wrong(Exception):  # noqa: N818 - a slip in a table is no error of the program
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def report_table(*, sheet: Sheet, content: bytes, staff_id: int | None, commit: bool, now: datetime) -> list[Line]:
    """Report what a table says, row by row, or only find out what that would do; never refuses as a whole.

    Without `commit` nothing stays: each row is tried and taken back. Rows that cannot be read, or are refused, are
    listed with what is wrong; the others are reported.
    """
    table = read_csv(content, columns=tuple(sheet.columns))
    lines = [Line(problem.row, "", None, problem) for problem in table.problems]
    if len(table.rows) > MOST_ROWS:
        much = Problem(0, "", _("The table has more than %(most)s rows: cut it in parts."), {"most": MOST_ROWS})
        return [Line(0, "", None, much)]
    times = Counter(row.cells["reference"] for row in table.rows)
    for row in table.rows:
        if times[row.cells["reference"]] > 1:
            twice = row.problem("reference", _("This reference stands in the table more than once."))
            lines.append(Line(row.number, row.cells["candidate"], None, twice))
        else:
            lines.append(_report(sheet, row, staff_id=staff_id, commit=commit, now=now))
    return sorted(lines, key=lambda line: line.row)


def _report(sheet: Sheet, row: Row, *, staff_id: int | None, commit: bool, now: datetime) -> Line:
    name = row.cells["candidate"]
    try:
        values = {column: read(row, column) for column, read in sheet.columns.items()}
        candidate: Candidate = values.pop("candidate")
        with transaction.atomic():
            made = sheet.record(candidate_id=candidate.pk, staff_id=staff_id, now=now, **values)
            transaction.set_rollback(not commit)
    except _Wrong as wrong:
        return Line(row.number, name, None, wrong.problem)
    except Refused as refused:
        return Line(row.number, name, None, refusal=refused.decision)
    return Line(row.number, str(candidate), made.credits)


def _candidate(row: Row, column: str) -> Candidate:
    candidate = Candidate.objects.filter(number=row.cells[column].upper()).first()
    if candidate is None:
        raise _Wrong(row.problem(column, _("There is no candidate with this number.")))
    return candidate


def _reference(row: Row, column: str) -> str:
    text = row.cells[column]
    if not 0 < len(text) <= LONGEST_REFERENCE:
        raise _Wrong(row.problem(column, _("A reference has 1 to %(most)s characters."), most=LONGEST_REFERENCE))
    return text


def _word(row: Row, column: str) -> str:
    # Whether the book knows it is decided by the rule, which says what the book knows.
    return row.cells[column].lower()


def _day(row: Row, column: str) -> date:
    text = row.cells[column]
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        raise _Wrong(row.problem(column, _("This is not a day such as 2026-02-10."))) from None


def _up_to(most: int) -> Callable[[Row, str], int]:
    def read(row: Row, column: str) -> int:
        text = row.cells[column]
        if not re.fullmatch(r"[0-9]{1,4}", text) or not 0 < int(text) <= most:
            raise _Wrong(row.problem(column, _("This is not a number from 1 to %(most)s."), most=most))
        return int(text)

    return read


def _yes(row: Row, column: str) -> bool:
    said = YES_OR_NO.get(row.cells[column].lower())
    if said is None:
        raise _Wrong(row.problem(column, _("This is neither yes nor no.")))
    return said


ITEMS = Sheet(
    {
        "candidate": _candidate,
        "reference": _reference,
        "kind": _word,
        "accepted": _up_to(MOST_ITEMS),
        "accepted_on": _day,
        "direct": _yes,
    },
    record_authored_items,
)
WORKSHOPS = Sheet(
    {
        "candidate": _candidate,
        "reference": _reference,
        "kind": _word,
        "level": _word,
        "days": _up_to(MOST_DAYS),
        "held_on": _day,
    },
    record_workshop,
)
