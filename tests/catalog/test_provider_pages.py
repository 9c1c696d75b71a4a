"""A provider's own pages of the catalog: proposals to the board, and its members; and who has no business there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import User
from catalog import services
from catalog.models import Proposal, Provider, ProviderMember
from ceportal.kernel import clock
from tests import factories
from tests.credits.pages import text_of
from tests.factories import day, noon

NOW = noon("2026-05-04")
LIST, NEW, MEMBERS = "/provider/proposals/", "/provider/proposals/new/", "/provider/members/"
pytestmark = pytest.mark.django_db
MaxQueries = Callable[[int], Any]
TRAINING = {
    "title": "Routing in Winter",
    "code": "routing-winter",
    "kind": "instructor_led",
    "credits": "32",
    "hours": "32",
    "technology": "Enterprise",
    "language": "en",
    "summary": "Thirty-two hours of snow.",
}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def boss(acme: Provider) -> ProviderMember:
    """A manager of `acme`."""
    return factories.ProviderMemberFactory.create(provider=acme, role="manager", user__name="Berta")


@pytest.fixture
def me(client: Client, boss: ProviderMember) -> Client:
    client.force_login(boss.user)
    return client


def propose(client: Client, **changes: str) -> Any:
    return client.post(NEW, {"form_key": str(uuid4())} | TRAINING | changes)


def proposed(client: Client, **changes: str) -> Proposal:
    assert propose(client, **changes).status_code == HTTPStatus.FOUND
    return Proposal.objects.latest("id")


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person if isinstance(person, User) else person.user)
    return client


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("who", ["alice", "dan", "proctor"])
def test_for_those_who_act_for_no_provider_there_is_no_such_page(
    who: str, me: Client, boss: ProviderMember, request: pytest.FixtureRequest
) -> None:
    proposal = proposed(me)
    stranger = signed_in(request.getfixturevalue(who))
    for address in (LIST, NEW, f"{LIST}{proposal.pk}/", MEMBERS):
        assert stranger.get(address).status_code == HTTPStatus.NOT_FOUND
        assert Client().get(address).status_code == HTTPStatus.FOUND
    for address in (NEW, f"{LIST}check/", f"{LIST}{proposal.pk}/withdraw/", f"{MEMBERS}{boss.pk}/"):
        assert stranger.post(address, TRAINING).status_code == HTTPStatus.NOT_FOUND
        assert Client().post(address, TRAINING).status_code == HTTPStatus.FOUND
    assert list(Proposal.objects.values_list("status", flat=True)) == ["open"]


def test_another_provider_neither_sees_nor_changes_anything(
    me: Client, boss: ProviderMember, carol: ProviderMember
) -> None:
    carol.role = ProviderMember.Role.MANAGER
    carol.save()
    proposal, stranger = proposed(me), signed_in(carol)
    assert proposal.title not in stranger.get(LIST).text
    assert stranger.get(f"{LIST}{proposal.pk}/").status_code == HTTPStatus.NOT_FOUND
    assert stranger.post(f"{LIST}{proposal.pk}/withdraw/").status_code == HTTPStatus.NOT_FOUND
    assert stranger.post(f"{MEMBERS}{boss.pk}/", {"active": "0"}).status_code == HTTPStatus.NOT_FOUND
    assert boss.user.email not in stranger.get(MEMBERS).text
    key = str(proposal.form_key)
    assert propose(stranger, form_key=key).status_code == HTTPStatus.NOT_FOUND
    boss.refresh_from_db()
    assert boss.active


def test_a_reviewer_sees_proposals_and_is_refused_to_make_or_withdraw_one(
    me: Client, boss: ProviderMember, bob: ProviderMember
) -> None:
    """CAT-02: managers speak for their provider."""
    proposal, reviewer = proposed(me), signed_in(bob)
    page = reviewer.get(LIST)
    assert proposal.title in page.text
    assert NEW not in page.text
    assert "withdraw/" not in reviewer.get(f"{LIST}{proposal.pk}/").text

    refused = propose(reviewer, code="another")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "managers speak for it" in refused.text
    assert reviewer.post(f"{LIST}{proposal.pk}/withdraw/").status_code == HTTPStatus.CONFLICT
    assert list(Proposal.objects.values_list("status", flat=True)) == ["open"]


def test_members_are_for_managers(bob: ProviderMember, boss: ProviderMember) -> None:
    reviewer = signed_in(bob)
    assert reviewer.get(MEMBERS).status_code == HTTPStatus.NOT_FOUND
    assert reviewer.post(f"{MEMBERS}{boss.pk}/", {"active": "0"}).status_code == HTTPStatus.NOT_FOUND
    assert MEMBERS not in reviewer.get(LIST).text
    boss.refresh_from_db()
    assert boss.active


# ── Proposing ─────────────────────────────────────────────────────────────────────────────────────
def test_the_first_state_says_what_to_do(me: Client) -> None:
    page = text_of(me.get(LIST))
    assert "Nothing has been proposed yet" in page
    assert "Propose a training" in page
    assert "It still needs: Title Kind" in text_of(me.get(NEW))


def test_a_training_is_proposed_and_shown(me: Client, boss: ProviderMember) -> None:
    proposal = proposed(me, code="Routing-Winter")
    assert (proposal.code, proposal.credits, proposal.proposed_by) == ("routing-winter", 32, boss)
    page = text_of(me.get(f"{LIST}{proposal.pk}/"))
    assert "Thirty-two hours of snow." in page
    assert "The board answers in its next quarterly review." in page
    assert "Routing in Winter" in text_of(me.get(LIST))


def test_sent_twice_it_is_one(me: Client) -> None:
    key = str(uuid4())
    assert propose(me, form_key=key)["Location"] == propose(me, form_key=key)["Location"]
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize(
    ("_case", "changes", "status", "words"),
    [
        ("too many credits", {"credits": "65"}, HTTPStatus.CONFLICT, "between 4 and 64 credits"),
        ("custom, not registered", {"kind": "custom"}, HTTPStatus.CONFLICT, "derivative-works tool"),
        ("other, not approved", {"kind": "other"}, HTTPStatus.CONFLICT, "technical committee"),
        ("lite, but worth something", {"kind": "digital_lite"}, HTTPStatus.CONFLICT, "earns nothing"),
        ("labelled lite", {"kind": "digital", "title": "Routing Lite"}, HTTPStatus.CONFLICT, "labelled lite"),
        ("a code in use", {"code": "taken"}, HTTPStatus.CONFLICT, "has this code"),
        ("no title", {"title": ""}, HTTPStatus.UNPROCESSABLE_ENTITY, "Something here needs your attention"),
        ("no kind", {"kind": "poem"}, HTTPStatus.UNPROCESSABLE_ENTITY, "Something here needs your attention"),
        ("a code of words", {"code": "two words"}, HTTPStatus.UNPROCESSABLE_ENTITY, "Something here needs"),
    ],
)
def test_what_cannot_be_proposed_says_why_and_keeps_what_was_typed(
    me: Client, _case: str, changes: dict[str, str], status: HTTPStatus, words: str
) -> None:
    factories.ItemFactory.create(code="taken")
    page = propose(me, **changes)
    assert page.status_code == status
    assert words in page.text
    assert "Thirty-two hours of snow." in page.text
    assert not Proposal.objects.exists()


def test_numbers_are_kept_where_the_kind_needs_them(me: Client) -> None:
    numbers = {"registration_number": "DW-7", "approval_number": "TC-1"}
    kept = []
    for kind in ("instructor_led", "custom", "other"):
        proposal = proposed(me, kind=kind, code=f"{kind}-1".replace("_", "-"), **numbers)
        kept.append((proposal.registration_number, proposal.approval_number))
    assert kept == [("", ""), ("DW-7", ""), ("", "TC-1")]


def test_the_boards_questions_are_answered_while_typing(me: Client) -> None:
    live = me.post(f"{LIST}check/", TRAINING | {"credits": "99"}, headers={"HX-Request": "true"})
    assert "<html" not in live.text
    assert "between 4 and 64 credits" in text_of(live)
    assert "Everything is met" in text_of(me.post(f"{LIST}check/", TRAINING))
    assert "It still needs: Title Code Kind Credits" in text_of(me.post(f"{LIST}check/", {}))
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("kind", "clauses"), [("digital", ["CE-11"]), ("virtual", ["CAT-09"]), ("digital_lite", ["CAT-05"]), ("other", [])]
)
def test_what_a_claim_will_need_comes_from_the_table_of_kinds(me: Client, kind: str, clauses: list[str]) -> None:
    live = me.post(f"{LIST}check/", {"kind": kind}).text
    assert [
        clause for clause in ("CE-11", "CAT-09", "CAT-05") if reverse("policy:clause", args=[clause]) in live
    ] == clauses


# ── The answer ────────────────────────────────────────────────────────────────────────────────────
def test_a_proposal_is_withdrawn_once(me: Client) -> None:
    proposal = proposed(me)
    for _time in range(2):
        assert me.post(f"{LIST}{proposal.pk}/withdraw/").status_code == HTTPStatus.FOUND
    assert "withdraw/" not in me.get(f"{LIST}{proposal.pk}/").text
    assert "Withdrawn" in text_of(me.get(LIST))


def test_what_the_board_answered_is_shown_and_stands(me: Client) -> None:
    listed, declined = proposed(me), proposed(me, code="other-code", title="Routing in Fog")
    review = services.hold_review(quarter="2026-Q2", held_on=day("2026-05-04"), now=NOW)
    services.list_proposal(
        proposal_id=listed.pk,
        review_id=review.pk,
        code="routing-winter",
        credits=30,
        effective_on=day("2026-06-01"),
        reason="Two hours are breaks.",
        decided_by_id=None,
        now=NOW,
    )
    services.decline_proposal(
        proposal_id=declined.pk, review_id=review.pk, answer="Nobody sees anything.", decided_by_id=None, now=NOW
    )
    page = text_of(me.get(f"{LIST}{listed.pk}/"))
    assert "The board listed it in 2026-Q2: worth 30 credits from 1 June 2026." in page
    assert "Two hours are breaks." in page
    assert "Nobody sees anything." in text_of(me.get(f"{LIST}{declined.pk}/"))
    refused = me.post(f"{LIST}{listed.pk}/withdraw/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "does not wait for the board any more" in refused.text


@pytest.mark.parametrize("length", [1, 30])
def test_lists_ask_the_same_whatever_their_length(
    me: Client, acme: Provider, length: int, django_assert_max_num_queries: MaxQueries
) -> None:
    for number in range(length):
        proposed(me, code=f"code-{number}")
        factories.ProviderMemberFactory.create(provider=acme)
    for address in (LIST, MEMBERS):
        with django_assert_max_num_queries(12):
            assert me.get(address).status_code == HTTPStatus.OK


# ── Members ───────────────────────────────────────────────────────────────────────────────────────
def test_a_colleague_acts_no_longer_and_again(me: Client, bob: ProviderMember) -> None:
    reviewer = signed_in(bob)
    assert me.post(f"{MEMBERS}{bob.pk}/", {"active": "0"}).status_code == HTTPStatus.FOUND
    assert reviewer.get("/provider/").status_code == HTTPStatus.NOT_FOUND
    assert "Acts no longer" in text_of(me.get(MEMBERS))
    me.post(f"{MEMBERS}{bob.pk}/", {"active": "1"})
    assert reviewer.get("/provider/").status_code == HTTPStatus.OK


def test_nobody_ends_their_own_membership(me: Client, boss: ProviderMember) -> None:
    refused = me.post(f"{MEMBERS}{boss.pk}/", {"active": "0"})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Nobody ends their own membership" in refused.text
    boss.refresh_from_db()
    assert boss.active
