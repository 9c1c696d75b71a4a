"""What renews a certification, for pages of apps below this one: they know nothing of credits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django import template

from candidates import queries as candidates_queries
from candidates.models import Candidate
from candidates.queries import Held
from candidates.rules import RENEWABLE
from ceportal.kernel import clock
from credits import queries
from credits.standing import (
    PathView,
    StandingCard,
    highest_renewable,
    path_view,
    progress_of,
    standing_card,
    status_now,
)

register = template.Library()


@dataclass(frozen=True, slots=True)
class Renewing:
    """The ways to renew one certification, and the one it is renewed together with (CERT-06)."""

    card: StandingCard
    paths: tuple[PathView, ...]
    renewed_with: str
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
    return Renewing(card, paths, top.certification.track.name if top is not None and other else "", day)
