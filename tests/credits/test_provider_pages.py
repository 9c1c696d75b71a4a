"""The provider's pages: who sees them, what is shown, and that each decision is one service call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from candidates.models import Candidate, User
from catalog.models import Item, Provider, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from credits.models import Claim, Grant
from credits.services import claims, reviews
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.story import PDF

PAGES = ("/provider/", "/provider/approve/", "/provider/report/", "/provider/deliveries/")
pytestmark = pytest.mark.django_db
MaxQueries = Callable[[int], Any]


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def training(acme: Provider) -> Item:
    return factories.listed_item(code="secure-lab", title="Secure networks lab", provider=acme, credits=40)


@pytest.fixture
def claim(alice: Candidate, training: Item) -> Claim:
    return handed_in(enrolled(alice), training)


def seen(claim: Claim) -> str:
    assert claim.submitted_at is not None
    return claim.submitted_at.isoformat()


def answer(client: Client, claim: Claim, outcome: str, reason: str = "", **fields: str) -> Any:
    values = {"outcome": outcome, "reason": reason, "seen": seen(claim), **fields}
    return client.post(f"/provider/claims/{claim.number}/", values)


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────
def test_strangers_sign_in_first(client: Client, claim: Claim) -> None:
    for url in (*PAGES, f"/provider/claims/{claim.number}/"):
        found = client.get(url)
        assert found.status_code == HTTPStatus.FOUND
        assert found["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("who", ["alice", "dan", "proctor"])
def test_for_those_who_act_for_no_provider_there_is_no_such_page(
    who: str, client: Client, claim: Claim, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    client.force_login(person if isinstance(person, User) else person.user)

    for url in (*PAGES, f"/provider/claims/{claim.number}/"):
        assert client.get(url).status_code == HTTPStatus.NOT_FOUND
        assert client.post(url, {"outcome": "approve", "seen": seen(claim)}).status_code in {404, 405}

    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED


def test_a_member_who_left_sees_nothing(client: Client, claim: Claim, bob: ProviderMember) -> None:
    bob.active = False
    bob.save()
    client.force_login(bob.user)
    assert client.get("/provider/").status_code == HTTPStatus.NOT_FOUND


def test_another_providers_reviewer_neither_sees_nor_decides(
    client: Client, claim: Claim, carol: ProviderMember
) -> None:
    client.force_login(carol.user)

    assert claim.number not in client.get("/provider/?state=all").content.decode()
    assert client.get(f"/provider/claims/{claim.number}/").status_code == HTTPStatus.NOT_FOUND
    assert answer(client, claim, "approve").status_code == HTTPStatus.NOT_FOUND
    several = client.post("/provider/approve/", {"claim": [claim.number]})

    assert several.context["results"] == []
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED
    assert not Grant.objects.exists()


def test_a_draft_is_the_candidates_own(client: Client, alice: Candidate, training: Item, bob: ProviderMember) -> None:
    form = claims.ClaimForm(item_id=training.id, provider_id=bob.provider_id)
    draft = claims.save_draft(candidate_id=alice.id, form_key=uuid4(), form=form, now=TODAY)
    client.force_login(bob.user)

    assert draft.number not in client.get("/provider/?state=all").content.decode()
    assert client.get(f"/provider/claims/{draft.number}/").status_code == HTTPStatus.NOT_FOUND


def test_nobody_decides_their_own_claim(client: Client, claim: Claim, acme: Provider, alice: Candidate) -> None:
    assert alice.user is not None
    factories.ProviderMemberFactory.create(provider=acme, user=alice.user)
    Authenticator.objects.create(user=alice.user, type=Authenticator.Type.TOTP, data={"secret": "tests-only"})
    client.force_login(alice.user)

    assert "your own" in client.get("/provider/").content.decode()
    refused = answer(client, claim, "approve")

    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Nobody decides a claim of their own." in refused.content.decode()
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED


# ── The queue ─────────────────────────────────────────────────────────────────────────────────────
def test_the_queue_says_what_is_late_in_words(
    client: Client, alice: Candidate, training: Item, bob: ProviderMember
) -> None:
    late = handed_in(enrolled(alice), training, days_ago=30)
    client.force_login(bob.user)

    page = client.get("/provider/")

    (row,) = page.context["rows"]
    assert (row.claim, row.overdue) == (late, True)
    assert page.context["overdue"] == 1
    assert "Overdue by" in page.content.decode()


def test_an_empty_queue_says_what_to_do(client: Client, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    page = client.get("/provider/").content.decode()
    assert "No claim has been handed in to you yet" in page
    assert "/provider/report/" in page


def test_the_queue_is_narrowed_and_sorted_by_its_address(
    client: Client, claim: Claim, acme: Provider, bob: ProviderMember
) -> None:
    other = factories.listed_item(code="wifi", title="Wireless", kind="digital", provider=acme, credits=8)
    older = handed_in(claim.candidate, other, days_ago=3)
    client.force_login(bob.user)

    def shown(query: str) -> list[Claim]:
        return [row.claim for row in client.get(f"/provider/?{query}").context["rows"]]

    assert shown("") == [older, claim]
    assert shown("sort=newest") == [claim, older]
    assert shown("sort=credits") == [claim, older]
    assert shown("kind=digital") == [older]
    assert shown("q=okafor+secure") == [claim]
    assert shown(f"q={older.number.lower()}") == [older]
    assert shown("state=approved") == []
    assert shown("state=all&sort=nonsense&page=99") == [older, claim]


def test_the_queue_asks_the_same_whatever_its_length(
    client: Client, training: Item, bob: ProviderMember, django_assert_max_num_queries: MaxQueries
) -> None:
    for _number in range(30):
        handed_in(enrolled(factories.CandidateFactory.create()), training)
    client.force_login(bob.user)

    with django_assert_max_num_queries(12):
        page = client.get("/provider/")

    assert len(page.context["rows"]) == 25


# ── One claim ─────────────────────────────────────────────────────────────────────────────────────
def test_a_claim_is_shown_beside_its_evidence(
    client: Client, claim: Claim, bob: ProviderMember, django_assert_max_num_queries: MaxQueries
) -> None:
    client.force_login(bob.user)

    with django_assert_max_num_queries(25):
        page = client.get(f"/provider/claims/{claim.number}/").content.decode()

    evidence = claim.evidence.get()
    assert f'<iframe class="evidence" src="/evidence/{evidence.id}/"' in page
    assert "Alice Okafor" in page
    assert "Filed in time" in page  # what it met when it was handed in
    file = client.get(f"/evidence/{evidence.id}/")
    assert b"".join(file) == PDF
    file.close()


def test_approving_grants_and_leads_to_the_next(
    client: Client, claim: Claim, acme: Provider, bob: ProviderMember
) -> None:
    other = factories.listed_item(code="wifi", provider=acme, credits=8)
    following = handed_in(claim.candidate, other)
    client.force_login(bob.user)

    done = answer(client, claim, "approve")

    assert done["Location"] == f"/provider/claims/{following.number}/"
    claim.refresh_from_db()
    assert (claim.status, claim.decided_by) == (Claim.Status.APPROVED, bob)
    assert Grant.objects.get().amount == 40
    assert "is approved: 40 credits" in client.get(done["Location"]).content.decode()
    assert answer(client, following, "approve")["Location"] == "/provider/"


@pytest.mark.parametrize(("outcome", "status"), [("return", "returned"), ("reject", "rejected")])
def test_a_claim_goes_back_or_is_rejected_with_a_reason(
    outcome: str, status: str, client: Client, claim: Claim, bob: ProviderMember
) -> None:
    client.force_login(bob.user)

    refused = answer(client, claim, outcome)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "without a reason" in refused.content.decode()
    assert "Why?" in refused.content.decode()

    assert answer(client, claim, outcome, "The name is missing.").status_code == HTTPStatus.FOUND
    claim.refresh_from_db()
    assert (claim.status, claim.reason) == (status, "The name is missing.")
    assert "The name is missing." in client.get(f"/provider/claims/{claim.number}/").content.decode()


def test_what_cannot_be_approved_is_said_before_and_after_and_nothing_typed_is_lost(
    client: Client, alice: Candidate, training: Item, bob: ProviderMember
) -> None:
    printed = handed_in(enrolled(alice), training, kit="printed")
    client.force_login(bob.user)

    assert "It cannot be approved as it is" in client.get(f"/provider/claims/{printed.number}/").content.decode()
    refused = answer(client, printed, "approve", "Well done!")

    assert refused.status_code == HTTPStatus.CONFLICT
    assert "CAT-09" in refused.content.decode()
    assert "Well done!" in refused.content.decode()
    assert not Grant.objects.exists()


def test_a_double_click_decides_once(client: Client, claim: Claim, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    assert answer(client, claim, "approve").status_code == HTTPStatus.FOUND
    assert answer(client, claim, "approve").status_code == HTTPStatus.FOUND
    assert Grant.objects.count() == 1
    assert Event.objects.filter(topic="credits.claim_approved").count() == 1


def test_a_decision_after_a_colleagues_is_refused(
    client: Client, claim: Claim, acme: Provider, bob: ProviderMember
) -> None:
    colleague = factories.ProviderMemberFactory.create(provider=acme)
    reviews.decide_claim(claim_id=claim.id, member_id=colleague.id, outcome="reject", reason="No.", now=TODAY)
    client.force_login(bob.user)

    assert answer(client, claim, "approve").status_code == HTTPStatus.CONFLICT
    assert not Grant.objects.exists()


def test_a_claim_handed_in_anew_is_looked_at_anew(client: Client, claim: Claim, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    stale = seen(claim)
    reviews.decide_claim(claim_id=claim.id, member_id=bob.id, outcome="return", reason="Sign it.", now=TODAY)
    later = TODAY + timedelta(hours=1)
    claims.submit_claim(candidate_id=claim.candidate_id, claim_id=claim.id, now=later)

    page = answer(client, claim, "approve", seen=stale)

    assert page.status_code == HTTPStatus.CONFLICT
    assert "handed in anew" in page.content.decode()
    assert "Sign it." in page.content.decode()  # why it was returned before
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED


def test_nonsense_is_no_decision(client: Client, claim: Claim, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    assert answer(client, claim, "burn").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    claim.refresh_from_db()
    assert claim.status == Claim.Status.SUBMITTED


# ── Several at once ───────────────────────────────────────────────────────────────────────────────
def test_only_what_was_opened_is_approved_and_each_for_itself(
    client: Client, claim: Claim, acme: Provider, bob: ProviderMember
) -> None:
    items = [factories.listed_item(code=f"item-{number}", provider=acme, credits=8) for number in range(2)]
    printed = handed_in(claim.candidate, items[0], kit="printed")
    unopened = handed_in(claim.candidate, items[1])
    client.force_login(bob.user)
    for opened in (claim, printed):
        client.get(f"/provider/claims/{opened.number}/")
    chosen = {"claim": [claim.number, printed.number, unopened.number]}

    page = client.get("/provider/approve/", chosen)
    assert (page.context["claims"], page.context["unseen"]) == ([claim, printed], [unopened])
    assert not Grant.objects.exists()
    report = client.post("/provider/approve/", chosen)

    outcomes = {each["claim"]: each["refusal"] is None for each in report.context["results"]}
    assert outcomes == {claim: True, printed: False}
    assert report.context["left"] == 1
    assert "printed kit" in report.content.decode()
    states = dict(Claim.objects.values_list("number", "status"))
    assert states == {claim.number: "approved", printed.number: "submitted", unopened.number: "submitted"}
    again = client.post("/provider/approve/", {"claim": [claim.number]})
    assert (again.context["results"], again.context["left"]) == ([], 1)
    assert Grant.objects.count() == 1


def test_ticking_nothing_says_how(client: Client, claim: Claim, bob: ProviderMember) -> None:
    client.force_login(bob.user)
    page = client.get("/provider/approve/", follow=True)
    assert page.redirect_chain[-1][0] == "/provider/"
    assert "Tick the claims you have looked at" in page.content.decode()
