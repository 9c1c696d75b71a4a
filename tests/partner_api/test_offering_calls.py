"""Content providers' programs: their items, what they propose to the board, and deliveries tried and withdrawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog import services
from catalog.models import BoardReview, Delivery, Item, Proposal, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import scopes
from tests import factories
from tests.credits.provider_world import TODAY
from tests.factories import day
from tests.partner_api.world import program, registered

pytestmark = pytest.mark.django_db
OFFERINGS, PROPOSALS, DELIVERIES = "/api/v1/offerings", "/api/v1/proposals", "/api/v1/deliveries"
TRAINING = {"code": "Routing-Winter", "title": "Routing in Winter", "kind": "instructor_led", "credits": 32,
            "hours": 32, "summary": "Thirty-two hours of snow."}  # fmt: skip
RUN = {"item": "ilt-64", "code": "BRU-1", "place": "Brussels", "starts_on": "2026-06-01", "ends_on": "2026-06-05"}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(TODAY):
        yield


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def boss(bob: ProviderMember) -> ProviderMember:
    """Bob as a manager of Acme."""
    bob.role = ProviderMember.Role.MANAGER
    bob.save()
    return bob


@pytest.fixture
def caller(boss: ProviderMember) -> Client:
    """Acme's program."""
    return program(registered(scopes.PROVIDER, "acme", responsible=boss.user))


@pytest.fixture
def stranger(carol: ProviderMember) -> Client:
    """Globex's, for which a reviewer answers."""
    return program(registered(scopes.PROVIDER, "globex", responsible=carol.user))


@pytest.fixture
def item(boss: ProviderMember) -> Item:
    return factories.listed_item(code="ilt-64", credits=64, provider=boss.provider)


def post(caller: Client, address: str, body: Any, **headers: str) -> Any:
    headers = {"Idempotency-Key": str(uuid4()), **headers}
    return caller.post(address, json.dumps(body), content_type="application/json", headers=headers)


def asks(caller: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert caller.get(address).status_code == HTTPStatus.OK
    return len(queries)


# ── Items ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_provider_reads_its_items_as_they_are_on_a_day(
    caller: Client, stranger: Client, item: Item, boss: ProviderMember, carol: ProviderMember
) -> None:
    review = BoardReview.objects.create(quarter="2026-Q2", held_on=day("2026-04-15"))
    services.decide_listing(
        item_id=item.pk, outcome="change", credits=40, effective_on=day("2026-06-01"), review_id=review.pk,
        decided_by_id=None, reason="Shorter.", now=TODAY,
    )  # fmt: skip
    services.withdraw_authorisation(provider_id=boss.provider_id, item_id=item.pk, ends_on=day("2026-07-01"), now=TODAY)
    factories.AuthorisationFactory.create(item=item, provider=carol.provider, starts_on=day("2026-05-01"))

    told = {
        on: caller.get(f"{OFFERINGS}/ilt-64", {"as_of": on}).json() for on in ("2026-05-31", "2026-06-01", "2026-07-01")
    }

    assert [(each["credits"], each["authorised"]) for each in told.values()] == [(64, True), (40, True), (40, False)]
    assert [each["credits"] for each in told["2026-05-31"]["listings"]] == [64, 40]
    assert [each["ends_on"] for each in told["2026-05-31"]["authorisations"]] == ["2026-07-01"]
    assert [each["ends_on"] for each in stranger.get(f"{OFFERINGS}/ilt-64").json()["authorisations"]] == [None]


def test_another_providers_item_is_not_there(caller: Client, stranger: Client, item: Item) -> None:
    told = caller.get(f"{OFFERINGS}/ilt-64")

    assert caller.get(f"{OFFERINGS}/ilt-64")["ETag"] == told["ETag"]
    assert stranger.get(OFFERINGS).json()["results"] == []
    assert stranger.get(f"{OFFERINGS}/ilt-64").status_code == HTTPStatus.NOT_FOUND


def test_items_are_narrowed_paged_and_sparse_in_as_many_queries_whatever_their_number(
    caller: Client, item: Item, boss: ProviderMember
) -> None:
    few = asks(caller, OFFERINGS)
    for number in range(3):
        factories.listed_item(code=f"extra-{number}", kind="digital", provider=boss.provider)
    unlisted = factories.ItemFactory.create(code="unlisted")
    factories.AuthorisationFactory.create(item=unlisted, provider=boss.provider)

    assert asks(caller, OFFERINGS) == few
    first = caller.get(OFFERINGS, {"kind": "digital", "page_size": 2, "fields": "code"}).json()
    rest = caller.get(first["next"]).json()
    assert first["results"] + rest["results"] == [{"code": f"extra-{number}"} for number in range(3)]
    (left_out,) = caller.get(OFFERINGS, {"listed": "false"}).json()["results"]
    assert (left_out["code"], left_out["credits"], left_out["authorised"]) == ("unlisted", None, True)
    assert caller.get(OFFERINGS, {"authorised": "false"}).json()["results"] == []


