"""The test partner's results as a file: looked at as a dry run, then recorded line by line.

A line is one sitting. Lines of a candidate are taken in the order of the days, whatever their order in the file, so
that an earlier fail is known when a later pass is judged. Handed in again, a file changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext

from candidates.models import Candidate, Case
from ceportal.kernel import sheets
from ceportal.kernel.countries import COUNTRIES
from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.explain import explain_finding
from ceportal.kernel.sheets import Cell, Column, Trouble, Unreadable
from exams.models import Attempt, Exam
from exams.services.attempts import record_attempt

COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("candidate", required=True, longest=20, also=("candidate_number", "number"), upper=True),
        Column("exam", required=True, longest=40, also=("exam_number",)),
        Column("taken_on", required=True, longest=40, also=("exam_day", "date", "day")),
        Column("result", required=True, longest=10),
        Column("country", required=False, longest=40, also=("taken_in",), upper=True),
        Column("agreement", required=False, longest=10, also=("agreement_accepted",)),
        Column("sections", required=False, longest=1000),
    )
}
LINES_AT_MOST = 300  # looked at while somebody waits
RESULTS = {"pass": Attempt.Result.PASS.value, "fail": Attempt.Result.FAIL.value}
YES_OR_NO = {"yes": True, "no": False}
SECTION = re.compile(r"(?P<title>[^:;]{1,80}):\s*(?P<percent>\d{1,3})\s*%?")
ALL = 100  # percent
NO_SECTIONS: tuple[dict[str, Any], ...] = ()
CODES = frozenset(code for code, _name in COUNTRIES)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """What came of a line, or would: an attempt on record, new or not; a refusal; or what is wrong, by column."""

    number: int
    candidate: str = ""
    exam: str = ""
    taken_on: date | None = None
    result: str = ""  # that counts now: also "disallowed"
    known: bool = False  # it was on record already
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    decision: Decision | None = None  # of a refusal, or of what is disallowed
    attempt_id: int | None = None  # once it is on record
    case_id: int | None = None

    @property
    def taken(self) -> bool:
        """Whether it is on record, or would be."""
        return bool(self.result)

    @property
    def disallowed(self) -> bool:
        return self.result == Attempt.Result.DISALLOWED

    @property
    def result_text(self) -> str:
        """The result in the reader's language."""
        return str(Attempt.Result(self.result).label) if self.result else ""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What stands in the way, in the reader's language: the column, empty for what rules say, and a sentence."""
        troubles = [
            (column, f"{gettext(each.sentence) % each.facts} {gettext(each.next_step)}")
            for column, each in self.troubles.items()
        ]
        unmet = self.decision.unmet if self.decision else ()
        return troubles + [("", explain_finding(each).text) for each in unmet]

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that forbid it."""
        return self.decision.clauses_unmet if self.decision else ()


@dataclass(frozen=True, slots=True)
class _Report:
    """A line that could be read: who, and what the service takes."""

    number: int
    candidate: Candidate
    exam: Exam
    taken_on: date
    values: Mapping[str, Any]


def record_file(
    *, content: bytes, commit: bool, now: datetime, lines_at_most: int | None = LINES_AT_MOST
) -> list[Line]:
    """Record the results of a file, CSV or Excel, or only find out what that would do.

    Without `commit` nothing stays. With it each line is a transaction of its own: a file that was broken off is handed
    in again. What is disallowed is recorded with its decision and case (EXAM-08); lines that cannot be read or are
    refused are listed with what is wrong. kernel.sheets.Unreadable where the whole file cannot be read.
    """
    header, *rest = sheets.read_lines(content)
    places = sheets.column_places(header, rest, COLUMNS)
    if not rest:
        raise Unreadable(_("The file names the columns and holds no result."), _("Add a line for each of them."))
    if lines_at_most is not None and len(rest) > lines_at_most:
        raise Unreadable(
            _("The file holds more than %(limit)s results."), _("Divide it into several."), limit=lines_at_most
        )
    lines: list[Line] = []
    of_candidate: dict[int, list[_Report]] = {}
    for each in _read(rest, places):
        if isinstance(each, Line):
            lines.append(each)
        else:
            of_candidate.setdefault(each.candidate.pk, []).append(each)
    for reports in of_candidate.values():
        reports.sort(key=lambda report: (report.taken_on, report.number))
        lines += [_record(each, now=now) for each in reports] if commit else _try(reports, now=now)
    return sorted(lines, key=lambda line: line.number)


def _try(reports: list[_Report], *, now: datetime) -> list[Line]:
    """What lines of one candidate would do, one after the other; taken back."""
    with transaction.atomic():
        lines = [_record(each, now=now) for each in reports]
        transaction.set_rollback(True)
    return [line if line.known else replace(line, attempt_id=None, case_id=None) for line in lines]


def _record(report: _Report, *, now: datetime) -> Line:
    line = Line(report.number, str(report.candidate), report.exam.number, report.taken_on)
    try:
        attempt = record_attempt(
            candidate_id=report.candidate.pk,
            exam_number=report.exam.number,
            taken_on=report.taken_on,
            now=now,
            **report.values,
        )
    except Refused as refused:
        return replace(line, decision=refused.decision)
    line = replace(line, result=attempt.result, known=attempt.recorded_at != now, attempt_id=attempt.pk)
    if attempt.result != Attempt.Result.DISALLOWED:
        return line
    case = Case.objects.filter(kind=Case.Kind.DISALLOWED_RESULT, subject=f"exams.attempt:{attempt.pk}").first()
    return replace(line, decision=Decision.from_json(attempt.decision or ()), case_id=case.pk if case else None)


# ── Cells ─────────────────────────────────────────────────────────────────────────────────────────
def _read(lines: Sequence[sheets.Line], places: Mapping[str, int]) -> Iterator[_Report | Line]:
    """Each line as a report, or with all that is wrong with it."""
    exams = {each.number: each for each in Exam.objects.all()}
    numbers = {sheets.text_of(COLUMNS["candidate"], sheets.cells_of(line, places)["candidate"]) for line in lines}
    candidates = {each.number: each for each in Candidate.objects.filter(number__in=numbers)}
    for line in lines:
        reader = _Reader(sheets.cells_of(line, places), {})
        candidate = reader.read(
            "candidate",
            candidates.__getitem__,
            (_("There is no candidate with this number."), _("Compare it with the certification records.")),
        )
        exam = reader.read(
            "exam",
            lambda text: exams[text.lower()],
            (_("There is no exam with this number."), _("Compare it with the list of exams.")),
        )
        taken_on = reader.read_day("taken_on")
        values = reader.read_rest()
        if reader.troubles or candidate is None or exam is None or taken_on is None:
            yield Line(line.number, troubles=reader.troubles)
        else:
            yield _Report(line.number, candidate, exam, taken_on, values)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the cells of a line and notes what is wrong with them, by column."""

    cells: Mapping[str, Cell]
    troubles: dict[str, Trouble]

    def read(
        self, name: str, as_what: Callable[[str], T], wrong: tuple[str, str], default: T | None = None
    ) -> T | None:
        """What a cell holds; the default where it is empty, or its column missing, and there is one."""
        column, cell = COLUMNS[name], self.cells.get(name, sheets.EMPTY)
        if cell == sheets.EMPTY and default is not None:
            return default
        found = sheets.trouble_with(column, cell)
        if found is None:
            try:
                return as_what(sheets.text_of(column, cell))
            except (KeyError, ValueError):
                found = Trouble(*wrong, {})
        self.troubles[name] = found
        return None

    def read_day(self, name: str) -> date | None:
        cell = self.cells[name]
        found = sheets.trouble_with(COLUMNS[name], cell) or sheets.day_in(cell)
        if isinstance(found, Trouble):
            self.troubles[name] = found
            return None
        return found

    def read_rest(self) -> dict[str, Any]:
        """What the service takes beside who, what and when."""
        return {
            "result": self.read(
                "result",
                lambda text: RESULTS[text.lower()],
                (_("This is neither pass nor fail."), _("A correction is made on the page of the result.")),
            ),
            "held_in": self.read(
                "country",
                _country,
                (_("These are not the two letters of a country."), _("Leave it empty for the country of residence.")),
                "",
            ),
            "accepts": self.read(
                "agreement",
                lambda text: YES_OR_NO[text.lower()],
                (_("This is neither yes nor no."), _("Leave it empty where the agreement was accepted.")),
                True,
            ),
            "sections": self.read(
                "sections",
                _sections,
                (_("This is no breakdown by section."), _("Write it so: “Routing: 70; Security: 55”.")),
                NO_SECTIONS,
            ),
        }


def _country(text: str) -> str:
    if text not in CODES:
        raise ValueError(text)
    return text


def _sections(text: str) -> tuple[dict[str, Any], ...]:
    """The report by section: title and percent (EXAM-10)."""
    sections = []
    for part in text.strip(" ;").split(";"):
        found = SECTION.fullmatch(part.strip())
        if found is None or int(found["percent"]) > ALL:
            raise ValueError(text)
        sections.append({"title": found["title"].strip(), "percent": int(found["percent"])})
    return tuple(sections)
