"""The feed as programs read it: from any point on, what their scopes show, and word of what is not kept any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates import services as people
from candidates.models import Candidate, ChannelPartner, PartnerMember, StaffAccess
from catalog.models import ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.outbox import emit
from ceportal.partner_api import scopes, services
from ceportal.partner_api.feed import last_given, newest_position
from ceportal.partner_api.models import FeedEntry
from ceportal.partner_api.sweeps import forget_entries
from credits.services import reviews
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.partner_api.world import ask_token, program, registered, with_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("claim")]
EVENTS, MINE = "/api/v1/events", "/api/v1/me/events"
SUBMITTED, APPROVED = "credits.claim_submitted", "credits.claim_approved"


@pytest.fixture
def claim(alice: Candidate, bob: ProviderMember, tmp_path: Any, settings: Any) -> Iterator[str]:
    """The number of a claim that Alice handed in and Bob approved."""
    settings.MEDIA_ROOT = str(tmp_path)
    with clock.standing_at(TODAY):
        factories.AgreementFactory.create()
        item = factories.listed_item(provider=bob.provider)
        handed = handed_in(enrolled(alice), item)
        reviews.decide_claim(claim_id=handed.pk, member_id=bob.pk, outcome="approve", now=TODAY)
        yield handed.number


@pytest.fixture
def ours(bob: ProviderMember) -> Client:
    return program(registered(scopes.PROVIDER, "acme", responsible=bob.user))


def own(candidate: Candidate, *allowed: str) -> Client:
    assert candidate.user_id is not None
    _token, secret = services.create_personal_token(
        user_id=candidate.user_id, name=" ".join(allowed)[:60], allowed=[*allowed], days=30, now=TODAY
    )
    return with_token(secret)


def types(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["type"] for each in answer.json()["events"]]


def test_a_provider_reads_what_became_of_its_claims_again_from_any_point(ours: Client, claim: str) -> None:
    read = ours.get(EVENTS).json()
    first, second = read["events"]
    assert [first["type"], second["type"]] == [SUBMITTED, APPROVED]
    assert {first["subject"], second["subject"]} == {claim}
    assert first["data"]["status"] == "submitted", "as it was then"
    assert second["data"]["status"] == "approved"
    assert (read["after"], read["more"]) == (newest_position(), False)

    one = ours.get(EVENTS, {"limit": 1}).json()
    assert (one["events"], one["after"], one["more"]) == ([first], first["position"], True)
    assert ours.get(EVENTS, {"after": one["after"]}).json()["events"] == [second]
    assert ours.get(EVENTS, {"after": second["position"]}).json() == {
        "events": [], "after": newest_position(), "more": False
    }  # fmt: skip
    assert types(ours.get(EVENTS, {"topic": APPROVED})) == [APPROVED]
    assert types(ours.get(EVENTS, {"topic": [APPROVED, SUBMITTED]})) == [SUBMITTED, APPROVED]


@pytest.mark.parametrize(
    "asked", [{"after": "-1"}, {"after": "x"}, {"after": 2**63}, {"topic": "no"}, {"limit": "501"}]
)
def test_what_cannot_be_asked_for_is_named(ours: Client, asked: dict[str, Any]) -> None:
    answer = ours.get(EVENTS, asked)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, set(asked))


def test_only_what_the_tokens_other_scopes_show_and_nothing_of_another_tenant(
    bob: ProviderMember, carol: ProviderMember
) -> None:
    issued = registered(scopes.PROVIDER, "acme", responsible=bob.user)
    narrow = with_token(ask_token(issued, scope="events:read deliveries:read").json()["access_token"])
    assert types(narrow.get(EVENTS)) == []
    without = with_token(ask_token(issued, scope="claims:read").json()["access_token"])
    assert without.get(EVENTS).status_code == 403
    assert types(program(registered(scopes.PROVIDER, "globex", responsible=carol.user)).get(EVENTS)) == []

    wide, application_id = program(issued), issued.credential.application_id
    assert types(wide.get(EVENTS)) == [SUBMITTED, APPROVED]
    services.allow(application_id=application_id, allowed=["events:read"], now=TODAY)
    assert types(wide.get(EVENTS)) == [], "what the program lost its tokens lost, also of before"
    services.allow(application_id=application_id, allowed=["claims:read"], now=TODAY)
    assert wide.get(EVENTS).status_code == 403


def test_a_program_whose_person_left_the_provider_reads_nothing_more(ours: Client, bob: ProviderMember) -> None:
    ProviderMember.objects.filter(pk=bob.pk).update(active=False)
    assert ours.get(EVENTS).status_code == 403


def test_candidates_read_their_own_under_the_scopes_they_chose(alice: Candidate, client: Client) -> None:
    assert types(own(alice, "me:events", "me:claims").get(MINE)) == [SUBMITTED, APPROVED]
    assert types(own(alice, "me:events", "me:certifications").get(MINE)) == ["candidates.certification_imported"]
    assert types(own(alice, "me:events").get(MINE)) == []
    assert own(alice, "me:claims").get(MINE).status_code == 403
    client.force_login(alice.user)
    assert {SUBMITTED, "candidates.certification_imported"} <= set(types(client.get(MINE)))
    assert types(own(factories.CandidateFactory.create(login=True), "me:events", "me:claims").get(MINE)) == []


def test_to_go_on_from_before_what_is_kept_is_gone_and_not_silence(ours: Client, settings: Any) -> None:
    before = ours.get(EVENTS, {"limit": 1}).json()["after"]
    last = ours.get(EVENTS).json()["after"]
    forget_entries(now=TODAY + timedelta(days=settings.FEED_KEPT_DAYS + 1))
    assert not FeedEntry.objects.exists()
    gone = ours.get(EVENTS, {"after": before})
    assert (gone.status_code, gone.json()["status"], gone["Content-Type"]) == (410, 410, "application/problem+json")
    again = ours.get(EVENTS).json()
    assert (again["events"], again["after"] >= last) == ([], True)
    assert ours.get(EVENTS, {"after": again["after"]}).status_code == 200


def test_who_is_told_nothing_for_long_goes_on_and_has_missed_nothing(
    ours: Client, carol: ProviderMember, settings: Any
) -> None:
    """What is forgotten was for others: an answer without events says how far it has looked."""
    quiet = program(registered(scopes.PROVIDER, "globex", responsible=carol.user))
    told = quiet.get(EVENTS).json()
    assert (told["events"], told["after"]) == ([], ours.get(EVENTS).json()["after"])
    forget_entries(now=TODAY + timedelta(days=settings.FEED_KEPT_DAYS + 1))
    assert quiet.get(EVENTS, {"after": told["after"]}).json() == told
    delivery = factories.DeliveryFactory.create(provider=carol.provider)
    with transaction.atomic():
        emit("catalog.delivery_scheduled", delivery, now=TODAY)
    assert [each["subject"] for each in quiet.get(EVENTS, {"after": told["after"]}).json()["events"]] == [delivery.code]


def test_a_position_that_was_never_given_is_not_waited_for(ours: Client) -> None:
    """As after the portal was set back to a backup: what is given next would stand before it, and never be read."""
    ours.get(EVENTS)
    assert ours.get(EVENTS, {"after": last_given()}).status_code == 200
    never = ours.get(EVENTS, {"after": last_given() + 1})
    assert (never.status_code, "never given" in never.json()["detail"]) == (410, True)


def test_a_long_read_costs_as_many_queries_as_a_short_one(ours: Client) -> None:
    ours.get(EVENTS)
    counts = []
    for limit in (1, 2):
        with CaptureQueriesContext(connection) as queries:
            assert len(ours.get(EVENTS, {"limit": limit}).json()["events"]) == limit
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_a_partner_reads_the_statuses_of_its_own_as_long_as_they_are_and_they_see_that_it_did(alice: Candidate) -> None:
    partner = ChannelPartner.objects.create(code="northwind", name="Northwind")
    member = PartnerMember.objects.create(partner=partner, user=factories.UserFactory.create())
    asked = people.request_affiliation(
        candidate_id=alice.pk, partner_code="northwind", country="US", full_time=True, now=TODAY
    )
    people.confirm_affiliation(affiliation_id=asked.pk, user_id=member.user_id, now=TODAY)
    with transaction.atomic():
        emit("candidates.certification_changed", alice.certifications.get(), now=TODAY, before="", after="active")
    northwind = program(registered(scopes.VERIFIER, "northwind", responsible=member.user))

    told = northwind.get(EVENTS).json()["events"]
    assert [each["type"].partition(".")[2] for each in told] == [
        "affiliation_requested", "affiliation_confirmed", "certification_changed"
    ]  # fmt: skip
    # In the words of the partner's page: neither which certification it is nor how long it holds.
    assert (told[-1]["subject"], told[-1]["data"]) == (alice.number, {"candidate": alice.number, "status": "active"})
    access = StaffAccess.objects.get(partner="Northwind")
    assert (access.candidate_ids, access.record_ids) == ([alice.pk], sorted(each["id"] for each in told))
    assert types(program(registered(scopes.VERIFIER, "southwind")).get(EVENTS)) == []

    people.leave_partner(candidate_id=alice.pk, now=TODAY)
    assert "candidates.certification_changed" not in types(northwind.get(EVENTS))
    PartnerMember.objects.update(active=False)
    assert northwind.get(EVENTS).status_code == 403
