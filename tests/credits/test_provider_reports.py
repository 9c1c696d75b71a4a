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
from tests.factories import day

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


def test_whoever_is_unknown_and_whoever_is_not_enrolled_are_told_alike(
    client: Client, alice: Candidate, training: Item, bob: ProviderMember
) -> None:
    """CE-05: who is in the records and takes no part is nothing to a provider."""
    client.force_login(bob.user)
    for number in ("CSCO99", alice.number):
        page = report(client, number)
        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert f"Nobody who is enrolled has the number {number}." in page.context["form"].errors["number"][0]
        assert f'value="{number}"' in page.content.decode()
    assert not CompletionReport.objects.exists()


def test_a_refused_report_says_why_and_changes_nothing(
    client: Client, alice: Candidate, training: Item, bob: ProviderMember
) -> None:
    enrolled(alice)
    client.force_login(bob.user)
    page = report(client, alice.number, completed_on="2024-12-31")
    assert page.status_code == HTTPStatus.CONFLICT
    assert "No certification was in an eligible status on 31 December 2024." in page.content.decode()
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


def test_a_run_is_cancelled_by_its_provider_while_nobody_can_have_completed_it(
    client: Client, training: Item, bob: ProviderMember, carol: ProviderMember
) -> None:
    """CAT-07"""
    run = factories.DeliveryFactory.create(provider=bob.provider, item=training, ends_on=TODAY.date())
    to_come = factories.DeliveryFactory.create(provider=bob.provider, item=training, ends_on=day("2026-06-05"))
    client.force_login(carol.user)
    assert client.post(f"/provider/deliveries/{to_come.pk}/cancel/").status_code == HTTPStatus.NOT_FOUND
    client.force_login(bob.user)
    assert client.get(f"/provider/deliveries/{to_come.pk}/cancel/").status_code == HTTPStatus.METHOD_NOT_ALLOWED

    refused = client.post(f"/provider/deliveries/{run.pk}/cancel/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "This delivery cannot be cancelled" in refused.content.decode()
    for _time in range(2):
        assert client.post(f"/provider/deliveries/{to_come.pk}/cancel/").status_code == HTTPStatus.FOUND

    assert list(Delivery.objects.filter(cancelled_at__isnull=False)) == [to_come]
    page = client.get("/provider/deliveries/").content.decode()
    assert "Cancelled" in page
    assert f"/provider/deliveries/{run.pk}/cancel/" not in page