# ── Proposals ─────────────────────────────────────────────────────────────────────────────────────
def test_an_item_is_proposed_once_and_answered_with_the_decision(caller: Client, boss: ProviderMember) -> None:
    key = {"Idempotency-Key": "winter"}
    tried = post(caller, f"{PROPOSALS}?dry_run=true", TRAINING)
    assert (tried.status_code, tried["Dry-Run"], Proposal.objects.count()) == (HTTPStatus.CREATED, "true", 0)
    assert not Event.objects.filter(topic="catalog.item_proposed").exists()

    made, again = (post(caller, PROPOSALS, TRAINING, **key) for _time in range(2))
    other = post(caller, PROPOSALS, {**TRAINING, "credits": 8}, **key)

    proposal = Proposal.objects.get()
    assert made.status_code == HTTPStatus.CREATED
    assert (made.json()["code"], made.json()["status"], made.json()["decision"]["granted"]) == (
        "routing-winter",
        "open",
        True,
    )
    assert (again.json(), again["Idempotency-Replayed"]) == (made.json(), "true")
    assert other.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (proposal.proposed_by, proposal.title) == (boss, "Routing in Winter")
    assert Event.objects.filter(topic="catalog.item_proposed").count() == 1
    read = caller.get(made["Location"])
    assert (read["ETag"], read.json()) == (
        made["ETag"],
        {name: value for name, value in made.json().items() if name != "decision"},
    )


def test_what_the_page_would_not_take_is_not_taken(caller: Client, stranger: Client, item: Item) -> None:
    """Shape by field; the rules with their clauses: a manager speaks, and a code is free (CAT-02 to CAT-06)."""
    misshapen = post(caller, PROPOSALS, {**TRAINING, "code": "no code", "kind": "party", "credits": -1, "summary": ""})
    unknown = post(caller, PROPOSALS, {**TRAINING, "language": "klingon"})
    refused = [
        post(stranger, PROPOSALS, TRAINING),
        post(caller, PROPOSALS, {**TRAINING, "code": "ilt-64"}),
        post(caller, PROPOSALS, {**TRAINING, "kind": "custom"}),
    ]

    assert set(misshapen.json()["errors"]) == {"code", "kind", "credits", "summary"}
    assert set(unknown.json()["errors"]) == {"language"}
    unmet = [
        [each["clause"] for each in answer.json()["decision"]["findings"] if not each["met"]] for answer in refused
    ]
    assert [answer.status_code for answer in refused] == [HTTPStatus.CONFLICT] * 3
    assert unmet == [["CAT-02"], ["CAT-02"], ["CAT-06"]]
    assert not Proposal.objects.exists()
    assert not Event.objects.filter(topic="catalog.item_proposed").exists()


def test_a_provider_reads_what_became_of_its_proposals_and_of_no_others(caller: Client, stranger: Client) -> None:
    few = asks(caller, PROPOSALS)
    declined, listed = (post(caller, PROPOSALS, {**TRAINING, "code": code}) for code in ("trivia", "winter"))
    review = BoardReview.objects.create(quarter="2026-Q3", held_on=day("2026-07-15"))
    with clock.standing_at(factories.noon("2026-07-16")):
        services.decline_proposal(
            proposal_id=declined.json()["id"], review_id=review.pk, answer="No.", decided_by_id=None, now=clock.now()
        )
        services.list_proposal(
            proposal_id=listed.json()["id"], review_id=review.pk, code="winter-2", credits=24,
            effective_on=day("2026-08-01"), reason="", decided_by_id=None, now=clock.now(),
        )  # fmt: skip

    told = caller.get(PROPOSALS).json()["results"]

    assert [(each["code"], each["status"], each["reason"], each["review"]) for each in told] == [
        ("winter", "listed", "", "2026-Q3"),
        ("trivia", "declined", "No.", "2026-Q3"),
    ]
    assert (told[0]["listed_as"], told[0]["listed_from"], told[0]["listed_credits"]) == ("winter-2", "2026-08-01", 24)
    assert caller.get(PROPOSALS, {"status": "declined", "fields": "code"}).json()["results"] == [{"code": "trivia"}]
    assert asks(caller, PROPOSALS) == few
    assert stranger.get(PROPOSALS).json()["results"] == []
    assert stranger.get(declined["Location"]).status_code == HTTPStatus.NOT_FOUND


