"""Loads the demonstration: staff, catalog and candidates, told day by day through the services.

All of it is one transaction: killed at any point it leaves nothing, and the next run begins anew. Two runs at a time
wait for each other, and the second finds the data there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random

from django.conf import settings
from django.db import connection, transaction

from candidates.models import Candidate
from ceportal import nightly, reference
from ceportal.demo import casework, cast, emeriti, guardianship, labs, post, situations, standing
from ceportal.demo.fair import Fair
from ceportal.demo.logins import DEMO_LOGINS
from ceportal.demo.offices import Offices
from ceportal.demo.people import people
from ceportal.demo.shelf import Shelf
from ceportal.demo.story import Scene, Story
from ceportal.demo.timeline import Timeline
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from exams.models import Exam

SEED = 2026
CANDIDATES = 205
LOCK = "ceportal.demo"
EARLIEST_START = timedelta(days=365)  # after the programme's first day: stories need a past


class CannotLoad(Exception):  # noqa: N818 - reads as the sentence it carries
    """The demonstration cannot be loaded; the message is one sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded: candidates by situation, and how many steps the rules of their day refused."""

    situations: Counter[str]
    refused: Counter[tuple[str, ...]]


def load(*, candidates: int = CANDIDATES, start_on: date | None = None) -> Loaded | None:
    """Load the demonstration; None where it is there already. `start_on`: the day on which its clock begins.

    CannotLoad outside the demonstration, on a portal with other people's data, and for a start that cannot be.
    """
    if not settings.DEMO:
        raise CannotLoad("Demonstration data are loaded with DEMO=1 only; this portal is not a demonstration.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK])
        if is_loaded():
            return None
        if Candidate.objects.exists():
            raise CannotLoad("This portal has candidates of its own; the demonstration needs an empty one.")
        if start_on is not None:
            _begin_on(start_on)
        return _tell(candidates)


def is_loaded() -> bool:
    """Whether the demonstration's people are there; they come all together or not at all."""
    return Candidate.objects.filter(email__in=[login.email for login in DEMO_LOGINS]).exists()


def _begin_on(day: date) -> None:
    earliest = BOOK.on(day)["programme.starts_on"].value + EARLIEST_START
    if day < earliest:
        raise CannotLoad(f"DEMO_START={day} is too early: the first day with a past to show is {earliest}.")
    try:
        clock.begin_at(clock.at(day, nightly.HOUR + 1))
    except ValueError as refusal:
        raise CannotLoad(f"DEMO_START={day} is not possible here. {refusal}") from refusal


def _tell(count: int) -> Loaded:
    reference.load()
    now = clock.now()
    chance, timeline = Random(SEED), Timeline()  # noqa: S311 - the same stories every time
    shelf = Shelf(timeline, chance, today=clock.day_of(now))
    shelf.plan()
    everybody = people(chance)
    staff_names = [person.name for person in islice(everybody, 100)]
    password = cast.encode_password()
    scene = Scene(
        timeline=timeline,
        shelf=shelf,
        fair=Fair(timeline, today=clock.day_of(now)),
        offices=Offices(timeline, reviews=shelf.review_days, today=clock.day_of(now)),
        reviewers=cast.make_staff(shelf, chance, staff_names, password, now=now),
        exams=_exams(),
        staff_id=cast.make_administrator(password, now=now).pk,
        now=now,
    )
    cast.tell_candidates(scene, chance, password)
    counts: Counter[str] = Counter()
    bouncing: list[Story] = []
    for situation in situations.shared_out(count, today=scene.today):
        story = Story(scene, next(everybody), chance)
        situation.plan(story)
        counts[situation.name] += 1
        if situation.plan in situations.WITH_A_BOUNCE and counts[situation.name] == 1:
            bouncing.append(story)
    casework.plan(scene)
    labs.plan(scene, password)
    emeriti.plan(scene, password)
    standing.plan(scene, password)
    guardianship.plan(scene, password)
    timeline.tell(until=nightly.nights_due(now=now)[-1])
    post.settle(send_to=[login.email for login in DEMO_LOGINS])
    for story in bouncing:
        post.bounce_last(candidate=Candidate.objects.get(id=story.id), now=now)
    return Loaded(counts, Counter(clauses for _moment, clauses in timeline.refused))


def _exams() -> dict[str, list[str]]:
    exams: dict[str, list[str]] = {}
    for exam in Exam.objects.order_by("number"):
        exams.setdefault(exam.kind, []).append(exam.number)
    return exams
