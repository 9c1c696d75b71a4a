"""CAT-08 wherever trainings are named: who sees the sample, sees the sample only; holders see everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from candidates.models import Candidate
from catalog.services import mark_equivalent
from ceportal.kernel import clock
from tests import factories
from tests.factories import noon

pytestmark = pytest.mark.django_db
OPEN, SHUT = "Routing for All", "Firewalls for Holders"
PLACES: dict[str, Callable[[Client], str]] = {
    "the catalog": lambda client: client.get("/catalog/").text,
    "its search": lambda client: client.get("/catalog/?q=firewalls").text,
    "the answer as one types": lambda client: client.get("/catalog/?q=for", headers={"HX-Request": "true"}).text,
    "the API": lambda client: client.get("/api/v1/catalog/items").text,
    "its page": lambda client: client.get("/catalog/shut/").text,
    "the page of one that counts as the same": lambda client: client.get("/catalog/open/").text,
    "the pick of a claim": lambda client: client.get("/claims/new/?q=for", follow=True).text,
}


@pytest.fixture(autouse=True)
def _catalog() -> None:
    items = [
        factories.listed_item(code=code, title=title, sample=code == "open")
        for code, title in (("open", OPEN), ("shut", SHUT))
    ]
    mark_equivalent(
        review_id=factories.BoardReviewFactory.create().pk,
        item_id=items[0].pk,
        same_as_id=items[1].pk,
        reason="",
        decided_by_id=None,
        now=noon("2026-03-02"),
    )


def candidate(level: str, status: str = "active") -> Candidate:
    person = factories.CandidateFactory.create(login=True)
    track = factories.TrackFactory.create(code=f"track-{level}", level=level)
    factories.CertificationFactory.create(candidate=person, track=track, status=status)
    return person


@pytest.mark.parametrize("place", PLACES)
def test_anyone_sees_the_sample_and_holders_see_everything(place: str, client: Client) -> None:
    with clock.standing_at(noon("2026-03-02")):
        assert SHUT not in PLACES[place](client)
        for level, status in (("entry", "active"), ("professional", "inactive")):
            client.force_login(candidate(level, status).user)
            assert SHUT not in PLACES[place](client)
        client.force_login(candidate("associate").user)
        assert SHUT in PLACES[place](client)
