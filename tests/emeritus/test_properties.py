"""What holds in every life of a long-time expert: sweeps may be late or repeated, no status comes out of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from candidates.models import Certification, StatusChange, Term
from candidates.rules import LifeFacts, TermFacts, course_of, linked, reason_on, standing_on, status_on
from ceportal import nightly
from ceportal.demo import nights
from ceportal.kernel.decisions import Refused
from ceportal.kernel.policy import BOOK
from ceportal.scenarios.cards import standing_in
from emeritus.rules import assess_purchase, position_of
from tests import factories
from tests.emeritus.conftest import Buyer

FIRST, LAST = date(2018, 7, 1), date(2022, 6, 30)
DAY = timedelta(days=1)
IN_PEACE = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What may follow what on the next day; the rest would come out of nothing.
FOLLOWS = {
    "active": {"active", "suspended", "grace", "emeritus", "lifetime_emeritus", "inactive"},
    "suspended": {"suspended", "active", "grace", "emeritus", "lifetime_emeritus", "inactive"},
    "grace": {"grace", "active", "emeritus", "lifetime_emeritus", "inactive"},
    "emeritus": {"emeritus", "active", "grace", "lifetime_emeritus", "inactive"},
    "lifetime_emeritus": {"lifetime_emeritus"},
    "inactive": {"inactive"},
}


@dataclass(frozen=True)
class Held:
    """A certification as the records have it."""

    family: str
    first_on: date
    started_on: date


DAYS = some.dates(date(1998, 1, 1), date(2014, 12, 31))
STARTS = some.dates(date(2016, 7, 2), date(2018, 6, 30))
HOLDINGS = some.lists(
    some.builds(Held, some.sampled_from(["ccie", "ccie", "ccde"]), DAYS, STARTS), min_size=1, max_size=3
)
VISITS = some.lists(some.dates(FIRST, LAST), max_size=25, unique=True).map(sorted)


def lives_of(holdings: Sequence[Held]) -> tuple[LifeFacts, ...]:
    return linked(
        LifeFacts(
            "expert",
            held.first_on,
            (TermFacts("active", held.started_on, held.started_on),),
            family=held.family,
            number=f"{held.family}-{place}",
        )
        for place, held in enumerate(holdings)
    )


def bought_at(lives: tuple[LifeFacts, ...], visits: Sequence[date]) -> tuple[LifeFacts, ...]:
    """The lives of somebody who buys whatever is on offer at each visit."""
    for on in visits:
        for family in ("ccie", "ccde"):
            found = position_of(BOOK, lives, family, on)
            if assess_purchase(found, BOOK.on(on), bar=None, confirmed=True).granted:
                assert found.window is not None
                term = TermFacts("emeritus", found.window.anniversary_on, on, found.window.term_ends_on)
                lives = linked(
                    replace(each, bought=(*each.bought, term))
                    if each.family in found.covers and status_on(BOOK, each, on) != "inactive"
                    else each
                    for each in lives
                )
    return lives


@IN_PEACE
@given(HOLDINGS, VISITS)
def test_the_next_change_is_never_missed_and_nothing_comes_out_of_nothing(
    holdings: list[Held], visits: list[date]
) -> None:
    """Day by day and from change to change a certification is the same; each change has its clause."""
    for life in bought_at(lives_of(holdings), visits):
        by_day = {}
        on = FIRST
        while on <= LAST:
            by_day[on] = status_on(BOOK, life, on)
            on += DAY
        expected = standing_on(BOOK, life, FIRST)
        for before, on in pairwise(by_day):
            if on == expected.next_change_on or on in visits:  # a purchase writes what it changes
                expected = standing_on(BOOK, life, on)
            assert by_day[on] == expected.status, (life, on)
            assert by_day[on] in FOLLOWS[str(by_day[before])], (life, on)
            if by_day[on] != by_day[before]:
                clause, _sentence = reason_on(BOOK, life, on)
                assert clause in {"CERT-01", "EMR-05", "EMR-06", "EMR-07", "EMR-11"}
        assert all(_grace_is_short(by_day))


def _grace_is_short(by_day: dict[date, str | None]) -> list[bool]:
    """No longer than a whole window (EMR-05)."""
    longest, run = 3 * 31 + 61, 0
    lengths = []
    for status in by_day.values():
        run = run + 1 if status == "grace" else 0
        lengths.append(run <= longest)
    return lengths


@IN_PEACE
@given(HOLDINGS, VISITS)
def test_what_is_on_offer_is_worth_its_price(holdings: list[Held], visits: list[date]) -> None:
    """EMR-04: whoever buys has Emeritus for it, or Lifetime, unless something else renews it meanwhile."""
    lives = lives_of(holdings)
    for on in visits:
        for family in ("ccie", "ccde"):
            found = position_of(BOOK, lives, family, on)
            granted = assess_purchase(found, BOOK.on(on), bar=None, confirmed=True).granted
            if granted:
                assert found.window is not None
                term = TermFacts("emeritus", found.window.anniversary_on, on, found.window.term_ends_on)
                after = linked(
                    replace(each, bought=(*each.bought, term)) if each.family in found.covers else each
                    for each in lives
                )
                courses = [
                    [course_of(BOOK, each, each.terms[-1], known_on=on) for each in these] for these in (lives, after)
                ]
                assert courses[0] != courses[1], (found, lives)
                lives = after


@pytest.mark.django_db
@pytest.mark.usefixtures("scenario_world", "no_calendars")
@pytest.mark.parametrize(
    ("holdings", "visits"),
    [
        (
            [Held("ccie", date(2010, 6, 1), date(2018, 6, 1)), Held("ccde", date(2009, 9, 1), date(2018, 6, 1))],
            [date(2021, 5, 20), date(2021, 6, 15)],
        ),
        (
            [Held("ccie", date(2001, 6, 1), date(2018, 3, 15)), Held("ccie", date(2015, 1, 1), date(2018, 9, 15))],
            [date(2021, 3, 10)],
        ),
    ],
)
def test_nights_run_twice_or_after_a_pause_leave_the_same(holdings: list[Held], visits: list[date]) -> None:
    """EMR-11, CERT-01: the same statuses, changes and terms, each as of its day."""
    told = [tell(holdings, visits, how=how) for how in ("twice", "late", "due")]

    assert told[0] == told[1] == told[2]
    assert told[0]["statuses"]


def tell(holdings: list[Held], visits: list[date], *, how: str) -> dict[str, list[tuple[object, ...]]]:
    """A holder's life of nine months, with the nights run as they are due, each of them twice, or in one go."""
    tracks = {"ccie": iter(["ccie-security", "ccie-collaboration"]), "ccde": iter(["ccde"])}
    first, last = date(2021, 2, 20), date(2021, 11, 15)
    with standing_in() as desk:
        story = Buyer(factories.CandidateFactory.create(), today=first, desk=desk)
        for held in holdings:
            story.certify(next(tracks[held.family]), str(held.first_on), str(held.started_on))
        for visit in [*visits, last]:
            assert story.today is not None
            _nights(story.today, visit, how)
            story.today = visit
            if visit != last:
                for family in ("ccie", "ccde"):
                    with suppress(Refused):
                        story.buy(family, confirmed=True)
    mine = Certification.objects.filter(candidate=story.candidate)
    changes = StatusChange.objects.filter(certification__in=mine).exclude(before=F("after"))
    return {
        "statuses": sorted(mine.values_list("track__code", "status", "active_ends_on", "inactive_on")),
        "changes": sorted(
            changes.values_list("certification__track__code", "effective_on", "before", "after", "clause")
        ),
        "terms": sorted(
            Term.objects.filter(certification__in=mine).values_list(
                "certification__track__code", "kind", "starts_on", "ends_on", "renewed_on"
            ),
            key=repr,
        ),
    }


def _nights(after: date, until: date, how: str) -> None:
    if how == "due":
        nights.run_nights(after=after, until=until)
        return
    every = [after + timedelta(days=each + 1) for each in range((until - after).days)]
    for night in every if how != "late" else every[-1:]:
        nightly.run_night(day=night)
        if how == "twice":
            nightly.run_night(day=night)
