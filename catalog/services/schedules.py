"""Schedules of events, handed in by their organisers as tables (LIVE-01, LIVE-05)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from catalog import sessions
from catalog.models import Gathering, SessionTime
from catalog.services.gatherings import day_in, moment_in, schedule_session
from ceportal.kernel.decisions import Refused
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.tables import Problem, Row, read_csv

COLUMNS = ("code", "minutes", "start")
OPTIONAL = ("title", "marked", "room")
MARKS = {"": False, "no": False, "0": False, "false": False, "yes": True, "1": True, "true": True, "x": True}
LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class ScheduleRead:
    """What became of a schedule: times of sessions now on it, how many of them are new, and what was not taken."""

    times: int
    created: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    row: Row
    code: str
    minutes: int
    starts_at: datetime
    marked: bool


@transaction.atomic
def import_schedule(*, gathering_id: int, content: bytes, now: datetime) -> ScheduleRead:
    """Put the sessions of a table on an event's schedule; rows that cannot be read are listed, the rest is taken.

    Columns: code, minutes, start (2026-06-01 08:00, where the event is held), and where wanted title, marked (yes for
    the missions that count, LIVE-08) and room. A code that is not one is listed and not guessed (LIVE-05). The same
    table again changes nothing.
    """
    table = read_csv(content, columns=COLUMNS, optional=OPTIONAL)
    read = take_schedule(gathering_id=gathering_id, rows=table.rows, now=now)
    problems = sorted((*table.problems, *read.problems), key=lambda each: each.row)
    return replace(read, problems=tuple(problems))


@transaction.atomic
def take_schedule(*, gathering_id: int, rows: Sequence[Row], now: datetime) -> ScheduleRead:
    """As `import_schedule`, of rows that were read already; their cells are those of its columns."""
    gathering = Gathering.objects.select_for_update(no_key=True).get(id=gathering_id)
    problems: list[Problem] = []
    known = SessionTime.objects.filter(session__gathering=gathering).count()
    times = set()
    first: dict[str, _Entry] = {}
    for row in rows:
        entry = _read(row, gathering)
        if isinstance(entry, _Entry):
            entry = _agrees(entry, first.setdefault(entry.code, entry))
        if isinstance(entry, Problem):
            problems.append(entry)
            continue
        try:
            time = schedule_session(
                gathering_id=gathering_id,
                code=entry.code,
                minutes=entry.minutes,
                starts_at=entry.starts_at,
                marked=entry.marked,
                title=row.cells.get("title", "")[:200],
                room=row.cells.get("room", "")[:60],
                now=now,
            )
        except Refused as refused:
            unmet = refused.decision.unmet[0]
            problems.append(Problem(row.number, "marked", unmet.sentence, unmet.facts))
        else:
            times.add(time.id)
    created = SessionTime.objects.filter(session__gathering=gathering).count() - known
    return ScheduleRead(len(times), created, tuple(sorted(problems, key=lambda each: each.row)))


def _read(row: Row, gathering: Gathering) -> _Entry | Problem:
    cells = row.cells
    code = sessions.parse_code(cells["code"])
    if code is None:
        return row.problem("code", _("“%(code)s” is not a session code."), code=cells["code"])
    minutes = cells["minutes"]
    if not re.fullmatch(r"[0-9]{1,4}", minutes) or not 0 < int(minutes) <= LONGEST_MINUTES:
        return row.problem("minutes", _("“%(minutes)s” is not a number of minutes."), minutes=minutes)
    start = moment_in(gathering, cells["start"])
    if start is None:
        return row.problem("start", _("“%(start)s” is not a time such as 2026-06-01 08:00."), start=cells["start"])
    if not gathering.starts_on <= day_in(gathering, start) <= gathering.ends_on:
        return row.problem("start", _("“%(start)s” is not a day of the event."), start=cells["start"])
    marked = MARKS.get(cells.get("marked", "").lower())
    if marked is None:
        return row.problem("marked", _("“%(marked)s” is neither yes nor no."), marked=cells["marked"])
    return _Entry(row, code.text, int(minutes), start, marked)


def _agrees(entry: _Entry, first: _Entry) -> _Entry | Problem:
    """A session is as long, and marked or not, at each of its times."""
    for column, here, there in (
        ("minutes", entry.minutes, first.minutes),
        ("marked", entry.marked, first.marked),
    ):
        if here != there:
            return entry.row.problem(
                column, _("Row %(first)s says otherwise of the same session."), first=first.row.number
            )
    return entry
