"""Holders of the demonstration: what they hold and when it lapses, since when the portal knows them, what they earn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from candidates.rules import date_term
from ceportal.demo import paths
from ceportal.demo.story import ONE_DAY, Completion, Story, make_user
from ceportal.kernel.calendar import add_months, add_years
from ceportal.kernel.policy import BOOK

TRACKS = {
    "associate": ("ccna", "devnet-associate"),
    "specialist": ("specialist-core-enterprise",),
    "professional": ("ccnp-enterprise", "ccnp-security"),
    "expert": ("ccie-enterprise", "ccie-security", "ccie-data-center", "ccie-service-provider", "devnet-expert"),
}
LEVEL_WEIGHTS = {"associate": 3, "specialist": 1, "professional": 4, "expert": 3}
WINDOW = timedelta(days=850)  # how far back most stories go: the more days, the more nights
SHORTEST_HISTORY = timedelta(days=110)  # enough for a claim that was returned, handed in again and approved
EXAM_DAYS = (1, 16)


@dataclass(frozen=True, slots=True)
class Holder:
    """A certification in a story: when its term started, since when the portal knows it, when its holder enrolled."""

    level: str
    track: str
    started_on: date
    known_on: date
    enrolled_on: date


def start_for_end(level: str, end: date, *, seen_on: date) -> date:
    """When a term must start so that, by the book of a day, its active period ends on another, or close to it."""
    lengths = {value.get(level) for _day, value in BOOK.series["cert.active_months"].values}
    starts = [add_months(end, -months) for months in sorted(lengths - {None})]
    for start in starts:
        dates = date_term(BOOK, level=level, starts_on=start, day=seen_on)
        if dates is not None and abs(dates.active_ends_on - end).days <= 3:
            return start
    return starts[-1]


def on_exam_day(day: date) -> date:
    """The latest of the month's two exam days: certifications end on few days, so that few nights have to be run."""
    return day.replace(day=EXAM_DAYS[1] if day.day >= EXAM_DAYS[1] else EXAM_DAYS[0])


def any_level(story: Story) -> str:
    """A level whose holders may enroll today; they are not equally many."""
    levels = [level for level in LEVEL_WEIGHTS if level in paths.open_levels(story.scene.today)]
    return story.chance.choices(levels, [LEVEL_WEIGHTS[level] for level in levels])[0]


def holder(
    story: Story, *, lapses_on: date, level: str = "", seen_on: date | None = None, long_ago: bool = False
) -> Holder:
    """Register somebody whose certification lapses on a day unless renewed, as the book of `seen_on` dates it."""
    scene = story.scene
    level = level or any_level(story)
    track = story.chance.choice(TRACKS[level])
    started_on = start_for_end(level, lapses_on, seen_on=seen_on or scene.today)
    started_on = on_exam_day(min(started_on, scene.today - SHORTEST_HISTORY))
    # The record comes in some days after the exam.
    oldest = started_on + timedelta(days=2) if long_ago else max(started_on + timedelta(days=2), scene.today - WINDOW)
    known_on = max(scene.first_day, min(oldest, scene.yesterday - timedelta(days=3)))
    story.registers(known_on, user=make_user(story.person.email, story.person.name, now=story.scene.now))
    certified_on = add_years(started_on, -story.chance.choice((0, 0, 3, 6)))
    story.holds(track, term_started_on=started_on, recorded_on=known_on, certified_on=certified_on)
    soon = known_on + timedelta(days=story.chance.randrange(1, 30))
    return Holder(level, track, started_on, known_on, max(soon, paths.open_since(level)))


def member(story: Story, *, lapses_in: tuple[int, int] = (70, 800), level: str = "") -> Holder:
    """A holder who is enrolled, and whose certification lapses in so many days."""
    lapses_on = story.scene.today + timedelta(days=story.chance.randint(*lapses_in))
    held = holder(story, lapses_on=lapses_on, level=level)
    story.enrolls(held.enrolled_on)
    return held


def earn_some(story: Story, held: Holder, *, share: float, until: int = 25) -> list[Completion]:
    """Earn a share of the credits of the level's path of credits alone, the last so many days before today."""
    needed = paths.credits_of(held.level, story.scene.today)
    last = story.scene.today - timedelta(days=until)
    days = story.days_between(held.enrolled_on, max(last, held.enrolled_on + ONE_DAY), 3)
    found = story.completions(days, credits=int(needed * share), below=needed)
    for completion in found:
        story.earns(completion)
    return found


def recent(story: Story, held: Holder, days_ago: tuple[int, int]) -> Completion | None:
    """A training completed so many days ago, since the enrollment."""
    on = story.some_day(*(story.scene.today - timedelta(days=days) for days in reversed(days_ago)))
    found = story.completions([max(on, held.enrolled_on)], credits=1, below=paths.credits_of(held.level, on) // 2)
    return found[0] if found else None
