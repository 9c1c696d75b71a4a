"""The database refuses what the rules should never have allowed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from catalog.models import (
    Authorisation,
    BoardDecision,
    BoardReview,
    Delivery,
    Equivalence,
    Item,
    Listing,
    Proposal,
    ProviderMember,
)
from tests import factories
from tests.factories import FIRST_DAY, LONG_AGO, day

pytestmark = pytest.mark.django_db


def _decision() -> BoardDecision:
    return factories.ListingFactory.create().decision


def _proposal(**fields: object) -> Proposal:
    member = factories.ProviderMemberFactory.create()
    told = {"code": "x", "title": "X", "kind": "workshop", "credits": 8, "proposed_at": LONG_AGO, "form_key": uuid4()}
    return Proposal.objects.create(**told | {"provider": member.provider, "proposed_by": member} | fields)


def _equivalence(first: int, second: int) -> Equivalence:
    items = [factories.ItemFactory.create(), factories.ItemFactory.create()]
    return Equivalence.objects.create(
        review=factories.BoardReviewFactory.create(), item=items[first], same_as=items[second], decided_at=LONG_AGO
    )


REFUSED: dict[str, Callable[[], object]] = {
    "two items that are the same, the wrong way round": lambda: _equivalence(1, 0),
    "an item that is the same as itself": lambda: _equivalence(0, 0),
    "an equivalence taken back": lambda: Equivalence.objects.filter(pk=_equivalence(0, 1).pk)._raw_delete("default"),
    "a proposal that is neither open nor answered": lambda: _proposal(status="open", answered_at=LONG_AGO),
    "a proposal answered at no time": lambda: _proposal(status="withdrawn"),
    "a proposal listed without a decision": lambda: _proposal(
        status="listed", answered_at=LONG_AGO, review=factories.BoardReviewFactory.create()
    ),
    "a proposal declined without a reason": lambda: _proposal(
        status="declined", answered_at=LONG_AGO, review=factories.BoardReviewFactory.create()
    ),
    "a proposal declined outside a review": lambda: _proposal(status="declined", answered_at=LONG_AGO, answer="No."),
    "a proposal in an unknown state": lambda: _proposal(status="lost", answered_at=LONG_AGO),
    "an unknown kind of item": lambda: Item.objects.create(code="x", title="X", kind="poem", created_at=LONG_AGO),
    "a custom item without its registration": lambda: Item.objects.create(
        code="x", title="X", kind="custom", created_at=LONG_AGO
    ),
    "two items under a code": lambda: [
        Item.objects.create(code="x", title="X", kind="workshop", created_at=LONG_AGO) for _ in range(2)
    ],
    "a quarter that is none": lambda: BoardReview.objects.create(quarter="2021-Q5", held_on=FIRST_DAY),
    "a listing decided without credits": lambda: BoardDecision.objects.create(
        review=factories.BoardReviewFactory.create(),
        item=factories.ItemFactory.create(),
        outcome="list",
        effective_on=FIRST_DAY,
        decided_at=LONG_AGO,
    ),
    "a delisting with credits": lambda: BoardDecision.objects.create(
        review=factories.BoardReviewFactory.create(),
        item=factories.ItemFactory.create(),
        outcome="delist",
        credits=4,
        effective_on=FIRST_DAY,
        decided_at=LONG_AGO,
    ),
    "a decision changed afterwards": lambda: BoardDecision.objects.filter(pk=_decision().pk).update(credits=5),
    "a decision removed": lambda: BoardDecision.objects.filter(pk=_decision().pk)._raw_delete("default"),
    "two listings at a time": lambda: [
        factories.ListingFactory.create(item=item, starts_on=start)
        for item in [factories.ItemFactory.create()]
        for start in [FIRST_DAY, day("2030-01-01")]
    ],
    "a listing of no day": lambda: factories.ListingFactory.create(ends_on=FIRST_DAY),
    "a listing without its decision": lambda: Listing.objects.create(
        item=factories.ItemFactory.create(), credits=4, starts_on=FIRST_DAY
    ),
    "two authorisations at a time": lambda: [
        factories.AuthorisationFactory.create(item=item) for item in [factories.ItemFactory.create()] for _ in range(2)
    ],
    "an authorisation of no day": lambda: Authorisation.objects.create(
        provider=factories.ProviderFactory.create(),
        item=factories.ItemFactory.create(),
        starts_on=FIRST_DAY,
        ends_on=FIRST_DAY,
    ),
    "a delivery that ends before it starts": lambda: factories.DeliveryFactory.create(
        starts_on=day("2021-03-06"), ends_on=day("2021-03-05")
    ),
    "two deliveries of a provider under a code": lambda: [
        Delivery.objects.create(
            item=item,
            provider=factories.ProviderFactory.create(),
            code="BRU-1",
            starts_on=FIRST_DAY,
            ends_on=FIRST_DAY,
            created_at=LONG_AGO,
        )
        for item in [factories.ItemFactory.create()]
        for _ in range(2)
    ],
    "an unknown role at a provider": lambda: ProviderMember.objects.create(
        provider=factories.ProviderFactory.create(), user=factories.UserFactory.create(), role="owner"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_database_refuses(case: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED[case]()
