"""Files of badge scans: read, and each row led to the person and the time of the session that it is about.

A row names the candidate's number, the event, the session's code, and when the badge came in and went out: as minutes
from the start (0, 90), as times of the day (09:02, 10:31), or as days with times. Where a session was held several
times, the day or the start says which.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from candidates.models import Candidate
from catalog.models import Gathering, SessionTime
from catalog.services import day_in, moment_in
from catalog.sessions import tidy_code
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.tables import Problem, Row, read_csv
from credits.services.attendance import Reported

COLUMNS = ("candidate", "event", "session", "in", "out")
OPTIONAL = ("day", "start")
MINUTES = re.compile(r"-?[0-9]{1,4}", re.ASCII)
TIME_OF_DAY = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)
FARTHEST_MINUTES = 24 * 60  # a badge scanned further from the start than this belongs to something else
NUMBERS_AT_ONCE = 10_000
SHOWN = 60  # characters of a cell that is wrong
ONE_MINUTE = timedelta(minutes=1)


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with a row, and in which column."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column, self.sentence = column, sentence


@dataclass(frozen=True, slots=True)
class ScansRead:
    """The scans of a file that lead to somebody at some session, by person; and what was wrong with the others."""

    rows: int  # with something in them
    by_candidate: dict[int, list[Reported]]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Time:
    """A time at which a session was held, as those see it who were there."""

    id: int
    gathering: Gathering
    starts_at: datetime
    held_on: date
    local: datetime  # the start where the event is held, without its zone


@dataclass(frozen=True, slots=True)
class _World:
    """All that the rows of a file can name."""

    candidates: dict[str, int]
    gatherings: dict[str, Gathering]
    times: dict[tuple[str, str], list[_Time]]  # by event and code of the session


def read_scans(content: bytes) -> ScansRead:
    """Read a file of badge scans; rows that lead nowhere are listed with their place, and the rest is taken."""
    table = read_csv(content, columns=COLUMNS, optional=OPTIONAL)
    found: dict[int, list[Reported]] = defaultdict(list)
    problems = list(table.problems)
    for _row, scan in read_rows(table.rows):
        if isinstance(scan, Problem):
            problems.append(scan)
        else:
            found[scan.candidate_id].append(scan)
    unread = sum(1 for each in table.problems if each.row > 1)
    return ScansRead(len(table.rows) + unread, dict(found), tuple(sorted(problems, key=lambda each: each.row)))


def read_rows(rows: Sequence[Row]) -> Iterator[tuple[Row, Reported | Problem]]:
    """What each row says: whom it is about at which time of which session, or why it leads nowhere."""
    world = _read_world(rows)
    for row in rows:
        try:
            yield row, _scan(row, world)
        except _Wrong as wrong:
            yield row, row.problem(wrong.column, wrong.sentence, value=row.cells.get(wrong.column, "")[:SHOWN])


def _read_world(rows: Sequence[Row]) -> _World:
    numbers = sorted({row.cells["candidate"].upper() for row in rows})
    people: dict[str, int] = {}
    for first in range(0, len(numbers), NUMBERS_AT_ONCE):
        some = Candidate.objects.filter(number__in=numbers[first : first + NUMBERS_AT_ONCE])
        people |= dict(some.values_list("number", "id"))
    codes = {row.cells["event"].lower() for row in rows}
    gatherings = {each.code: each for each in Gathering.objects.filter(code__in=codes)}
    times: dict[tuple[str, str], list[_Time]] = defaultdict(list)
    held = SessionTime.objects.filter(session__gathering__in=gatherings.values()).select_related("session")
    for each in held.order_by("starts_at"):
        gathering = next(one for one in gatherings.values() if one.id == each.session.gathering_id)
        local = each.starts_at.astimezone(ZoneInfo(gathering.time_zone)).replace(tzinfo=None)
        times[gathering.code, each.session.code].append(_Time(each.id, gathering, each.starts_at, each.held_on, local))
    return _World(people, gatherings, times)


def _scan(row: Row, world: _World) -> Reported:
    """Whom a row is about, at which time of which session; _Wrong where it leads nowhere."""
    cells = row.cells
    candidate_id = world.candidates.get(cells["candidate"].upper())
    if candidate_id is None:
        raise _Wrong("candidate", _("There is no candidate with the number “%(value)s”."))
    gathering = world.gatherings.get(cells["event"].lower())
    if gathering is None:
        raise _Wrong("event", _("There is no event with the code “%(value)s”."))
    times = world.times.get((gathering.code, tidy_code(cells["session"])))
    if times is None:
        raise _Wrong("session", _("The event has no session “%(value)s” on its schedule."))
    held = _which(cells, times)
    came, went = (_minute(column, cells, held) for column in ("in", "out"))
    if went < came:
        raise _Wrong("out", _("It goes out, “%(value)s”, before it came in."))
    return Reported(candidate_id, held.id, ((came, went),))


def _which(cells: Mapping[str, str], times: Sequence[_Time]) -> _Time:
    """The time of the session that a row means: by its start, its day, or the day of the scan."""
    start, day = cells.get("start", ""), cells.get("day", "")
    meant = list(times)
    if day:
        try:
            on = date.fromisoformat(day)
        except ValueError:
            raise _Wrong("day", _("“%(value)s” is not a day such as 2026-06-01.")) from None
        meant = [each for each in meant if each.held_on == on]
        if not meant:
            raise _Wrong("day", _("The session was not held on “%(value)s”."))
    if start:
        meant = [each for each in meant if _starts(each, start)]
        if not meant:
            raise _Wrong("start", _("The session did not begin at “%(value)s”."))
    elif not day and len(meant) > 1:
        meant = [each for each in meant if each.held_on == _day_of(cells["in"], each)]
    if len(meant) != 1:
        raise _Wrong("start", _("The session was held several times: say on which day and when it began."))
    return meant[0]


def _starts(held: _Time, text: str) -> bool:
    """Whether a session began when a row says: at a time of the day, or at a day and time."""
    if TIME_OF_DAY.fullmatch(text):
        return _time_of_day(text) == held.local.time().replace(second=0)
    moment = moment_in(held.gathering, text)
    return moment is not None and moment.replace(second=0) == held.starts_at.replace(second=0)


def _day_of(text: str, held: _Time) -> date | None:
    """The day of a scan, where it names one."""
    moment = moment_in(held.gathering, text) if len(text) > len("09:02:00") else None
    return day_in(held.gathering, moment) if moment else None


def _minute(column: str, cells: Mapping[str, str], held: _Time) -> int:
    """When a badge was scanned, in whole minutes from the start."""
    text = cells[column]
    minute = None
    if MINUTES.fullmatch(text):
        minute = int(text)
    elif TIME_OF_DAY.fullmatch(text):
        scanned = _time_of_day(text)
        if scanned is not None:
            minute = (datetime.combine(held.local.date(), scanned) - held.local) // ONE_MINUTE
    elif (moment := moment_in(held.gathering, text)) is not None:
        minute = (moment.replace(second=0) - held.starts_at) // ONE_MINUTE
    if minute is None or abs(minute) > FARTHEST_MINUTES:
        raise _Wrong(column, _("“%(value)s” is neither a number of minutes nor a time of the session's day."))
    return minute


def _time_of_day(text: str) -> time | None:
    """A time of the day; its seconds are left out."""
    hour, minute, *_seconds = (int(part) for part in text.split(":"))
    return time(hour, minute) if hour < 24 and minute < 60 else None
