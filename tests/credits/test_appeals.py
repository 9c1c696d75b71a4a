"""Appeals of rejections to the programme (CE-10): filed once and in time, frozen, upheld or dismissed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from candidates.models import Notice
from ceportal.kernel.decisions import Refused
from credits.models import Appeal, Claim, Evidence
from credits.services import appeals, claims
from tests import factories
from tests.credits.dispute_world import World, make_world, topics
from tests.factories import day, noon
from tests.story import PDF, refused_with

pytestmark = pytest.mark.django_db
WORDS = "I was there on every day; the roster has my old name."


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    """A claim with a file, rejected by Bob on 13 April 2021."""
    world = make_world(settings, tmp_path)
    world.rejected()
    return world


def file(world: World, words: str = WORDS, label: str = "claim", **more: Any) -> Appeal:
    asked = {"candidate_id": world.story.candidate.id, "claim_id": world.claim(label).id} | more
    return appeals.file_appeal(**asked, words=words, now=world.story.now)


def decide(world: World, outcome: str, reason: str = "The old name is on the roster.", **more: Any) -> Appeal:
    by = {"staff_id": world.dan.id} | more
    appeal = Appeal.objects.latest("id")
    return appeals.decide_appeal(appeal_id=appeal.id, outcome=outcome, reason=reason, now=world.story.now, **by)


def refused(act: Callable[[], object]) -> tuple[str, ...]:
    """The clauses with which an act is refused; nothing came of it."""
    before = (list(Appeal.objects.values()), topics("credits."), list(Claim.objects.values_list("id", "status")))
    with pytest.raises(Refused) as refusal:
        act()
    assert (
        list(Appeal.objects.values()),
        topics("credits."),
        list(Claim.objects.values_list("id", "status")),
    ) == before
    return refused_with(refusal.value)


# ── Filing ────────────────────────────────────────────────────────────────────────────────────────
def test_a_rejection_is_appealed_once_with_everything_as_it_stood(world: World) -> None:
    assert file(world) == file(world, words="Sent twice.")

    appeal = Appeal.objects.get()
    assert (appeal.status, appeal.words, appeal.rejected_by) == ("open", WORDS, world.bob)
    evidence = Evidence.objects.get()
    assert appeal.frozen["claim"] == world.claim().number
    assert appeal.frozen["reason"] == "as the roster says"
    assert appeal.frozen["decision"] == world.claim().decision
    assert [(each["name"], each["sha256"]) for each in appeal.frozen["files"]] == [("certificate.pdf", evidence.sha256)]
    assert topics("credits.appeal") == ["credits.appeal_filed"]
    assert world.claim().status == "rejected"


@pytest.mark.parametrize(
    ("_case", "on", "clauses"), [("the last day", "2021-05-13", ()), ("late", "2021-05-14", ("CE-10",))]
)
def test_the_time_to_appeal(world: World, _case: str, on: str, clauses: tuple[str, ...]) -> None:
    """CE-10: claims.appeal_within_days, thirty of them from 13 April."""
    world.story.to(on)
    assert (refused(lambda: file(world)) if clauses else (file(world), ())[1]) == clauses


def test_an_appeal_needs_a_rejection_of_ones_own_and_words(world: World) -> None:
    assert refused(lambda: file(world, words="  ")) == ("CE-10",)
    with pytest.raises(Claim.DoesNotExist):
        file(world, candidate_id=factories.CandidateFactory.create().id)
    world.approved("ilt-30", "other")
    assert refused(lambda: file(world, label="other")) == ("CE-10",)


def test_a_training_claimed_anew_is_not_appealed_as_well(world: World) -> None:
    """CR-04: it counts once, so an appeal of the first claim could only come to nothing."""
    world.story.claim("ilt-40", "2021-04-10", "anew")
    assert refused(lambda: file(world)) == ("CR-04",)
    world.story.decide("anew", "return", by=world.bob)
    assert refused(lambda: file(world)) == ("CR-04",)
    world.story.claim("ilt-40", "2021-04-10", "anew")
    world.story.decide("anew", "reject", by=world.bob)
    file(world)


# ── Frozen ────────────────────────────────────────────────────────────────────────────────────────
def test_no_evidence_comes_or_goes_while_the_appeal_is_open(world: World) -> None:
    file(world)
    who = {"candidate_id": world.story.candidate.id, "now": world.story.now}
    attach = {"claim_id": world.claim().id, "name": "more.pdf", "content": PDF + b"%%EOF\n"}
    assert refused(lambda: claims.attach_evidence(**who, **attach)) == ("CE-10",)
    assert refused(lambda: claims.remove_evidence(**who, evidence_id=Evidence.objects.get().id)) == ("CE-10",)


FROZEN: list[tuple[str, Callable[[World], object]]] = [
    ("other words", lambda world: Appeal.objects.update(words="I never said that.")),
    ("another content", lambda world: Appeal.objects.update(frozen={})),
    ("another rejection", lambda world: Appeal.objects.update(rejected_at=noon("2021-04-14"))),
    ("another day", lambda world: Appeal.objects.update(filed_at=world.story.to("2021-06-01").now)),
    ("no appeal any more", lambda world: Appeal.objects.all()._raw_delete("default")),
    ("a file taken back", lambda world: Evidence.objects.update(removed_at=world.story.now)),
    ("a file changed", lambda world: Evidence.objects.update(sha256="0" * 64)),
    ("a file removed", lambda world: Evidence.objects.all()._raw_delete("default")),
    (
        "one file more",
        lambda world: Evidence.objects.create(
            claim=world.claim(),
            file="x",
            original_name="x",
            kind="image/png",
            size_bytes=1,
            uploaded_at=world.story.now,
        ),
    ),
    ("an upheld appeal without a finding", lambda world: Appeal.objects.update(status="upheld")),
    ("an unknown state", lambda world: Appeal.objects.update(status="lost")),
]


@pytest.mark.parametrize(("_what", "act"), FROZEN, ids=[what for what, _act in FROZEN])
def test_the_database_refuses(world: World, _what: str, act: Callable[[World], object]) -> None:
    file(world)
    before = (list(Appeal.objects.values()), list(Evidence.objects.values()))
    with pytest.raises(DatabaseError), transaction.atomic():
        act(world)
    assert (list(Appeal.objects.values()), list(Evidence.objects.values())) == before


# ── Upheld ────────────────────────────────────────────────────────────────────────────────────────
def test_an_upheld_appeal_puts_the_claim_before_the_provider_again(world: World) -> None:
    """CE-10: the programme does not approve it; it keeps its first filing day (CE-14)."""
    file(world)
    world.story.to("2021-05-20")
    assert decide(world, "uphold") == decide(world, "uphold")

    claim = world.claim()
    assert (claim.status, claim.submitted_on, claim.answer_due_on) == (
        "submitted",
        day("2021-04-12"),
        day("2021-05-30"),
    )
    assert (claim.escalated_on, claim.rejected_before_by) == (None, world.bob)
    assert world.story.balance().available == 0
    assert topics("credits.appeal") == ["credits.appeal_filed", "credits.appeal_upheld"]
    assert topics("credits.claim_put_back") == ["credits.claim_put_back"]
    assert world.story.notices("appeal_decided") == 1
    told = Notice.objects.get(kind="appeal_decided")
    assert "The old name is on the roster." in told.body
    (message,) = [each for each in mail.outbox if each.to == ["bob@acme.example"]]  # the manager
    assert "was upheld" in message.subject
    assert "The old name is on the roster." in message.body


def test_somebody_else_of_the_provider_decides_it_then(world: World) -> None:
    file(world)
    decide(world, "uphold")
    for outcome in ("approve", "reject", "return"):
        assert refused(lambda outcome=outcome: world.story.decide(outcome=outcome, by=world.bob)) == ("CE-10",)

    world.story.decide(by=world.bea)
    assert (world.claim().status, world.story.balance().available) == ("approved", 40)


def test_who_rejected_it_decides_again_where_there_is_nobody_else(world: World) -> None:
    world.bea.active = False
    world.bea.save()
    file(world)
    decide(world, "uphold")
    assert world.story.decide(by=world.bob).status == "approved"


def test_a_second_rejection_can_be_appealed_as_well(world: World) -> None:
    file(world)
    decide(world, "uphold")
    world.story.to("2021-04-20").decide(outcome="reject", by=world.bea)
    file(world, words="Again, please.")
    decide(world, "dismiss")
    assert list(Appeal.objects.order_by("id").values_list("status", flat=True)) == ["upheld", "dismissed"]
    assert refused(lambda: file(world)) == ("CE-10",)


def test_a_claim_that_came_too_late_for_its_cycle_is_not_put_back(world: World) -> None:
    """CR-04: another claim on the training was approved after the appeal was filed."""
    file(world)
    world.story.claim("ilt-40", "2021-04-10", "anew")
    assert refused(lambda: decide(world, "uphold")) == ("CR-04",)
    world.story.decide("anew", by=world.bea)
    assert refused(lambda: decide(world, "uphold")) == ("CR-04",)
    assert decide(world, "dismiss").status == "dismissed"


def test_a_report_by_the_provider_settles_what_was_appealed(world: World) -> None:
    """CE-10: after a rejection a report earns anew; the claim then stays rejected (CR-04)."""
    file(world)
    world.story.report("ilt-40", "2021-04-10")
    assert world.story.balance().available == 40
    assert refused(lambda: decide(world, "uphold")) == ("CR-04",)


# ── Dismissed, and by whom ────────────────────────────────────────────────────────────────────────
def test_a_dismissed_appeal_leaves_the_rejection_and_is_told(world: World) -> None:
    file(world)
    assert decide(world, "dismiss", reason="The roster is plain.") == decide(world, "dismiss")

    assert world.claim().status == "rejected"
    assert topics("credits.appeal") == ["credits.appeal_filed", "credits.appeal_dismissed"]
    assert world.story.notices("appeal_decided") == 1
    assert "The roster is plain." in Notice.objects.get(kind="appeal_decided").body
    told = [each.to for each in mail.outbox if "dismissed" in each.subject]
    assert sorted(told) == [["alice@example.org"], ["bob@acme.example"]]
    assert refused(lambda: decide(world, "uphold")) == ("CE-10",)


@pytest.mark.parametrize("outcome", ["uphold", "dismiss"])
def test_who_must_not_decide_an_appeal(world: World, outcome: str) -> None:
    """CE-10: not the candidate, not a member of the provider, even on the staff; and nobody who is not."""
    file(world)
    alice, bob = world.story.candidate.user, world.bob.user
    assert alice is not None
    for user in (alice, bob):
        user.is_staff = True
        user.save()
    for user in (alice, bob, factories.UserFactory.create()):
        assert refused(lambda user=user: decide(world, outcome, staff_id=user.id)) == ("CE-10",)


def test_an_appeal_is_not_decided_without_a_reason(world: World) -> None:
    file(world)
    assert refused(lambda: decide(world, "dismiss", reason=" ")) == ("CE-10",)
    assert refused(lambda: decide(world, "uphold", reason="")) == ("CE-10",)


def test_an_upheld_claim_approved_after_the_lapse_still_counts(world: World) -> None:
    """CE-15: it was pending since its first filing day."""
    file(world)
    world.story.to("2021-05-01")
    decide(world, "uphold")
    world.story.to("2023-06-02")
    assert world.story.status("ccnp-enterprise") == "inactive"
    world.story.decide(by=world.bea)
    assert world.claim().status == "approved"
    assert world.story.balance("2023-05-31").available == 0  # as it was known then
    assert world.story.lifetime().earned == 40
