"""What renews or regains a certification, for pages of apps below this one: they know nothing of credits and exams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django import template

import exams.queries
from candidates import queries as candidates_queries
from candidates.models import Candidate, Certification
from candidates.queries import Held
from candidates.rules import RENEWABLE
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.reading.standing import (
    PathView,
    StandingCard,
    highest_renewable,
    path_view,
    progress_of,
    standing_card,
    status_now,
)
from exams.models import Exam

register = template.Library()


@dataclass(frozen=True, slots=True)
class Regaining:
    """What it takes to hold a lapsed certification again: all that it takes to earn it today (CERT-04)."""

    exams: tuple[Exam, ...]  # each alone is the whole of it; empty where it takes more
    written_years: int | None  # how long the written exam that opens the lab is valid (EXAM-01); None without a lab


@dataclass(frozen=True, slots=True)
class Renewing:
    """The ways to renew one certification, and the one it is renewed together with (CERT-06); or to regain it."""

    card: StandingCard
    paths: tuple[PathView, ...]
    renewed_with: str
    regaining: Regaining | None  # where it has lapsed; what was revoked stays so (CERT-10)
    today: date


@register.simple_tag
def ways_to_renew(candidate: Candidate, held: Held) -> Renewing:
    """How far each way to renew a certification has been gone today."""
    day = clock.day_of(clock.now())
    all_held = candidates_queries.held_by(candidate.id)
    paths: tuple[PathView, ...] = ()
    card = standing_card(held, day)
    if status_now(held, day) in RENEWABLE and card.certification.active_ends_on is not None:
        facts = queries.renewal_facts(all_held, queries.cycles_of(candidate.id), candidate.id)
        paths = tuple(path_view(each, held.life.level, day) for each in progress_of(held, facts, day))
    top = highest_renewable(all_held, day)
    other = top is not None and top.certification.id != held.certification.id
    return Renewing(
        card=card,
        paths=paths,
        renewed_with=top.certification.track.name if top is not None and other else "",
        regaining=_regaining(held, day) if card.status == Certification.Status.INACTIVE else None,
        today=day,
    )


def _regaining(held: Held, day: date) -> Regaining:
    alone = exams.queries.exams_that_earn(held.certification.track_id, day)
    lab = any(exam.kind == Exam.Kind.EXPERT_LAB for exam in alone)
    # The book of the exam day governs: today, for someone who asks today.
    years = BOOK.on(day)["exams.pass_valid_years"].value
    return Regaining(tuple(alone), years if lab else None)
