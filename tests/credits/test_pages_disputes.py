"""The pages of a claim after its decision: history, appeal, audit, what the provider sees of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from candidates.models import User
from ceportal.kernel import clock
from credits.models import Appeal, Audit, Evidence
from credits.services import appeals, audits
from tests import factories
from tests.credits.dispute_world import World, make_world
from tests.credits.pages import text_of
from tests.factories import noon
from tests.story import PDF

pytestmark = pytest.mark.django_db
MORE = b"%PDF-1.4 a letter of the teacher\n%%EOF\n"
MaxQueries = Callable[[int], Any]


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> Iterator[World]:
    world = make_world(settings, tmp_path)
    with clock.standing_at(noon("2021-04-13")):
        yield world


@pytest.fixture
def alice(client: Client, world: World) -> Client:
    """Alice's browser."""
    return signed_in(client, world.story.candidate.user)


def signed_in(client: Client, user: User | None) -> Client:
    assert user is not None
    client.force_login(user)
    return client


def words(client: Client, url: str) -> str:
    return text_of(client.get(url))


# ── Appeals ───────────────────────────────────────────────────────────────────────────────────────
def test_a_rejection_is_appealed_from_its_page(alice: Client, world: World) -> None:
    claim = world.rejected()
    page, appeal = f"/claims/{claim.number}/", f"/claims/{claim.number}/appeal/"
    assert "you can appeal to the programme, until 13 May 2021" in words(alice, page)
    assert Evidence.objects.get().sha256 in words(alice, appeal)

    nothing = alice.post(appeal, {"words": " "})
    assert nothing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert alice.post(appeal, {"words": "I was there."}).status_code == HTTPStatus.FOUND
    assert alice.post(appeal, {"words": "I was there."}).status_code == HTTPStatus.FOUND

    assert Appeal.objects.get().words == "I was there."
    shown = words(alice, page)
    assert "Your appeal is with the programme" in shown
    assert "Claim it anew" not in shown
    assert "Your appeal is with the programme" in words(alice, "/claims/")
    assert "Your appeal is with the programme" in words(alice, "/dashboard/")


def test_an_appeal_that_comes_too_late_is_refused_with_the_reason(alice: Client, world: World) -> None:
    claim = world.rejected()
    with clock.standing_at(noon("2021-05-14")):
        assert "you can appeal" not in words(alice, f"/claims/{claim.number}/")
        late = alice.post(f"/claims/{claim.number}/appeal/", {"words": "I was ill."})
    assert late.status_code == HTTPStatus.CONFLICT
    assert "the last day was 13 May 2021" in text_of(late)
    assert "I was ill." in late.content.decode()
    assert not Appeal.objects.exists()


def test_an_upheld_appeal_is_told_to_both_and_decided_by_a_colleague(client: Client, world: World) -> None:
    claim = world.rejected()
    appeal = appeals.file_appeal(
        candidate_id=world.story.candidate.id, claim_id=claim.id, words="My old name.", now=world.story.now
    )
    appeals.decide_appeal(
        appeal_id=appeal.id, outcome="uphold", reason="The name matches.", staff_id=world.dan.id, now=world.story.now
    )

    mine = words(signed_in(client, world.story.candidate.user), f"/claims/{claim.number}/")
    assert "The programme upheld your appeal" in mine
    assert "My old name." in mine
    review = f"/provider/claims/{claim.number}/"
    bobs = words(signed_in(client, world.bob.user), review)
    assert "decide this claim again" in bobs
    assert "The name matches." in bobs
    assert "My old name." not in bobs  # what she told the programme
    assert "You rejected this claim before" in bobs
    seen = {"seen": world.claim().submitted_at.isoformat(), "reason": "", "outcome": "approve"}  # type: ignore[union-attr]
    assert client.post(review, seen).status_code == HTTPStatus.CONFLICT
    signed_in(client, world.bea.user)
    assert client.post(review, seen).status_code == HTTPStatus.FOUND
    assert world.claim().status == "approved"


def test_a_dismissed_appeal_leaves_the_way_to_claim_anew(alice: Client, world: World) -> None:
    claim = world.rejected()
    appeal = appeals.file_appeal(
        candidate_id=world.story.candidate.id, claim_id=claim.id, words="No.", now=world.story.now
    )
    appeals.decide_appeal(
        appeal_id=appeal.id, outcome="dismiss", reason="It is plain.", staff_id=world.dan.id, now=world.story.now
    )
    shown = words(alice, f"/claims/{claim.number}/")
    assert "The programme dismissed your appeal It is plain." in shown
    assert "Claim it anew" in shown
    assert "This rejection has been appealed already." in text_of(
        alice.post(f"/claims/{claim.number}/appeal/", {"words": "Again."})
    )


