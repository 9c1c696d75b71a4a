"""The catalog as people meet it: the sample and the whole, search by address, an item's history."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog import services
from catalog.models import Item, Provider, ProviderMember
from ceportal.kernel import clock
from tests import factories
from tests.credits.pages import text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
LIST = "/catalog/"


@pytest.fixture(autouse=True)
def in_2026():
    with clock.standing_at(noon("2026-03-02")):
        yield


@pytest.fixture
def catalog(acme: Provider, globex: Provider) -> None:
    """Four trainings, two of them in the sample."""
    factories.listed_item(
        code="routing", title="Advanced Routing", technology="Enterprise", provider=acme, credits=40, sample=True
    )
    factories.listed_item(
        code="firewalls",
        title="Firewalls at Home",
        summary="Segmentation and routing between zones.",
        provider=acme,
        credits=30,
        hours=24,
        sample=True,
    )
    factories.listed_item(code="fabric", title="Data Fabric", kind="digital", provider=globex, credits=12, hours=None)
    factories.listed_item(
        code="wireless", title="Wireless Survey", kind="virtual", provider=globex, credits=24, hours=16, language="ja"
    )


def holder(level: str = "expert", **certification: Any) -> Candidate:
    """Someone with a login who holds a certification."""
    candidate = factories.CandidateFactory.create(login=True)
    track = factories.TrackFactory.create(code=f"track-{level}", level=level)
    factories.CertificationFactory.create(candidate=candidate, track=track, **certification)
    return candidate


def codes(client: Client, **asked: str) -> list[str]:
    response = client.get(LIST, asked)
    assert response.status_code == 200
    return [item.code for item in response.context["page"]]


@pytest.mark.usefixtures("catalog")
class TestWhoSeesWhat:
    def test_anyone_sees_the_sample_and_why(self, client: Client) -> None:
        response = client.get(LIST)
        assert [item.code for item in response.context["page"]] == ["routing", "firewalls"]
        assert "This is a sample" in response.text
        assert reverse("policy:clause", args=["CAT-08"]) in response.text

    @pytest.mark.parametrize(
        ("_case", "level", "status", "everything"),
        [
            ("an associate", "associate", "active", True),
            ("entry level", "entry", "active", False),
            ("a lapsed expert", "expert", "inactive", False),
        ],
    )
    def test_holders_of_an_eligible_certification_see_everything(
        self, client: Client, _case: str, level: str, status: str, everything: bool
    ) -> None:
        client.force_login(holder(level, status=status).user)
        assert len(codes(client)) == (4 if everything else 2)
        assert ("This is a sample" in client.get(LIST).text) is not everything

    def test_members_of_providers_and_staff_see_everything(
        self, client: Client, bob: ProviderMember, dan: User
    ) -> None:
        for user in (bob.user, dan):
            client.force_login(user)
            assert len(codes(client)) == 4

    def test_a_candidate_without_certification_sees_the_sample(self, client: Client, alice: Candidate) -> None:
        client.force_login(alice.user)
        assert len(codes(client)) == 2

    def test_an_item_outside_the_sample_says_who_may_see_it(self, client: Client) -> None:
        response = client.get("/catalog/fabric/")
        assert response.status_code == 403
        assert "CAT-08" in response.text
        assert "Data Fabric" not in response.text
        assert client.get("/catalog/routing/").status_code == 200
        assert client.get("/catalog/no-such-thing/").status_code == 404


@pytest.mark.usefixtures("catalog")
class TestSearch:
    @pytest.fixture(autouse=True)
    def signed_in(self, client: Client) -> None:
        client.force_login(holder().user)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, ["routing", "fabric", "firewalls", "wireless"]),
            ({"q": "routing"}, ["routing", "firewalls"]),
            ({"q": "ROUT zon"}, ["firewalls"]),
            ({"q": "fabr"}, ["fabric"]),
            ({"q": "nothing like it"}, []),
            ({"q": "50% off_"}, []),
            ({"kind": "virtual"}, ["wireless"]),
            ({"provider": "acme"}, ["routing", "firewalls"]),
            ({"technology": "Enterprise"}, ["routing"]),
            ({"language": "ja"}, ["wireless"]),
            ({"min": "24"}, ["routing", "firewalls", "wireless"]),
            ({"max": "24"}, ["fabric", "wireless"]),
            ({"min": "24", "max": "24"}, ["wireless"]),
            ({"sort": "most"}, ["routing", "firewalls", "wireless", "fabric"]),
            ({"sort": "least"}, ["fabric", "wireless", "firewalls", "routing"]),
            ({"sort": "shortest"}, ["wireless", "firewalls", "routing", "fabric"]),
            ({"q": "routing", "provider": "globex"}, []),
        ],
    )
    def test_by_address(self, client: Client, asked: dict[str, str], found: list[str]) -> None:
        assert codes(client, **asked) == found

    @pytest.mark.parametrize(
        "wrong", [{"kind": "poem"}, {"provider": "nobody"}, {"min": "many"}, {"max": "-1"}, {"page": "zzz"}]
    )
    def test_a_wrong_value_is_said_and_the_rest_still_works(self, client: Client, wrong: dict[str, str]) -> None:
        response = client.get(LIST, wrong | {"q": "routing"})
        assert [item.code for item in response.context["page"]] == ["routing", "firewalls"]
        assert bool(response.context["form"].errors) is ("page" not in wrong)

    def test_what_is_typed_stays_typed(self, client: Client) -> None:
        assert 'value="routing"' in client.get(LIST, {"q": "routing"}).text

    def test_as_one_types_only_the_results_come(self, client: Client) -> None:
        response = client.get(LIST, {"q": "fabr"}, headers={"HX-Request": "true"})
        assert "Data Fabric" in response.text
        assert "<html" not in response.text
        assert "HX-Request" in response["Vary"]

    def test_nothing_found_says_what_to_do(self, client: Client) -> None:
        assert "Nothing matches" in client.get(LIST, {"q": "nothing like it"}).text

    def test_what_is_not_listed_today_is_not_there(self, client: Client) -> None:
        factories.ListingFactory.create(
            item__code="gone", item__title="Gone", starts_on=day("2020-01-01"), ends_on=day("2026-03-02")
        )
        factories.ListingFactory.create(item__code="to-come", item__title="To come", starts_on=day("2026-03-03"))
        last = factories.ListingFactory.create(
            item__code="last-day", item__title="A last day", starts_on=day("2020-01-01"), ends_on=day("2026-03-03")
        )
        assert set(codes(client)) == {"routing", "fabric", "firewalls", "wireless", last.item.code}

    def test_an_authorisation_that_ended_is_not_shown(self, client: Client, acme: Provider) -> None:
        Item.objects.get(code="routing").authorisations.update(ends_on=day("2026-03-02"))
        assert codes(client, provider="acme") == ["firewalls"]
        assert "no provider at present" in client.get(LIST, {"q": "Advanced"}).text


class TestLength:
    @pytest.fixture(autouse=True)
    def signed_in(self, client: Client) -> None:
        client.force_login(holder().user)

    @pytest.mark.parametrize("length", [1, 60])
    def test_queries_do_not_grow_with_the_list(
        self, client: Client, length: int, django_assert_max_num_queries
    ) -> None:
        for number in range(length):
            factories.listed_item(code=f"training-number-{number:03}")
        with django_assert_max_num_queries(12):
            response = client.get(LIST)
        assert response.context["page"].paginator.count == length

    def test_pages_keep_the_search(self, client: Client) -> None:
        for number in range(30):
            factories.listed_item(code=f"training-number-{number:03}")
        response = client.get(LIST, {"q": "training", "page": "2"})
        assert len(response.context["page"]) == 6
        assert "?q=training&amp;page=1" in response.text
        assert "30 trainings" in response.text

    def test_queries_of_an_item(self, client: Client, django_assert_max_num_queries) -> None:
        delivery = factories.DeliveryFactory.create(ends_on=day("2026-03-06"))
        for number in range(10):
            factories.DeliveryFactory.create(item=delivery.item, code=f"X-{number}", ends_on=day("2026-03-06"))
        with django_assert_max_num_queries(12):
            assert client.get(f"/catalog/{delivery.item.code}/").status_code == 200


class TestItem:
    @pytest.fixture(autouse=True)
    def signed_in(self, client: Client) -> None:
        client.force_login(holder().user)

    def page(self, client: Client, item: Item) -> str:
        return client.get(f"/catalog/{item.code}/").text

    def test_worth_today_and_before(self, client: Client) -> None:
        item = factories.listed_item(code="routing", credits=40)
        item.listings.update(ends_on=day("2021-04-01"))
        factories.ListingFactory.create(item=item, credits=30, starts_on=day("2021-04-01"))
        response = client.get("/catalog/routing/")
        assert response.context["listing"].credits == 30
        assert [each.listing.credits for each in response.context["history"]] == [30, 40]
        assert [each.state for each in response.context["history"]] == ["running", "past"]
        assert "as listed since 1 April 2021" in response.text
        assert "6 June 2017" in response.text

    def test_its_whole_history_is_readable(self, client: Client) -> None:
        """CAT-02: from when to when, worth what, and why it left."""
        item = factories.listed_item(code="routing", credits=40, since=day("2020-01-01"))
        review = factories.BoardReviewFactory.create(quarter="2026-Q1", held_on=day("2026-03-02"))
        told = {"item_id": item.pk, "review_id": review.pk, "decided_by_id": None, "now": noon("2026-03-02")}
        services.decide_listing(
            outcome="delist", credits=None, effective_on=day("2026-03-02"), reason="Nobody teaches it.", **told
        )
        services.decide_listing(outcome="list", credits=30, effective_on=day("2026-05-01"), **told)
        response = client.get("/catalog/routing/")
        assert [each.state for each in response.context["history"]] == ["to_come", "past"]
        page = text_of(response)
        assert "1 May 2026 to come" in page
        assert "2 March 2026, not included taken out in 2026-Q1: Nobody teaches it." in page
        assert "Not listed on 2 March 2026" in page

    def test_what_counts_as_the_same_is_named(self, client: Client) -> None:
        """CR-04, by way of others too; CAT-08: of the sample, to those who see the sample."""
        items = [factories.listed_item(code=code, sample=code != "b") for code in ("a", "b", "c")]
        review = factories.BoardReviewFactory.create()
        for one, other in (items[:2], items[1:]):
            services.mark_equivalent(
                review_id=review.pk,
                item_id=one.pk,
                same_as_id=other.pk,
                reason="",
                decided_by_id=None,
                now=noon("2026-03-02"),
            )
        assert [item.code for item in client.get("/catalog/a/").context["counts_as"]] == ["b", "c"]
        assert [item.code for item in Client().get("/catalog/a/").context["counts_as"]] == ["c"]
        assert "Counts as the same training as" not in self.page(client, factories.listed_item(code="d"))

    def test_one_that_left_is_still_shown_with_its_past(self, client: Client) -> None:
        item = factories.listed_item(code="routing", credits=40)
        item.listings.update(ends_on=day("2026-03-02"))
        page = self.page(client, item)
        assert "Not listed on 2 March 2026" in page
        assert "6 June 2017" in page

    def test_deliveries_to_come_and_providers(self, client: Client, acme: Provider) -> None:
        item = factories.listed_item(code="routing", provider=acme)
        factories.DeliveryFactory.create(item=item, provider=acme, code="PAST", ends_on=day("2026-03-01"))
        factories.DeliveryFactory.create(item=item, provider=acme, code="TODAY", ends_on=day("2026-03-02"))
        page = self.page(client, item)
        assert "TODAY" in page
        assert "PAST" not in page
        assert acme.name in page

    @pytest.mark.parametrize(
        ("kind", "certificate", "kit"),
        [("instructor_led", False, True), ("virtual", False, True), ("digital", True, False), ("other", False, False)],
    )
    def test_what_a_claim_needs(self, client: Client, kind: str, certificate: bool, kit: bool) -> None:
        item = factories.listed_item(code="routing", kind=kind)
        page = self.page(client, item)
        assert (reverse("policy:clause", args=["CE-11"]) in page) is certificate
        assert (reverse("policy:clause", args=["CAT-09"]) in page) is kit
        assert f"{reverse('credits:claim_new')}?item=routing" in page

    def test_a_claim_is_offered_to_who_could_have_one(
        self, client: Client, acme: Provider, bob: ProviderMember, dan: User, alice: Candidate
    ) -> None:
        """Not to reviewers and staff without a certification record of their own."""
        item = factories.listed_item(provider=acme, sample=True)
        unlinked = factories.UserFactory.create()
        for user, offered in ((None, True), (alice.user, True), (unlinked, True), (bob.user, False), (dan, False)):
            client.logout()
            if user is not None:
                client.force_login(user)
            page = client.get(reverse("catalog:item_detail", args=[item.code])).content.decode()
            assert ("Claim this training" in page) is offered

    def test_what_earns_nothing_cannot_be_claimed(self, client: Client) -> None:
        item = factories.listed_item(code="lite", kind="digital_lite", credits=0)
        page = self.page(client, item)
        assert "earns no credits" in page
        assert reverse("policy:clause", args=["CAT-05"]) in page
        assert reverse("credits:claim_new") not in page
