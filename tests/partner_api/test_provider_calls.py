"""Content providers' programs: deliveries, claims with their evidence, and decisions, as on the provider's pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client

from candidates.models import Candidate
from catalog.models import Delivery, Item, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import scopes
from credits.models import Claim, Grant
from credits.services import claims, reviews
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.factories import day
from tests.partner_api.world import program, registered
from tests.story import PDF

pytestmark = pytest.mark.django_db
DELIVERIES, CLAIMS = "/api/v1/deliveries", "/api/v1/claims"


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def item(bob: ProviderMember) -> Item:
    return factories.listed_item(code="ilt-64", credits=64, provider=bob.provider)


@pytest.fixture
def acme_program(bob: ProviderMember) -> Client:
    return program(registered(scopes.PROVIDER, "acme", responsible=bob.user))


@pytest.fixture
def globex_program(carol: ProviderMember) -> Client:
    return program(registered(scopes.PROVIDER, "globex", responsible=carol.user))


@pytest.fixture
def claim(alice: Candidate, item: Item) -> Claim:
    return handed_in(enrolled(alice), item)


def post(caller: Client, address: str, body: Any, **headers: str) -> Any:
    headers = {"Idempotency-Key": str(uuid4()), **headers}
    return caller.post(address, json.dumps(body), content_type="application/json", headers=headers)


def decide(caller: Client, claim: Claim, outcome: str = "approve", reason: str = "", **headers: str) -> Any:
    etag = caller.get(f"{CLAIMS}/{claim.number}").headers.get("ETag", "")
    body = {"outcome": outcome, "reason": reason}
    return post(caller, f"{CLAIMS}/{claim.number}/decision", body, **{"If-Match": etag, **headers})


# ── Claims ────────────────────────────────────────────────────────────────────────────────────────
def test_a_provider_reads_its_own_claims_with_their_evidence(
    acme_program: Client, globex_program: Client, claim: Claim
) -> None:
    (told,) = acme_program.get(CLAIMS, {"status": "submitted", "item": "ilt-64"}).json()["results"]
    file = acme_program.get(told["evidence"][0]["address"], headers={"Accept": "application/pdf"})

    assert (told["number"], told["candidate"]["name"], told["credits"]) == (claim.number, claim.candidate.name, 64)
    assert told["decision"]["granted"]
    assert b"".join(file.streaming_content) == PDF
    assert acme_program.get(CLAIMS, {"status": "approved"}).json()["results"] == []
    assert globex_program.get(CLAIMS).json()["results"] == []
    for address in (f"{CLAIMS}/{claim.number}", told["evidence"][0]["address"]):
        assert globex_program.get(address).status_code == HTTPStatus.NOT_FOUND


def test_a_draft_is_nobodys_yet(acme_program: Client, alice: Candidate, item: Item, bob: ProviderMember) -> None:
    form = claims.ClaimForm(item_id=item.pk, provider_id=bob.provider_id, completed_on=day("2026-04-01"))
    draft = claims.save_draft(candidate_id=enrolled(alice).pk, form_key=uuid4(), form=form, now=TODAY)

    assert acme_program.get(CLAIMS).json()["results"] == []
    assert acme_program.get(f"{CLAIMS}/{draft.number}").status_code == HTTPStatus.NOT_FOUND
    assert list(acme_program.get(CLAIMS, {"status": "draft"}).json()["errors"]) == ["status"]


def test_only_the_fields_asked_for_are_given(acme_program: Client, claim: Claim) -> None:
    (told,) = acme_program.get(CLAIMS, {"fields": "number,status"}).json()["results"]
    unknown = acme_program.get(CLAIMS, {"fields": "number,shoe_size"})

    assert told == {"number": claim.number, "status": "submitted"}
    assert "shoe_size" in unknown.json()["errors"]["fields"]


def test_an_approval_grants_the_credits_once(acme_program: Client, claim: Claim, bob: ProviderMember) -> None:
    key = {"Idempotency-Key": "one"}
    etag = acme_program.get(f"{CLAIMS}/{claim.number}")["ETag"]

    first, again = (decide(acme_program, claim, **key, **{"If-Match": etag}) for _time in range(2))

    assert (first.status_code, first.json()["status"]) == (HTTPStatus.OK, "approved")
    assert again.json() == first.json()
    claim.refresh_from_db()
    assert claim.decided_by == bob
    assert Grant.objects.filter(claim=claim).count() == 1
    assert Event.objects.filter(topic="credits.claim_approved").count() == 1


def test_a_claim_that_came_back_anew_is_read_anew_first(acme_program: Client, claim: Claim) -> None:
    stale = acme_program.get(f"{CLAIMS}/{claim.number}")["ETag"]
    returned = decide(acme_program, claim, "return", "Your name is missing.")

    unread = decide(acme_program, claim, **{"If-Match": stale})
    unsaid = post(acme_program, f"{CLAIMS}/{claim.number}/decision", {"outcome": "approve"})

    assert (returned.status_code, unread.status_code, unsaid.status_code) == (200, 412, 428)
    claim.refresh_from_db()
    assert claim.status == Claim.Status.RETURNED


@pytest.mark.django_db(transaction=True)
def test_a_claim_handed_in_anew_in_this_very_moment_is_not_decided_unread(
    acme_program: Client, claim: Claim, bob: ProviderMember
) -> None:
    """Whoever changes the claim holds its candidate; the decision waits for that, and then looks."""
    etag = acme_program.get(f"{CLAIMS}/{claim.number}")["ETag"]

    def decide_elsewhere() -> Any:
        try:
            with clock.standing_at(TODAY):
                return decide(acme_program, claim, **{"If-Match": etag})
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reviews.decide_claim(claim_id=claim.pk, member_id=bob.pk, outcome="return", reason="Unsigned.", now=TODAY)
            decision = pool.submit(decide_elsewhere)
            wait_for_somebody_who_waits()
        answer = decision.result()

    assert answer.status_code == HTTPStatus.PRECONDITION_FAILED
    claim.refresh_from_db()
    assert claim.status == Claim.Status.RETURNED


def wait_for_somebody_who_waits() -> None:
    """Until another connection waits for what this one has locked."""
    tick = threading.Event()
    for _turn in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        tick.wait(0.05)
    raise AssertionError("Nobody came to wait.")


def test_a_decision_that_the_page_would_refuse_is_refused_with_its_clauses(acme_program: Client, claim: Claim) -> None:
    answer = decide(acme_program, claim, "reject")

    assert answer.status_code == HTTPStatus.CONFLICT
    unmet = [each["clause"] for each in answer.json()["decision"]["findings"] if not each["met"]]
    assert unmet == ["CE-10"]
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED


def test_a_decision_can_be_tried(acme_program: Client, claim: Claim) -> None:
    etag = acme_program.get(f"{CLAIMS}/{claim.number}")["ETag"]

    tried = post(
        acme_program, f"{CLAIMS}/{claim.number}/decision?dry_run=true", {"outcome": "approve"}, **{"If-Match": etag}
    )

    assert (tried.status_code, tried.json()["status"], tried["Dry-Run"]) == (200, "approved", "true")
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED
    assert not Grant.objects.exists()


def test_another_provider_decides_nothing(globex_program: Client, claim: Claim) -> None:
    assert decide(globex_program, claim, **{"If-Match": "*"}).status_code == HTTPStatus.NOT_FOUND
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED


def test_a_program_acts_as_long_as_its_member_does(acme_program: Client, bob: ProviderMember, claim: Claim) -> None:
    bob.active = False
    bob.save()

    answer = acme_program.get(CLAIMS)

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "does not act for the provider any more" in answer.json()["detail"]


def test_a_list_asks_the_same_queries_whatever_its_length(
    acme_program: Client, item: Item, django_assert_num_queries: Any
) -> None:
    for _number in range(5):
        handed_in(enrolled(factories.CandidateFactory.create()), item)

    with django_assert_num_queries(5):  # the caller, the member, claims and files, the log
        assert len(acme_program.get(CLAIMS).json()["results"]) == 5


# ── Deliveries ────────────────────────────────────────────────────────────────────────────────────
def scheduled(caller: Client, **changed: Any) -> Any:
    body = {"item": "ilt-64", "code": "BRU-1", "place": "Brussels", "starts_on": "2026-06-01", "ends_on": "2026-06-05"}
    return post(caller, DELIVERIES, {**body, **changed})


def test_a_delivery_is_scheduled_read_and_cancelled(acme_program: Client, item: Item) -> None:
    made = scheduled(acme_program)
    address = made["Location"]
    read = acme_program.get(address)
    cancelled = post(acme_program, f"{address}/cancellation", {}, **{"If-Match": read["ETag"]})
    stale = post(acme_program, f"{address}/cancellation", {}, **{"If-Match": read["ETag"]})

    assert (made.status_code, read.json()) == (HTTPStatus.CREATED, made.json())
    assert cancelled.json()["cancelled"]
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert Delivery.objects.get().cancelled_at == TODAY
    (listed,) = acme_program.get(DELIVERIES, {"cancelled": "true", "ends_from": "2026-06-05"}).json()["results"]
    assert listed == cancelled.json()
    assert acme_program.get(DELIVERIES, {"ends_from": "2026-06-06"}).json()["results"] == []


def test_what_is_not_authorised_or_taken_is_refused_and_what_is_misshapen_named(
    acme_program: Client, globex_program: Client, item: Item
) -> None:
    scheduled(acme_program)

    taken, unauthorised = scheduled(acme_program), scheduled(globex_program)
    wrong = scheduled(acme_program, item="nothing", starts_on="soon")

    for refused in (taken, unauthorised):
        assert refused.status_code == HTTPStatus.CONFLICT
        assert refused.json()["decision"]["findings"]
    assert set(wrong.json()["errors"]) == {"item", "starts_on"}
    assert Delivery.objects.count() == 1


def test_another_providers_delivery_is_not_there(acme_program: Client, globex_program: Client, item: Item) -> None:
    address = scheduled(acme_program)["Location"]

    assert globex_program.get(address).status_code == HTTPStatus.NOT_FOUND
    gone = post(globex_program, f"{address}/cancellation", {}, **{"If-Match": "*"})
    assert gone.status_code == HTTPStatus.NOT_FOUND
    assert globex_program.get(DELIVERIES).json()["results"] == []
    assert Delivery.objects.get().cancelled_at is None
