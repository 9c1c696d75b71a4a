"""The API: who gets what, what is a problem, and a schema that tells it."""

from __future__ import annotations

import json
from http import HTTPStatus
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client, RequestFactory

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.problems import as_problem
from credits.rules import claims as rules
from tests import factories
from tests.factories import noon

ME = ("/api/v1/me/certifications", "/api/v1/me/credits", "/api/v1/me/claims")
pytestmark = pytest.mark.django_db


def test_the_schema_is_complete_and_says_so_without_warnings() -> None:
    out = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", stdout=out)

    schema = json.loads(out.getvalue())
    assert schema["openapi"].startswith("3.1")
    assert {*ME, "/api/v1/catalog/items"} <= set(schema["paths"])
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


@pytest.mark.parametrize("url", ME)
def test_strangers_and_those_without_a_record_see_nobodys_records(
    url: str, client: Client, bob: ProviderMember
) -> None:
    strangers = client.get(url)
    client.force_login(bob.user)
    unlinked = client.get(url)

    assert (strangers.status_code, unlinked.status_code) == (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    for answer in (strangers, unlinked):
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["instance"]) == (answer.status_code, url)
        assert problem["detail"]


@pytest.mark.parametrize("url", [*ME, "/api/v1/catalog/items"])
def test_nothing_is_written_through_it(url: str, client: Client, alice: Candidate) -> None:
    client.force_login(alice.user)
    assert client.post(url, {}).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_a_candidate_sees_their_own_certifications_only(client: Client, alice: Candidate) -> None:
    own = factories.CertificationFactory.create(candidate=alice)
    factories.CertificationFactory.create()
    client.force_login(alice.user)

    with clock.standing_at(noon("2026-05-04")):
        (answer,) = client.get("/api/v1/me/certifications").json()

    assert answer["number"] == own.number
    assert (answer["track"], answer["status"], answer["active_ends_on"]) == ("ccie-security", "active", "2027-01-01")


def test_a_balance_is_given_for_past_days_and_not_for_days_to_come(client: Client, alice: Candidate) -> None:
    client.force_login(alice.user)

    with clock.standing_at(noon("2026-05-04")):
        today = client.get("/api/v1/me/credits")
        to_come = client.get("/api/v1/me/credits", {"as_of": "2026-05-05"})
        nonsense = client.get("/api/v1/me/credits", {"as_of": "soon"})

    assert today.json() == {
        "as_of": "2026-05-04",
        "available": 0,
        "earned": 0,
        "used": 0,
        "expired": 0,
        "voided": 0,
        "cut": 0,
    }
    for answer in (to_come, nonsense):
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert list(answer.json()["errors"]) == ["as_of"]


def test_the_catalog_shows_as_much_as_the_page_does(client: Client, alice: Candidate, dan: User) -> None:
    factories.listed_item(code="open", sample=True)
    factories.listed_item(code="closed")

    def codes() -> list[str]:
        return [item["code"] for item in client.get("/api/v1/catalog/items").json()["results"]]

    assert codes() == ["open"]
    client.force_login(alice.user)
    assert codes() == ["open"]
    factories.CertificationFactory.create(candidate=alice)
    assert codes() == ["closed", "open"]
    client.force_login(dan)
    assert codes() == ["closed", "open"]


def test_the_catalog_is_searched_and_paged(client: Client, dan: User) -> None:
    for number in range(3):
        factories.listed_item(code=f"firewalls-{number}", technology="Security")
    factories.listed_item(code="other")
    client.force_login(dan)

    first = client.get("/api/v1/catalog/items", {"text": "firewalls", "page_size": 2}).json()
    second = client.get(first["next"]).json()
    wrong = client.get("/api/v1/catalog/items", {"kind": "none"})

    assert [item["code"] for item in first["results"] + second["results"]] == [f"firewalls-{n}" for n in range(3)]
    assert second["next"] is None
    assert list(wrong.json()["errors"]) == ["kind"]


def test_the_catalog_asks_the_same_queries_whatever_its_length(
    client: Client, dan: User, django_assert_max_num_queries: pytest.FixtureLookupError
) -> None:
    for number in range(12):
        factories.listed_item(code=f"item-{number}")
    client.force_login(dan)

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert len(client.get("/api/v1/catalog/items").json()["results"]) == 12


def test_a_refusal_carries_the_whole_decision() -> None:
    facts = rules.ApprovalFacts(
        status="submitted",
        by_the_provider=False,
        own_claim=False,
        kit="digital",
        in_a_cycle=True,
        cycle_ended_inactive=False,
        counted_already=False,
        reason_given=False,
    )
    refused = Refused(rules.assess_review(facts, "reject", {}))  # type: ignore[arg-type]

    answer = as_problem(refused, {"request": RequestFactory().get("/api/v1/somewhere")})

    assert answer is not None
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert answer.data["type"] == "http://testserver/policy/CE-10"
    findings = answer.data["decision"]["findings"]
    assert [finding["met"] for finding in findings] == [True, False, True, True, False]
    assert "Only staff of the provider" in answer.data["detail"]
    assert not answer.data["decision"]["granted"]


def test_a_fault_of_ours_is_no_problem_detail() -> None:
    assert as_problem(RuntimeError("a fault"), {"request": RequestFactory().get("/")}) is None
