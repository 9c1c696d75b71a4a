"""What the policy book of a day asks for, in the questions that the demonstration's stories have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ceportal.kernel.calendar import add_months
from ceportal.kernel.policy import BOOK

Path = Mapping[str, Any]
ROOM = timedelta(days=40)  # between the programme's first day and a completion told of


def open_levels(day: date) -> Sequence[str]:
    """The levels whose holders may enroll on a day (CE-02)."""
    levels: Sequence[str] = BOOK.on(day)["enrollment.eligible_levels"].value
    return levels


def open_since(level: str) -> date:
    """The first day on which holders of a level may enroll."""
    days = [day for day, levels in BOOK.series["enrollment.eligible_levels"].values if level in levels]
    return min(days)


def find(level: str, day: date, *, credits: bool, exams: bool) -> Path:
    """The lightest path of a level by credits, by exams or by both; one by exams alone where there is none such."""
    paths: Sequence[Path] = BOOK.on(day)["recert.paths"].value[level]
    fitting = [path for path in paths if ("credits" in path) == credits and ("exams" in path) == exams]
    by_exams = [path for path in paths if "credits" not in path]
    return min(fitting or by_exams, key=lambda path: (path.get("credits", 0), sum(path.get("exams", {}).values())))


def credits_of(level: str, day: date) -> int:
    """The credits of the path that takes nothing but credits; where the level has none yet, of the first that comes."""
    for paths in (BOOK.on(day)["recert.paths"].value, BOOK.series["recert.paths"].values[-1][1]):
        for path in paths[level]:
            if "exams" not in path:
                credits: int = path["credits"]
                return credits
    raise LookupError(level)


def both_known(day: date) -> bool:
    """Whether any level that is open can renew by credits and exams together."""
    paths = BOOK.on(day)["recert.paths"].value
    return any("exams" in path and "credits" in path for level in open_levels(day) for path in paths[level])


def fee_level(day: date) -> str:
    """A level that pays the administrative fee (CE-08); empty where none does."""
    return next(iter(BOOK.on(day)["recert.admin_fee"].value), "")


def anniversary_level(day: date) -> str:
    """A level whose next term is bought ahead (CE-09); empty where none is."""
    basis = BOOK.on(day)["recert.renewal_basis"].value
    return next((level for level, value in basis.items() if value == "anniversary"), "")


def suspended_level(day: date) -> str:
    """A level with a suspended period (CERT-01); empty where there is none."""
    months = BOOK.on(day)["cert.suspended_months"].value
    return next((level for level, value in months.items() if value), "")


def credits_can_expire(day: date) -> bool:
    """Whether credits can have become as old as they get (CR-01)."""
    policy = BOOK.on(day)
    validity_months = 12 * policy["credits.validity_years"].value
    return add_months(policy["programme.starts_on"].value, validity_months) + ROOM < day


def last_active_day(level: str, inactive_on: date) -> date:
    """When the active period ends for a certification that becomes inactive on a day."""
    months: int = BOOK.on(inactive_on)["cert.suspended_months"].for_key(level)
    return add_months(inactive_on, -months)


def exam_for(exams: Mapping[str, Sequence[str]], kind: str) -> str:
    """The number of an exam of a kind."""
    return exams[kind][0]


def exams_for(exams: Mapping[str, Sequence[str]], path: Path) -> list[str]:
    """The numbers of the exams with which a path is met."""
    return [number for kind, count in path.get("exams", {}).items() for number in exams[kind][:count]]
