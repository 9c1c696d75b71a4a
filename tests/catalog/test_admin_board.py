"""The board's pages of staff: a review with its agenda, one act for each decision, refusals with their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from candidates.models import User
from catalog import queries, services
from catalog.models import (
    Authorisation,
    BoardDecision,
    BoardReview,
    Equivalence,
    Item,
    Listing,
    Proposal,
    ProviderMember,
)
from catalog.services.proposals import ProposalForm
from ceportal.kernel import clock
from tests import factories
from tests.factories import day, noon

NOW = noon("2026-05-04")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    client.force_login(dan)
    return client


@pytest.fixture
def review() -> BoardReview:
    return services.hold_review(quarter="2026-Q2", held_on=day("2026-05-04"), now=NOW)


@pytest.fixture
def boss(acme: object) -> ProviderMember:
    return factories.ProviderMemberFactory.create(provider=acme, role="manager")


def propose(member: ProviderMember, code: str = "routing-winter", on: str = "2026-05-01", **form: Any) -> Proposal:
    fields = {"code": code, "title": "Routing in Winter", "kind": "instructor_led", "credits": 32} | form
    return services.propose_item(member_id=member.pk, form_key=uuid4(), form=ProposalForm(**fields), now=noon(on))


def test_a_review_has_its_agenda_with_both_answers(desk: Client, review: BoardReview, boss: ProviderMember) -> None:
    proposal, later = propose(boss), propose(boss, "later", "2026-05-05")
    page = desk.get(f"/admin/catalog/boardreview/{review.pk}/change/").content.decode()
    for act in ("list", "decline"):
        assert f"/admin/catalog/proposal/{proposal.pk}/{act}/?review={review.pk}" in page
        assert f"/admin/catalog/proposal/{later.pk}/{act}/" not in page
    assert "1 proposal came after this review" in page


def test_a_proposal_is_listed_from_the_agenda(
    desk: Client, dan: User, review: BoardReview, boss: ProviderMember
) -> None:
    proposal = propose(boss)
    address = f"/admin/catalog/proposal/{proposal.pk}/list/"
    form = desk.get(f"{address}?review={review.pk}").content.decode()
    assert 'value="routing-winter"' in form
    assert 'value="2026-05-04"' in form
    asked = {"review": review.pk, "code": "routing-winter", "credits": "65", "effective_on": "2026-06-01"}

    refused = desk.post(address, asked)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "between 4 and 64 credits, not 65" in refused.content.decode()
    assert not Item.objects.exists()

    for _time in range(2):
        assert desk.post(address, asked | {"credits": "30"}).status_code == HTTPStatus.FOUND
    assert (Listing.objects.get().credits, Listing.objects.get().starts_on) == (30, day("2026-06-01"))
    assert Authorisation.objects.get().starts_on == day("2026-06-01")
    proposal.refresh_from_db()
    assert (proposal.status, proposal.review, proposal.answered_by) == ("listed", review, dan)


def test_a_proposal_is_declined_with_a_reason(desk: Client, review: BoardReview, boss: ProviderMember) -> None:
    proposal = propose(boss)
    address = f"/admin/catalog/proposal/{proposal.pk}/decline/"
    assert desk.post(address, {"review": review.pk, "answer": " "}).status_code == HTTPStatus.OK
    proposal.refresh_from_db()
    assert proposal.status == "open"
    assert desk.post(address, {"review": review.pk, "answer": "Too cold."}).status_code == HTTPStatus.FOUND
    proposal.refresh_from_db()
    assert (proposal.status, proposal.answer) == ("declined", "Too cold.")
    assert (
        desk.post(f"/admin/catalog/proposal/{proposal.pk}/list/", _listing(review)).status_code == HTTPStatus.CONFLICT
    )


def _listing(review: BoardReview) -> dict[str, Any]:
    return {"review": review.pk, "code": "routing-winter", "credits": "30", "effective_on": "2026-06-01"}


def test_a_decision_is_recorded_in_the_review(desk: Client, dan: User, review: BoardReview) -> None:
    item = factories.listed_item(code="routing", credits=40)
    address = f"/admin/catalog/boardreview/{review.pk}/decide/"
    asked = {"item": item.pk, "outcome": "change", "credits": "30", "effective_on": "2026-05-03", "reason": "Shorter."}
    assert desk.post(address, asked).status_code == HTTPStatus.CONFLICT
    assert desk.post(address, asked | {"effective_on": "2026-05-04"}).status_code == HTTPStatus.FOUND
    decision = BoardDecision.objects.get(review=review)
    assert (decision.credits, decision.decided_by) == (30, dan)
    page = desk.get(f"/admin/catalog/boardreview/{review.pk}/change/").content.decode()
    assert "Shorter." in page


def test_two_trainings_are_marked_once_in_a_review(desk: Client, dan: User, review: BoardReview) -> None:
    """CR-04"""
    one, other = factories.ItemFactory.create(code="one"), factories.ItemFactory.create(code="other")
    address = f"/admin/catalog/boardreview/{review.pk}/same/"

    itself = desk.post(address, {"item": one.pk, "same_as": one.pk})
    assert itself.status_code == HTTPStatus.CONFLICT
    assert "A training is always the same as itself." in itself.content.decode()
    assert (
        desk.post(address, {"item": other.pk, "same_as": one.pk, "reason": "German."}).status_code == HTTPStatus.FOUND
    )
    again = desk.post(address, {"item": one.pk, "same_as": other.pk})
    assert again.status_code == HTTPStatus.CONFLICT
    assert "They count as one training already." in again.content.decode()

    assert Equivalence.objects.get().decided_by == dan
    assert queries.equivalent_items(one.pk) == {one.pk, other.pk}
    assert "other" in desk.get(f"/admin/catalog/item/{one.pk}/change/").content.decode()


def test_a_review_to_come_is_not_on_record(desk: Client) -> None:
    refused = desk.post("/admin/catalog/boardreview/add/", {"held_on": "2026-05-05"})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert not BoardReview.objects.exists()


def test_acts_need_the_permission(client: Client, review: BoardReview, boss: ProviderMember) -> None:
    proposal = propose(boss)
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_boardreview", "view_proposal"]))
    client.force_login(clerk)
    assert client.get(f"/admin/catalog/boardreview/{review.pk}/change/").status_code == HTTPStatus.OK
    for address in (
        f"/admin/catalog/boardreview/{review.pk}/decide/",
        f"/admin/catalog/boardreview/{review.pk}/same/",
        f"/admin/catalog/proposal/{proposal.pk}/list/",
        f"/admin/catalog/proposal/{proposal.pk}/decline/",
    ):
        assert client.get(address).status_code == HTTPStatus.FORBIDDEN
        assert client.post(address, _listing(review) | {"answer": "No."}).status_code == HTTPStatus.FORBIDDEN
    proposal.refresh_from_db()
    assert proposal.status == "open"


def test_while_it_is_listed_a_training_keeps_what_it_was_listed_with(desk: Client) -> None:
    """CAT-04, CAT-06"""
    other = factories.ItemFactory.create(code="other", kind="other", approval_number="TC-1")
    custom = factories.ItemFactory.create(code="custom", kind="custom")
    factories.ListingFactory.create(item=other)

    def saved(item: Item, **changes: str) -> int:
        fields = {"title": item.title, "language": "en", "registration_number": "", "approval_number": ""} | changes
        parts = {"listings", "board_decisions", "authorisations"}
        management = {f"{part}-{name}": "0" for part in parts for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
        return desk.post(f"/admin/catalog/item/{item.pk}/change/", fields | management).status_code

    assert saved(other) == HTTPStatus.OK  # the form again, with its error
    assert saved(custom) == HTTPStatus.OK
    assert saved(other, approval_number="TC-2") == HTTPStatus.FOUND
    assert saved(custom, registration_number="DW-8") == HTTPStatus.FOUND
    other.refresh_from_db()
    assert other.approval_number == "TC-2"
