"""The ledger over time, drawn: bars of what came and went a month, and the balance as a line.

Coordinates are those of components/timeline_chart.html: 720 by 240, the plot from 36 to 720 and from 12 to 216.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _

LEFT, RIGHT, TOP, BOTTOM = 36, 720, 12, 216
MONTHS_AT_LEAST = 12
BAR_AT_MOST = 22
LABELS_AT_MOST = 12
YEARS_ONLY_FROM = 36
HUES = {"used": "info"}  # told apart from what expired, which is grey as well
STEPS = (5, 10, 20, 25, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class MonthSum:
    """What entries of one kind add up to in a month."""

    month: date  # its first day
    kind: str
    credits: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the axis of time."""

    x: int
    label: str


@dataclass(frozen=True, slots=True)
class Level:
    """A label of the axis of credits."""

    y: int
    label: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What components/timeline_chart.html draws."""

    title: str
    text: str
    bars: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    levels: tuple[Level, ...]
    balance: str
    zero_y: int
    target_y: int | None = None


def draw(sums: Sequence[MonthSum], *, today: date) -> Chart | None:
    """The chart from the first entry's month to this one; None without entries."""
    if not sums:
        return None
    last = max(_index(today), _index(sums[-1].month))
    first = min(_index(sums[0].month), last - MONTHS_AT_LEAST + 1)
    count = last - first + 1
    width = (RIGHT - LEFT) / count
    ups: dict[int, int] = {}
    downs: dict[int, int] = {}
    for each in sums:
        side = ups if each.credits > 0 else downs
        month = _index(each.month)
        side[month] = side.get(month, 0) + each.credits
    balances = _balances(first, count, ups, downs)
    highest = max(*ups.values(), *balances, 1) if ups else max(*balances, 1)
    lowest = min(0, *downs.values(), *balances) if downs else min(0, *balances)
    step = next((each for each in STEPS if (highest - lowest) / each <= 6), STEPS[-1])
    top, bottom = -(-highest // step) * step, (lowest // step) * step
    scale = (BOTTOM - TOP) / (top - bottom)

    def y_of(credits: int) -> int:
        return round(BOTTOM - (credits - bottom) * scale)

    def x_of(month: int) -> float:
        return LEFT + (month - first + 0.5) * width

    # Where months would crowd, the years stand alone, each at its January.
    every = 12 if count > YEARS_ONLY_FROM else -(-count // LABELS_AT_MOST)
    offset = -first % 12 if every == 12 else 0
    labelled = range(first + offset, last + 1, every)
    points = []
    for place, balance in enumerate(balances):  # a step where the month turns
        points += [f"{round(LEFT + edge * width)},{y_of(balance)}" for edge in (place, place + 1)]
    return Chart(
        title=_("Credits over time"),
        text=_("Credits earned, used and expired a month, with the balance; %(balance)s at the end.")
        % {"balance": balances[-1]},
        bars=tuple(_bars(sums, x_of=x_of, y_of=y_of, width=max(2, min(BAR_AT_MOST, int(width * 0.7))))),
        ticks=tuple(Tick(round(x_of(month)), _month_label(month, years_only=every == 12)) for month in labelled),
        levels=tuple(Level(y_of(value), value) for value in range(bottom, top + 1, step)),
        balance=" ".join(points),
        zero_y=y_of(0),
    )


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month_label(month: int, *, years_only: bool) -> str:
    name = str(MONTHS_3[month % 12 + 1]).capitalize()
    year = month // 12
    return str(year) if years_only else f"{name} {year}" if month % 12 == 0 else name


def _balances(first: int, count: int, ups: dict[int, int], downs: dict[int, int]) -> list[int]:
    balance, found = 0, []
    for month in range(first, first + count):
        balance += ups.get(month, 0) + downs.get(month, 0)
        found.append(balance)
    return found


def _bars(
    sums: Sequence[MonthSum], *, x_of: Callable[[int], float], y_of: Callable[[int], int], width: int
) -> list[Mark]:
    marks: list[Mark] = []
    heights: dict[tuple[int, bool], int] = {}
    for each in sums:
        month, up = _index(each.month), each.credits > 0
        start = heights.get((month, up), 0)
        end = start + each.credits
        heights[month, up] = end
        upper, lower = y_of(max(start, end)), y_of(min(start, end))
        marks.append(
            Mark(
                x=round(x_of(month) - width / 2),
                y=upper,
                width=width,
                height=max(1, lower - upper),
                kind=HUES.get(each.kind, each.kind),
                title=f"{MONTHS_3[each.month.month]} {each.month.year}: {each.credits:+d}",
            )
        )
    return marks
