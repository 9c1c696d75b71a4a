"""The database refuses what the rules should never have allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Authorisation, BoardDecision, BoardReview, Delivery, Item, Listing, ProviderMember
from tests import factories
from tests.factories import FIRST_DAY, LONG_AGO, day

pytestmark = pytest.mark.django_db


def _decision() -> BoardDecision:
    return factories.ListingFactory.create().decision


REFUSED: dict[str, Callable[[], object]] = {
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
