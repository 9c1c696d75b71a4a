"""The sittings of a story: each site's usual one, and those that its world sets otherwise."""

from __future__ import annotations

from datetime import date

import pytest

from ceportal.scenarios import sittings
from ceportal.scenarios.binding import CannotTell
from ceportal.scenarios.scenario import WorldSitting
from exams.models import Sitting
from exams.offers import sittings_offered
from tests.factories import day

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scenario_world")]


def at(site: str, on: str) -> tuple[str, int, list[str]] | None:
    """The local start, the seats and the tracks of a site's sitting on a day."""
    found = sittings.sitting_on(site, day(on))
    if found is None:
        return None
    assert found in sittings_offered()
    return str(found.starts_at)[:5], found.seats.count(), [track.code for track in found.tracks.all()]


def other(site: str, on: date, *, tracks: tuple[str, ...] = (), seats: int | None = None) -> WorldSitting:
    return WorldSitting(site=site, day=on, line=1, tracks=tracks, seats=seats)


@pytest.mark.parametrize("site", ["brussels", "richardson", "tokyo", "bangalore", "dubai", "mobile-nairobi"])
def test_every_site_has_its_usual_sitting_from_monday_to_thursday(site: str) -> None:
    sittings.set_otherwise([])
    week = [at(site, f"2026-05-{number:02}") for number in range(4, 11)]
    assert week == [("08:30", 4, [])] * 4 + [None] * 3
    assert Sitting.objects.count() == 4  # only what a step named, and once however often
    assert at(site, "2026-05-04") == ("08:30", 4, [])
    assert Sitting.objects.count() == 4


def test_a_world_sets_some_otherwise() -> None:
    sittings.set_otherwise(
        [
            other("tokyo", day("2026-05-04"), seats=1),
            other("tokyo", day("2026-05-08"), tracks=("ccde", "ccie-security")),  # a Friday
            other("tokyo", day("2026-05-05"), seats=0),
        ]
    )
    assert at("tokyo", "2026-05-04") == ("08:30", 1, [])
    assert at("tokyo", "2026-05-08") == ("08:30", 4, ["ccde", "ccie-security"])
    assert at("tokyo", "2026-05-05") is None
    assert at("brussels", "2026-05-05") == ("08:30", 4, [])


def test_a_day_is_set_once() -> None:
    with pytest.raises(CannotTell, match="set already"):
        sittings.set_otherwise([other("tokyo", day("2026-05-04"), seats=seats) for seats in (1, 2)])