def test_a_proposal_is_withdrawn_as_it_was_seen(caller: Client, stranger: Client) -> None:
    made = post(caller, PROPOSALS, TRAINING)
    address, seen = f"{made['Location']}/withdrawal", {"If-Match": made["ETag"]}

    assert post(stranger, address, {}, **{"If-Match": "*"}).status_code == HTTPStatus.NOT_FOUND
    assert post(caller, address, {}).status_code == HTTPStatus.PRECONDITION_REQUIRED
    assert post(caller, f"{address}?dry_run=true", {}, **seen).json()["status"] == "withdrawn"
    assert Proposal.objects.get().status == Proposal.Status.OPEN
    first, again = (post(caller, address, {}, **seen, **{"Idempotency-Key": "back"}) for _time in range(2))
    stale = post(caller, address, {}, **seen)

    assert (first.json()["status"], first.json()["answered_on"]) == ("withdrawn", "2026-05-04")
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert Event.objects.filter(topic="catalog.proposal_withdrawn").count() == 1


# ── Deliveries ────────────────────────────────────────────────────────────────────────────────────
def test_a_delivery_is_tried_and_then_scheduled_once(caller: Client, item: Item) -> None:
    tried = post(caller, f"{DELIVERIES}?dry_run=true", RUN)
    assert (tried.status_code, tried["Dry-Run"], Delivery.objects.count()) == (HTTPStatus.CREATED, "true", 0)

    made, again = (post(caller, DELIVERIES, RUN, **{"Idempotency-Key": "spring"}) for _time in range(2))
    other = post(caller, DELIVERIES, {**RUN, "code": "BRU-2"}, **{"Idempotency-Key": "spring"})
    refused, still = (post(caller, DELIVERIES, RUN, **{"Idempotency-Key": "twice"}) for _time in range(2))

    assert (again.json(), again["Location"], again["ETag"]) == (made.json(), made["Location"], made["ETag"])
    assert (again["Idempotency-Replayed"], other.status_code) == ("true", HTTPStatus.UNPROCESSABLE_ENTITY)
    assert (refused.status_code, still.content) == (HTTPStatus.CONFLICT, refused.content)
    assert Delivery.objects.count() == 1
    assert Event.objects.filter(topic="catalog.delivery_scheduled").count() == 1


def test_deliveries_come_in_as_many_queries_whatever_their_number(
    caller: Client, item: Item, boss: ProviderMember
) -> None:
    factories.DeliveryFactory.create(item=item, provider=boss.provider)
    few = asks(caller, DELIVERIES)
    for _number in range(4):
        factories.DeliveryFactory.create(item=item, provider=boss.provider)

    assert asks(caller, DELIVERIES) == few
    first = caller.get(DELIVERIES, {"page_size": 3}).json()
    rest = caller.get(first["next"]).json()
    assert len({each["id"] for each in first["results"] + rest["results"]}) == 5


def test_a_delivery_is_deleted_as_it_is_cancelled(caller: Client, stranger: Client, item: Item) -> None:
    """As it was seen, until its last day, and its code stays taken (CAT-07)."""
    made = post(caller, DELIVERIES, RUN)
    address, seen = made["Location"], {"If-Match": made["ETag"]}

    assert stranger.delete(address, headers={"If-Match": "*"}).status_code == HTTPStatus.NOT_FOUND
    assert caller.delete(address).status_code == HTTPStatus.PRECONDITION_REQUIRED
    assert caller.delete(f"{address}?dry_run=true", headers=seen).json()["cancelled"]
    assert Delivery.objects.get().cancelled_at is None
    with clock.standing_at(factories.noon("2026-06-05")):
        late = program(registered(scopes.PROVIDER, "acme", responsible=ProviderMember.objects.get(role="manager").user))
        refused = late.delete(address, headers=seen)
    assert (refused.status_code, Delivery.objects.get().cancelled_at) == (HTTPStatus.CONFLICT, None)

    gone, stale = (caller.delete(address, headers=seen) for _time in range(2))

    assert (gone.status_code, gone.json()["cancelled"]) == (HTTPStatus.OK, True)
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert caller.delete(address, headers={"If-Match": gone["ETag"]}).json() == gone.json()
    assert Event.objects.filter(topic="catalog.delivery_cancelled").count() == 1
    assert post(caller, DELIVERIES, RUN).status_code == HTTPStatus.CONFLICT
