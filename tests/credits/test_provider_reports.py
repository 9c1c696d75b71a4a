"""What a provider tells by itself: reports of completions, and its runs."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from candidates.models import Candidate
from catalog.models import Delivery, Item, Provider, ProviderMember
from ceportal.kernel import clock
from credits.models import CompletionReport, Grant
from tests import factories
from tests.credits.provider_world import TODAY, enrolled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def training(acme: Provider) -> Item:
    return factories.listed_item(code="secure-lab", title="Secure networks lab", provider=acme, credits=40)


# ── Reports ───────────────────────────────────────────────────────────────────────────────────────
def report(client: Client, number: str, item: str = "secure-lab", completed_on: str = "2026-04-01") -> Any:
    return client.post("/provider/report/", {"number": number, "item": item, "completed_on": completed_on})


def test_a_report_earns_and_reporting_it_twice_is_reporting_it_once(
    client: Client, alice: Candidate, training: Item, bob: ProviderMember
) -> None:
    enrolled(alice)
    client.force_login(bob.user)

    for _time in range(2):
        assert report(client, alice.number.lower())["Location"] == "/provider/report/"

    assert CompletionReport.objects.get().reported_by == bob
    assert Grant.objects.get().amount == 40
    assert "40 credits earned." in client.get("/provider/report/").content.decode()


def test_an_unknown_number_is_said_beside_its_field(client: Client, training: Item, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    page = report(client, "CSCO99")
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "There is no candidate with the number CSCO99." in page.context["form"].errors["number"][0]
    assert 'value="CSCO99"' in page.content.decode()


def test_a_refused_report_says_why_and_changes_nothing(
    client: Client, alice: Candidate, training: Item, bob: ProviderMember
) -> None:
    client.force_login(bob.user)
    page = report(client, alice.number)
    assert page.status_code == HTTPStatus.CONFLICT
    assert "The candidate is not enrolled in the programme." in page.content.decode()
    assert not CompletionReport.objects.exists()


def test_only_the_providers_own_trainings_can_be_reported(
    client: Client, alice: Candidate, training: Item, carol: ProviderMember
) -> None:
    enrolled(alice)
    client.force_login(carol.user)
    page = report(client, alice.number)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert list(page.context["form"].errors) == ["item"]
    assert not CompletionReport.objects.exists()


# ── Deliveries ────────────────────────────────────────────────────────────────────────────────────
def schedule(client: Client, **changes: str) -> Any:
    run = {"item": "secure-lab", "code": "RUN-9", "place": "", "starts_on": "2026-06-01", "ends_on": "2026-06-05"}
    return client.post("/provider/deliveries/", run | changes)


def test_a_run_is_scheduled_and_listed(client: Client, training: Item, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    assert schedule(client).status_code == HTTPStatus.FOUND
    assert "RUN-9" in client.get("/provider/deliveries/").content.decode()


def test_days_in_the_wrong_order_and_a_code_used_before_are_refused(
    client: Client, training: Item, bob: ProviderMember
) -> None:
    client.force_login(bob.user)
    assert schedule(client, ends_on="2026-05-05").status_code == HTTPStatus.CONFLICT
    assert not Delivery.objects.exists()
    schedule(client)
    assert schedule(client).status_code == HTTPStatus.CONFLICT
    assert Delivery.objects.count() == 1


def test_others_runs_are_not_listed(client: Client, training: Item, bob: ProviderMember, carol: ProviderMember) -> None:
    factories.DeliveryFactory.create(provider=bob.provider, item=training, code="OURS")
    client.force_login(carol.user)
    assert "OURS" not in client.get("/provider/deliveries/").content.decode()