# ── Audits ────────────────────────────────────────────────────────────────────────────────────────
def test_an_audit_is_answered_from_the_claims_page(alice: Client, world: World) -> None:
    claim = world.approved()
    audit = audits.open_audit(claim_id=claim.id, staff_id=world.dan.id, now=world.story.now)
    page = f"/claims/{claim.number}/"
    assert "The programme audits this claim" in words(alice, page)
    audits.ask_for_more(audit_id=audit.id, words="The roster, please.", staff_id=world.dan.id, now=world.story.now)
    assert "The programme asks you for more" in words(alice, "/dashboard/")
    assert "The programme asks for more" in words(alice, "/claims/")

    wrong = alice.post(f"{page}audit/", {"words": "Here.", "evidence": SimpleUploadedFile("x.pdf", b"nothing")})
    assert wrong.status_code == HTTPStatus.CONFLICT
    assert "is not a PDF, PNG or JPEG" in text_of(wrong)
    assert alice.post(f"{page}audit/", {"words": ""}).status_code == HTTPStatus.CONFLICT
    sent = alice.post(f"{page}audit/", {"words": "Here.", "evidence": SimpleUploadedFile("letter.pdf", MORE)})
    assert sent.status_code == HTTPStatus.FOUND

    audit.refresh_from_db()
    assert (audit.answer, audit.evidence.get().original_name) == ("Here.", "letter.pdf")
    assert "letter.pdf" in words(alice, page)
    assert "The programme audits it" in words(alice, "/claims/")


def test_what_is_handed_over_for_an_audit_is_not_for_the_provider(client: Client, world: World) -> None:
    claim = world.approved()
    audit = audits.open_audit(claim_id=claim.id, staff_id=world.dan.id, now=world.story.now)
    signed_in(client, world.story.candidate.user).post(
        f"/claims/{claim.number}/audit/", {"words": "Between us.", "evidence": SimpleUploadedFile("l.pdf", MORE)}
    )
    file = audit.evidence.get()
    with_the_claim = claim.evidence.get(audit=None)

    bob = signed_in(client, world.bob.user)
    page = words(bob, f"/provider/claims/{claim.number}/")
    assert "Audit opened" in page
    assert "Between us." not in page
    assert "l.pdf" not in page
    assert bob.get(f"/evidence/{file.id}/").status_code == HTTPStatus.NOT_FOUND
    for client_of in (world.bob.user, world.dan, world.story.candidate.user):
        assert b"".join(signed_in(client, client_of).get(f"/evidence/{with_the_claim.id}/")) == PDF
    assert b"".join(signed_in(client, world.dan).get(f"/evidence/{file.id}/")) == MORE
    of_another_team = signed_in(client, factories.UserFactory.create(is_staff=True, second_factor=True))
    for kept in (file, with_the_claim):
        assert of_another_team.get(f"/evidence/{kept.id}/").status_code == HTTPStatus.NOT_FOUND


def test_a_voided_claim_says_why_and_what_can_be_done(client: Client, world: World) -> None:
    """CE-12: the clause, what was found, the next step; the provider reads the same."""
    claim = world.approved()
    audits.decide_audit(
        claim_id=claim.id, outcome="fail", reason="No such person.", staff_id=world.dan.id, now=world.story.now
    )
    mine = words(signed_in(client, world.story.candidate.user), f"/claims/{claim.number}/")
    for said in ("This claim was voided", "No such person.", "CE-12", "Claim it anew", "By clause CE-12"):
        assert said in mine
    assert "valid until" not in mine
    assert "No such person." in words(signed_in(client, world.bob.user), f"/provider/claims/{claim.number}/")


# ── Who must not ──────────────────────────────────────────────────────────────────────────────────
def test_other_candidates_and_other_providers_find_nothing(client: Client, world: World) -> None:
    claim = world.approved()
    audits.open_audit(claim_id=claim.id, staff_id=world.dan.id, now=world.story.now)
    rejected = world.rejected("ilt-30", "other")
    globex = factories.ProviderMemberFactory.create(provider__code="globex")
    stranger = factories.CandidateFactory.create(login=True)

    signed_in(client, stranger.user)
    for url in (f"/claims/{claim.number}/", f"/claims/{rejected.number}/", f"/claims/{rejected.number}/appeal/"):
        assert client.get(url).status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"/claims/{rejected.number}/appeal/", {"words": "x"}).status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"/claims/{claim.number}/audit/", {"words": "x"}).status_code == HTTPStatus.NOT_FOUND
    signed_in(client, globex.user)
    assert client.get(f"/provider/claims/{claim.number}/").status_code == HTTPStatus.NOT_FOUND
    assert client.get(f"/evidence/{Evidence.objects.first().id}/").status_code == HTTPStatus.NOT_FOUND  # type: ignore[union-attr]
    assert not Appeal.objects.exists()
    assert Audit.objects.get().answer == ""


