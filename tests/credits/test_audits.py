"""Audits of approved claims (CE-12): by lot or by staff, answered by the candidate, passed or failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from candidates.models import Case, Notice
from ceportal import nightly
from ceportal.kernel.decisions import Refused
from ceportal.kernel.policy import BOOK
from credits.models import Audit, Claim, Entry, Evidence, Recertification
from credits.rules import disputes
from credits.services import audits, lots
from credits.services.filing import Upload
from tests import factories
from tests.credits.dispute_world import World, make_world, topics
from tests.credits.test_database import _at_once
from tests.factories import day, noon
from tests.story import PDF, refused_with

pytestmark = pytest.mark.django_db
OTHER_PDF = b"%PDF-1.4 a letter of the teacher\n%%EOF\n"


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    return make_world(settings, tmp_path)


def open_one(world: World) -> Audit:
    return audits.open_audit(claim_id=world.claim().id, staff_id=world.dan.id, now=world.story.now)


def decide(world: World, outcome: str, reason: str = "The roster does not know the name.", **more: Any) -> Audit:
    by = {"staff_id": world.dan.id} | more
    return audits.decide_audit(claim_id=world.claim().id, outcome=outcome, reason=reason, now=world.story.now, **by)


def refused(act: Any) -> tuple[str, ...]:
    """The clauses with which an act is refused; nothing came of it."""
    before = (Audit.objects.count(), Entry.objects.count(), topics("credits."))
    with pytest.raises(Refused) as refusal:
        act()
    assert (Audit.objects.count(), Entry.objects.count(), topics("credits.")) == before
    return refused_with(refusal.value)


# ── The lot ───────────────────────────────────────────────────────────────────────────────────────
LOTS = [
    disputes.lot_of(number=f"C-{number}", approved_at=noon("2021-04-13"), secret=b"of the portal")
    for number in range(4000)
]


@pytest.mark.parametrize(("rate", "least", "most"), [(0, 0, 0), (1, 4000, 4000), (0.05, 160, 240), (0.5, 1900, 2100)])
def test_the_lot_picks_the_share_that_the_book_says(rate: float, least: int, most: int) -> None:
    """CE-12: claims.audit_rate, over many claims, the same in every run."""
    with BOOK.overlaid({"claims.audit_rate": rate}):
        picked = sum(disputes.assess_lot(lot, BOOK.on(day("2021-04-13"))).granted for lot in LOTS)
    assert least <= picked <= most


def test_the_lot_can_be_told_again_and_by_nobody_without_the_secret() -> None:
    """CE-12: repeatable, and different for another claim, another moment, another secret."""
    told = {"number": "C-1", "approved_at": noon("2021-04-13"), "secret": b"one"}
    changes = ({"number": "C-2"}, {"approved_at": noon("2021-04-13") + timedelta(microseconds=1)}, {"secret": b"two"})

    assert disputes.lot_of(**told) == disputes.lot_of(**told)
    assert len({disputes.lot_of(**told | change) for change in ({}, *changes)}) == 4
    assert all(0 <= lot < disputes.LOTS for lot in LOTS)


def test_a_claim_that_the_lot_picks_is_audited_from_the_next_night(world: World) -> None:
    with BOOK.overlaid({"claims.audit_rate": 1}):
        claim = world.approved()
        assert not Audit.objects.exists()
        assert claim.audit_lot == lots.lot_of(claim, approved_at=world.story.now)
        world.story.to("2021-04-14")
        nightly.run_night(day=day("2021-04-14"))  # and a second time

    audit = Audit.objects.get()
    assert (audit.claim_id, audit.drawn, audit.status, audit.told) == (claim.id, True, "open", True)
    assert audit.opening[0]["because"][0]["value"] == 1
    assert world.story.notices("audit_opened") == 1
    assert world.claim().status == "approved"
    assert world.story.balance().available == 40


def test_a_claim_that_the_lot_leaves_is_not_audited(world: World) -> None:
    with BOOK.overlaid({"claims.audit_rate": 0}):
        world.approved()
        world.story.to("2021-06-01")
        nightly.run_night(day=day("2021-06-01"))
    assert world.claim().audit_lot is not None
    assert not Audit.objects.exists()


def test_a_picked_claim_that_was_voided_before_the_night_is_left(world: World) -> None:
    with BOOK.overlaid({"claims.audit_rate": 1}):
        world.approved()
        decide(world, "fail")
        world.story.to("2021-04-14")
        nightly.run_night(day=day("2021-04-14"))
    assert Audit.objects.get().status == "failed"


# ── Opened by staff ───────────────────────────────────────────────────────────────────────────────
def test_staff_open_an_audit_once_and_the_credits_stay(world: World) -> None:
    world.approved()
    assert open_one(world) == open_one(world)

    assert topics("credits.audit") == ["credits.audit_opened"]
    assert (world.claim().status, world.story.balance().available) == ("approved", 40)
    assert world.story.notices("audit_opened") == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(claim=world.claim(), drawn=False, opening=[], told=False, opened_at=world.story.now)


@pytest.mark.parametrize("outcome", ["reject", "return"])
def test_only_an_approved_claim_is_audited(world: World, outcome: str) -> None:
    world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    assert refused(lambda: open_one(world)) == ("CE-12",)
    world.story.decide(outcome=outcome)
    assert refused(lambda: open_one(world)) == ("CE-12",)
    assert refused(lambda: decide(world, "fail")) == ("CE-12",)


def test_nobody_audits_a_claim_of_their_own_or_of_their_provider_and_only_staff_do(world: World) -> None:
    """CE-12, CE-10, CAND-02: Alice who joined the staff, Bob of the provider, and a stranger."""
    world.approved()
    alice, bob = world.story.candidate.user, world.bob.user
    assert alice is not None
    stranger = factories.UserFactory.create()
    for user in (alice, bob):
        user.is_staff = True
        user.save()
    for user in (alice, bob, stranger):
        with pytest.raises(Refused):
            audits.open_audit(claim_id=world.claim().id, staff_id=user.id, now=world.story.now)
        assert refused(lambda user=user: decide(world, "fail", staff_id=user.id)) == ("CE-12",)
    assert world.claim().status == "approved"


# ── More is asked for, and given ──────────────────────────────────────────────────────────────────
def test_staff_ask_for_more_and_the_candidate_answers_with_words_and_files(world: World) -> None:
    """CE-12: the programme may ask for more than the certificate."""
    world.approved()
    audit = open_one(world)
    for _time in range(2):
        audits.ask_for_more(
            audit_id=audit.id, words=" The roster, please. ", staff_id=world.dan.id, now=world.story.now
        )
        audits.answer_audit(
            candidate_id=world.story.candidate.id,
            audit_id=audit.id,
            words="Here it is.",
            uploads=[Upload("letter.pdf", OTHER_PDF)],
            now=world.story.now,
        )

    audit.refresh_from_db()
    assert (audit.asked, audit.answer) == ("The roster, please.", "Here it is.")
    assert audit.evidence.get().original_name == "letter.pdf"
    assert world.story.notices("audit_asked") == 1
    assert "The roster, please." in Notice.objects.get(kind="audit_asked").body


def test_an_answer_needs_an_open_audit_of_ones_own_and_a_real_file(world: World) -> None:
    world.approved()
    audit = open_one(world)
    answer = {"audit_id": audit.id, "now": world.story.now, "candidate_id": world.story.candidate.id, "words": ""}

    assert refused(lambda: audits.answer_audit(**answer)) == ("CE-12",)
    assert refused(lambda: audits.answer_audit(**answer, uploads=[Upload("x.pdf", b"not one")])) == ("CE-11",)
    assert refused(
        lambda: audits.ask_for_more(audit_id=audit.id, words=" ", staff_id=world.dan.id, now=world.story.now)
    )
    other = factories.CandidateFactory.create()
    with pytest.raises(Audit.DoesNotExist):
        audits.answer_audit(**answer | {"candidate_id": other.id, "words": "Let me in."})
    decide(world, "pass")
    assert refused(lambda: audits.answer_audit(**answer | {"words": "Too late."})) == ("CE-12",)
    assert Evidence.objects.count() == 1  # what was handed in with the claim


def test_files_are_counted(world: World) -> None:
    """CE-11: as many files as claims.files_at_most says, for the claim and for its audit each."""
    world.approved()
    audit = open_one(world)
    give = {"audit_id": audit.id, "now": world.story.now, "candidate_id": world.story.candidate.id, "words": ""}
    with BOOK.overlaid({"claims.files_at_most": 1}):
        audits.answer_audit(**give, uploads=[Upload("one.pdf", PDF)])
        audits.answer_audit(**give, uploads=[Upload("the same.pdf", PDF)])
        assert refused(lambda: audits.answer_audit(**give, uploads=[Upload("two.pdf", OTHER_PDF)])) == ("CE-11",)
    assert audit.evidence.count() == 1


# ── Decided ───────────────────────────────────────────────────────────────────────────────────────
def test_a_passed_audit_changes_nothing_and_is_told_where_it_was_told_of(world: World) -> None:
    world.approved()
    open_one(world)
    assert decide(world, "pass", reason="") == decide(world, "pass", reason="")

    audit = Audit.objects.get()
    assert (audit.status, audit.decided_by) == ("passed", world.dan)
    assert (world.claim().status, world.story.balance().available) == ("approved", 40)
    assert topics("credits.audit") == ["credits.audit_opened", "credits.audit_passed"]
    assert world.story.notices("audit_passed") == 1


def test_what_was_never_told_is_not_told_when_it_passes(world: World) -> None:
    world.approved()
    decide(world, "pass")
    assert (world.story.notices("audit_opened"), world.story.notices("audit_passed")) == (0, 0)
    assert Audit.objects.get().told is False


def test_a_failed_audit_voids_the_claim_and_tells_why(world: World) -> None:
    """CE-12: the credits are voided by an entry of the ledger; the candidate reads the clause and the next step."""
    world.approved()
    open_one(world)
    assert decide(world, "fail") == decide(world, "fail")

    claim = world.claim()
    assert (claim.status, world.story.balance().available, world.story.balance().voided) == ("voided", 0, 40)
    assert Entry.objects.filter(kind="voided").count() == 1
    assert topics("credits.claim_voided") == ["credits.claim_voided"]
    assert world.story.notices("claim_voided") == 1
    assert world.story.notices("claim_decided") == 1  # the approval's
    body = Notice.objects.get(kind="claim_voided").body
    assert "CE-12" in body
    assert "The roster does not know the name." in body
    assert "claim it anew" in body
    assert not Case.objects.exists()
    assert world.story.ledger_is_sound()


def test_a_failed_audit_needs_a_reason_and_a_voided_claim_is_not_audited_again(world: World) -> None:
    world.approved()
    assert refused(lambda: decide(world, "fail", reason="  ")) == ("CE-12",)
    assert world.claim().status == "approved"
    decide(world, "fail")
    assert refused(lambda: decide(world, "pass")) == ("CE-12",)
    assert refused(lambda: open_one(world)) == ("CE-12",)


def test_a_claim_can_be_audited_again_after_it_passed(world: World) -> None:
    world.approved()
    decide(world, "pass")
    open_one(world)
    decide(world, "fail")
    assert list(Audit.objects.order_by("id").values_list("status", flat=True)) == ["passed", "failed"]
    assert world.claim().status == "voided"


def test_a_failed_audit_opens_a_sanction_case_where_staff_say_so(world: World) -> None:
    """CE-12: inadequate completion can lead to sanctions; the case holds what is needed to decide."""
    world.approved()
    for _time in range(2):
        decide(world, "fail", with_case=True)
    case = Case.objects.get()
    assert (case.kind, case.clause, case.candidate) == ("failed_audit", "CE-12", world.story.candidate)
    assert case.facts["found"] == "The roster does not know the name."
    assert case.facts["files"][0]["sha256"]


def test_a_failed_audit_takes_back_the_renewal_that_its_credits_paid_for(world: World) -> None:
    """CE-12, EXAM-09: the reversal is told as such, beside the voided claim."""
    world.approved("ilt-40", "first")
    world.story.to("2021-05-12").claim("ilt-64", "2021-05-10")
    world.story.to("2021-05-13").decide(by=world.bob)
    assert Recertification.objects.get().credits_used == 80
    decide(world, "fail")

    assert Recertification.objects.get().reversed_at is not None
    assert world.story.lapses_on("ccnp-enterprise") == "2023-06-01"
    assert world.story.balance().available == 40
    assert (world.story.notices("claim_voided"), world.story.notices("renewal_reversed")) == (1, 1)
    assert world.story.ledger_is_sound()


def test_a_voided_claim_stands_in_nobodys_way(world: World) -> None:
    """CR-04: the training can be claimed anew."""
    world.approved()
    decide(world, "fail")
    again = world.story.to("2021-05-02").claim("ilt-40", "2021-04-10", "again")
    assert again.status == Claim.Status.SUBMITTED


@pytest.mark.django_db(transaction=True)
def test_staff_who_fail_an_audit_at_once_void_the_claim_once(world: World) -> None:
    world.approved()
    raised = _at_once(4, lambda: decide(world, "fail"))
    assert raised == []
    assert Audit.objects.get().status == "failed"
    assert Entry.objects.filter(kind="voided").count() == 1
    assert topics("credits.claim_voided") == ["credits.claim_voided"]


@pytest.mark.django_db(transaction=True)
def test_nights_at_once_open_one_audit(world: World) -> None:
    with BOOK.overlaid({"claims.audit_rate": 1}):
        claim = world.approved()
    raised = _at_once(4, lambda: audits.open_drawn_audit(claim_id=claim.id, now=world.story.now))
    assert raised == []
    assert topics("credits.audit") == ["credits.audit_opened"]
