"""The board decides; listings follow, dated and never edited. Providers are authorised and deliver."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import queries, services
from catalog.models import Authorisation, BoardDecision, BoardReview, Delivery, Item, Listing, Provider
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def review() -> BoardReview:
    return services.hold_review(quarter="2021-Q2", held_on=day("2021-04-01"), now=noon("2021-04-01"))


def decide(item: Item, review: BoardReview, **changes: Any) -> BoardDecision:
    arguments = {
        "item_id": item.pk,
        "outcome": "list",
        "credits": 40,
        "effective_on": day("2021-04-01"),
        "review_id": review.pk,
        "decided_by_id": None,
        "reason": "Asked for by many.",
        "now": noon("2021-04-01"),
    }
    return services.decide_listing(**arguments | changes)


def topics() -> list[str]:
    return list(Event.objects.values_list("topic", flat=True))


def listings(item: Item) -> list[tuple[int, str, str | None]]:
    return [
        (each.credits, each.starts_on.isoformat(), each.ends_on.isoformat() if each.ends_on else None)
        for each in item.listings.all()
    ]


class TestReview:
    def test_is_held(self, review: BoardReview) -> None:
        assert review.quarter == "2021-Q2"
        assert topics() == ["catalog.review_held"]

    def test_told_twice_is_one_review(self, review: BoardReview) -> None:
        again = services.hold_review(quarter="2021-Q2", held_on=day("2021-04-01"), now=noon("2021-04-05"))
        assert again == review
        assert topics() == ["catalog.review_held"]

    def test_outside_its_quarter_is_refused(self) -> None:
        with pytest.raises(Refused, match="CAT-02"):
            services.hold_review(quarter="2021-Q2", held_on=day("2021-07-01"), now=noon("2021-07-01"))
        assert not BoardReview.objects.exists()
        assert topics() == []


class TestDecideListing:
    def test_an_item_enters_changes_and_leaves(self, review: BoardReview) -> None:
        item = factories.ItemFactory.create()
        decide(item, review)
        decide(item, review, outcome="change", credits=30, effective_on=day("2021-05-01"))
        decision = decide(item, review, outcome="delist", credits=None, effective_on=day("2021-06-01"))

        assert decision.credits is None
        assert listings(item) == [(40, "2021-04-01", "2021-05-01"), (30, "2021-05-01", "2021-06-01")]
        assert topics() == [
            "catalog.review_held",
            "catalog.item_listed",
            "catalog.item_changed",
            "catalog.item_delisted",
        ]
        assert Event.objects.last().payload == {
            "item": item.code,
            "credits": None,
            "effective_on": "2021-06-01",
        }

    @pytest.mark.parametrize(
        ("asked", "credits"),
        [
            ("2021-03-31", None),
            ("2021-04-01", 40),
            ("2021-04-30", 40),
            ("2021-05-01", 30),
            ("2021-05-31", 30),
            ("2021-06-01", None),
        ],
    )
    def test_what_was_listed_on_any_past_day_can_be_shown(
        self, review: BoardReview, asked: str, credits: int | None
    ) -> None:
        item = factories.ItemFactory.create()
        decide(item, review)
        decide(item, review, outcome="change", credits=30, effective_on=day("2021-05-01"))
        decide(item, review, outcome="delist", credits=None, effective_on=day("2021-06-01"))
        listing = queries.listing_on(item.pk, day(asked))
        assert (listing.credits if listing else None) == credits

    def test_an_item_may_come_back(self, review: BoardReview) -> None:
        item = factories.ItemFactory.create()
        decide(item, review)
        decide(item, review, outcome="delist", effective_on=day("2021-05-01"))
        decide(item, review, credits=20, effective_on=day("2021-05-01"))
        assert listings(item) == [(40, "2021-04-01", "2021-05-01"), (20, "2021-05-01", None)]

    @pytest.mark.parametrize(
        ("_case", "item", "changes", "clause"),
        [
            ("too many credits", {}, {"credits": 65}, "CAT-03"),
            ("no labs", {"kind": "digital_lite"}, {"credits": 12}, "CAT-05"),
            ("before the review", {}, {"effective_on": day("2021-03-31")}, "CAT-02"),
            ("nothing to change", {}, {"outcome": "change"}, "CAT-02"),
        ],
    )
    def test_refused(
        self, review: BoardReview, _case: str, item: dict[str, Any], changes: dict[str, Any], clause: str
    ) -> None:
        with pytest.raises(Refused) as refusal:
            decide(factories.ItemFactory.create(**item), review, **changes)
        assert refusal.value.decision.clauses_unmet == (clause,)
        assert not BoardDecision.objects.exists()
        assert not Listing.objects.exists()
        assert topics() == ["catalog.review_held"]

    def test_twice_is_refused_and_changes_nothing(self, review: BoardReview) -> None:
        item = factories.ItemFactory.create()
        decide(item, review)
        with pytest.raises(Refused, match="CAT-02"):
            decide(item, review, credits=30)
        assert listings(item) == [(40, "2021-04-01", None)]
        assert topics().count("catalog.item_listed") == 1

    def test_for_information(self, review: BoardReview) -> None:
        item = factories.ItemFactory.create(kind="digital_lite")
        decide(item, review, credits=0)
        assert listings(item) == [(0, "2021-04-01", None)]


class TestAuthorisation:
    @pytest.fixture
    def item(self) -> Item:
        return factories.ItemFactory.create()

    def authorise(self, provider: Provider, item: Item, starts: str, ends: str | None = None) -> Authorisation:
        return services.authorise_provider(
            provider_id=provider.pk,
            item_id=item.pk,
            starts_on=day(starts),
            ends_on=day(ends) if ends else None,
            now=noon("2021-01-04"),
        )

    def test_holds_from_its_first_day_to_the_day_before_its_end(self, acme: Provider, item: Item) -> None:
        self.authorise(acme, item, "2021-01-04", "2021-07-01")
        days = ["2021-01-03", "2021-01-04", "2021-06-30", "2021-07-01"]
        assert [queries.is_authorised(acme.pk, item.pk, day(each)) for each in days] == [
            False,
            True,
            True,
            False,
        ]
        assert topics() == ["catalog.provider_authorised"]

    @pytest.mark.parametrize(("starts", "ends"), [("2021-06-30", None), ("2020-01-01", "2021-01-05")])
    def test_overlapping_another_is_refused(self, acme: Provider, item: Item, starts: str, ends: str | None) -> None:
        self.authorise(acme, item, "2021-01-04", "2021-07-01")
        with pytest.raises(Refused, match="CAT-07"):
            self.authorise(acme, item, starts, ends)
        assert Authorisation.objects.count() == 1
        assert topics() == ["catalog.provider_authorised"]

    def test_may_follow_another(self, acme: Provider, item: Item) -> None:
        self.authorise(acme, item, "2021-01-04", "2021-07-01")
        self.authorise(acme, item, "2021-07-01")
        self.authorise(acme, item, "2020-01-01", "2021-01-04")
        assert queries.is_authorised(acme.pk, item.pk, day("2030-01-01"))

    def test_is_withdrawn(self, acme: Provider, item: Item) -> None:
        self.authorise(acme, item, "2021-01-04")
        services.withdraw_authorisation(
            provider_id=acme.pk, item_id=item.pk, ends_on=day("2021-03-01"), now=noon("2021-02-01")
        )
        assert queries.is_authorised(acme.pk, item.pk, day("2021-02-28"))
        assert not queries.is_authorised(acme.pk, item.pk, day("2021-03-01"))
        assert topics() == ["catalog.provider_authorised", "catalog.authorisation_withdrawn"]

    @pytest.mark.parametrize("ends", ["2021-01-03", "2021-01-04"])
    def test_is_not_withdrawn_where_none_holds(self, acme: Provider, item: Item, ends: str) -> None:
        self.authorise(acme, item, "2021-01-04")
        with pytest.raises(Refused, match="CAT-07"):
            services.withdraw_authorisation(
                provider_id=acme.pk, item_id=item.pk, ends_on=day(ends), now=noon("2021-02-01")
            )
        assert Authorisation.objects.get().ends_on is None
        assert topics() == ["catalog.provider_authorised"]

    def test_is_not_withdrawn_twice(self, acme: Provider, item: Item) -> None:
        self.authorise(acme, item, "2021-01-04")
        arguments = {"provider_id": acme.pk, "item_id": item.pk, "ends_on": day("2021-03-01")}
        services.withdraw_authorisation(**arguments, now=noon("2021-02-01"))
        with pytest.raises(Refused, match="CAT-07"):
            services.withdraw_authorisation(**arguments, now=noon("2021-02-01"))


class TestDelivery:
    def schedule(self, provider: Provider, item: Item, **changes: Any) -> Delivery:
        arguments = {
            "provider_id": provider.pk,
            "item_id": item.pk,
            "code": "BRU-1",
            "place": "Brussels",
            "starts_on": day("2021-03-01"),
            "ends_on": day("2021-03-05"),
            "now": noon("2021-01-04"),
        }
        return services.schedule_delivery(**arguments | changes)

    def test_is_scheduled(self, acme: Provider) -> None:
        item = factories.listed_item(provider=acme)
        delivery = self.schedule(acme, item)
        assert list(queries.upcoming_deliveries(item.pk, day("2021-03-05"))) == [delivery]
        assert not queries.upcoming_deliveries(item.pk, day("2021-03-06"))
        assert topics() == ["catalog.delivery_scheduled"]

    @pytest.mark.parametrize(
        ("_case", "changes"),
        [
            ("the authorisation has ended", {"ends_on": day("2021-07-01")}),
            ("it ends before it starts", {"ends_on": day("2021-02-28")}),
        ],
    )
    def test_refused(self, acme: Provider, _case: str, changes: dict[str, Any]) -> None:
        item = factories.ItemFactory.create()
        factories.AuthorisationFactory.create(
            provider=acme, item=item, starts_on=day("2021-01-04"), ends_on=day("2021-07-01")
        )
        with pytest.raises(Refused, match="CAT-07"):
            self.schedule(acme, item, **changes)
        assert not Delivery.objects.exists()
        assert topics() == []

    def test_of_another_providers_item_is_refused(self, acme: Provider, globex: Provider) -> None:
        item = factories.listed_item(provider=acme)
        with pytest.raises(Refused, match="CAT-07"):
            self.schedule(globex, item)
        assert not Delivery.objects.exists()

    def test_twice_under_a_code_is_refused(self, acme: Provider) -> None:
        item = factories.listed_item(provider=acme)
        self.schedule(acme, item)
        with pytest.raises(Refused, match="CAT-07"):
            self.schedule(acme, item)
        assert topics() == ["catalog.delivery_scheduled"]