def test_only_a_rejected_claim_has_the_page_of_an_appeal(alice: Client, world: World) -> None:
    claim = world.approved()
    assert alice.get(f"/claims/{claim.number}/appeal/").status_code == HTTPStatus.NOT_FOUND
    assert alice.post(f"/claims/{claim.number}/audit/", {"words": "x"}).status_code == HTTPStatus.NOT_FOUND


# ── History ───────────────────────────────────────────────────────────────────────────────────────
def test_the_whole_life_is_told_in_order_with_each_decision(
    client: Client, world: World, django_assert_max_num_queries: MaxQueries
) -> None:
    world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    world.story.to("2021-04-24").decide(outcome="return", by=world.bob)
    world.story.to("2021-04-26").claim("ilt-40", "2021-04-09", "again")
    world.story.to("2021-04-27").decide(outcome="reject", by=world.bob)
    claim = world.claim()
    now = world.story.to("2021-04-28").now
    appeal = appeals.file_appeal(candidate_id=claim.candidate_id, claim_id=claim.id, words="Wrong.", now=now)
    now = world.story.to("2021-04-29").now
    appeals.decide_appeal(appeal_id=appeal.id, outcome="uphold", reason="Right.", staff_id=world.dan.id, now=now)
    world.story.to("2021-04-30").decide(by=world.bea)
    now = world.story.to("2021-05-03").now
    audits.open_audit(claim_id=claim.id, staff_id=world.dan.id, now=now)
    audits.decide_audit(claim_id=claim.id, outcome="fail", reason="Not so.", staff_id=world.dan.id, now=now)

    steps = [
        "Training completed",
        "Filed with",
        "The answer was late",
        "Returned by",
        "Handed in again",
        "Completed on 9 April 2021 instead of 10 April 2021.",
        "Rejected by",
        "Appealed to the programme",
        "Appeal upheld by the programme",
        "Before the provider again",
        "Approved by",
        "Audit opened",
        "Audit not passed",
        "Voided",
    ]
    pages = [
        (world.story.candidate.user, f"/claims/{claim.number}/"),
        (world.bob.user, f"/provider/claims/{claim.number}/"),
    ]
    for user, url in pages:
        signed_in(client, user)
        with django_assert_max_num_queries(25):
            response = client.get(url)
        told = text_of(response).partition("Its way so far")[2]
        places = [told.find(step) for step in steps]
        assert -1 not in places, dict(zip(steps, places, strict=True))
        assert places == sorted(places)
        assert told.count("Why?") >= 8
    assert "Wrong." not in told  # her words are for the programme


def test_the_provider_sees_what_changed_since_it_returned_a_claim(client: Client, world: World) -> None:
    world.story.to("2021-04-12").claim("ilt-40", "2021-04-10", evidence=False)
    world.story.decide(outcome="return", by=world.bob)
    world.story.claim("ilt-40", "2021-04-10", "again")
    page = words(signed_in(client, world.bob.user), f"/provider/claims/{world.claim().number}/")
    assert "Handed in again: what has changed You had asked: as the roster says File added: certificate.pdf." in page


def test_a_late_answer_shows_where_the_candidate_looks(alice: Client, world: World) -> None:
    """CE-10: the programme was told, on the claim's page, in the list and on the dashboard."""
    claim = world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    world.story.to("2021-04-23")
    with clock.standing_at(noon("2021-04-23")):
        assert "The programme was told on 23 April 2021" in words(alice, f"/claims/{claim.number}/")
        for url in ("/claims/", "/dashboard/"):
            assert "The answer is late; the programme has been told" in words(alice, url)


def test_lists_ask_the_same_whatever_their_length(
    alice: Client, world: World, django_assert_max_num_queries: MaxQueries
) -> None:
    for item, label in (("ilt-40", "one"), ("ilt-30", "two"), ("ilt-64", "three")):
        claim = world.rejected(item, label)
        appeals.file_appeal(candidate_id=claim.candidate_id, claim_id=claim.id, words="No.", now=world.story.now)
    for url, most in (("/claims/", 12), ("/dashboard/", 16)):
        with django_assert_max_num_queries(most):
            assert alice.get(url).status_code == HTTPStatus.OK
