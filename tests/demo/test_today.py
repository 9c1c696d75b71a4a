"""The demonstration as it is loaded on one day: who is there, who can sign in, and the month that follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import transaction

from candidates import agreement_pages, guardian_pages
from candidates.models import Candidate, Certification, GuardianRequest, Notice
from catalog.models import BoardDecision, Equivalence, Item, Listing, Proposal, Provider, ProviderMember
from catalog.models import Delivery as Run
from ceportal import nightly
from ceportal.demo import load, mailbox, situations, travel
from ceportal.demo.logins import DEMO_LOGINS, email_of
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Delivery, NightlyRun
from credits.models import (
    Attendance,
    Claim,
    Enrollment,
    Entry,
    Evidence,
    Recertification,
    Roster,
    RosterRow,
    ScanImport,
)
from credits.services import reviews
from emeritus.services import buy_emeritus
from exams import sweeps
from exams.models import Booking, WaitingWish
from exams.services import cancel_booking, rereads
from tests.demo.conftest import demonstration
from tests.demo.states import assert_true_to_the_rules, snapshot
from tests.demo.test_travel import Killed, arrived_on, set_out
from tests.factories import day

TODAY = day("2026-05-20")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[load.Loaded]:
    """The demonstration, loaded once for these tests: each takes back what it did."""
    with demonstration(tmp_path_factory.mktemp("demo")), django_db_blocker.unblock(), transaction.atomic():
        done = load.load(candidates=30, start_on=TODAY)
        assert done is not None
        yield done
        transaction.set_rollback(True)


def claim_of(who: str, status: str) -> Claim:
    return Claim.objects.get(candidate__email=email_of(who), status=status)


def member_of(who: str) -> ProviderMember:
    return ProviderMember.objects.get(user__email=email_of(who))


def test_everybody_is_there_once_and_true_to_the_rules(loaded: load.Loaded) -> None:
    assert not loaded.refused
    known = [each for each in situations.SITUATIONS if each.known_on(TODAY)]
    assert set(loaded.situations) == {each.name for each in known}
    assert_true_to_the_rules(TODAY)
    before = snapshot()
    assert load.load(candidates=30) is None
    assert snapshot() == before

    assert Candidate.objects.count() == 18 + sum(loaded.situations.values())
    assert Provider.objects.count() == 30
    assert Provider.objects.filter(members=None).count() == 0
    assert Item.objects.count() >= 60
    assert Listing.objects.filter(ends_on__isnull=False).exists()
    assert set(BoardDecision.objects.values_list("outcome", flat=True)) == {"list", "change", "delist"}
    assert Run.objects.filter(ends_on__lt=TODAY).exists()
    assert Run.objects.filter(starts_on__gt=TODAY).exists()
    assert set(Claim.objects.values_list("status", flat=True)) == {
        "draft", "submitted", "returned", "approved", "rejected", "voided",
    }  # fmt: skip
    assert Claim.objects.filter(status="submitted", answer_due_on__lt=TODAY).exists()
    assert set(Attendance.objects.values_list("earned", flat=True)) == {True, False}
    assert ScanImport.objects.values_list("status", "problem_count").get() == ("done", 1)
    assert set(Proposal.objects.values_list("status", flat=True)) == set(Proposal.Status.values)
    assert Equivalence.objects.get().same_as.listings.exists()
    assert Run.objects.filter(cancelled_at__isnull=False).count() == 1
    assert set(Roster.objects.values_list("status", flat=True)) == {"reported", "checked"}
    assert {"earns", "counted", "refused"} <= set(RosterRow.objects.values_list("outcome", flat=True))
    assert set(Certification.objects.values_list("status", flat=True)) == {
        "active", "grace", "emeritus", "lifetime_emeritus", "inactive", "revoked",
    }  # fmt: skip
    failed = Booking.objects.get(status="failed", candidate__email=email_of("candidate after a lab"))
    assert rereads.assess_request(failed, now=clock.at(TODAY, 12)).granted
    assert list(WaitingWish.objects.order_by("id").values_list("status", "ending")) == [
        ("ended", "withdrawn"), ("waiting", ""),
    ]  # fmt: skip
    for evidence in Evidence.objects.all():
        assert Path(evidence.file.path).read_bytes()[:4] in {b"%PDF", b"\x89PNG"}
    # What is past is told and delivered: the worker finds nothing to do, and mailboxes of the logins are full.
    assert not Delivery.objects.exclude(status="done").exists()
    assert set(Notice.objects.values_list("status", flat=True)) == {"sent", "delivered", "bounced"}
    letters = mailbox.letters_for(mailbox.Reader(everything=True, addresses=frozenset()))
    to_logins = Notice.objects.filter(address__in=[login.email for login in DEMO_LOGINS]).count()
    links = GuardianRequest.objects.exclude(sent_at=None).count()
    assert (len(letters), links) == (to_logins + links, 1)
    for login in DEMO_LOGINS:
        assert authenticate(username=login.email, password=login.password), login.who


def test_who_one_can_sign_in_as_stands_where_it_is_said() -> None:
    """One step renews, a seat that is left is offered, and Emeritus is on offer with its warning (EMR-04, EMR-09)."""
    claim = claim_of("candidate one step from renewal", "submitted")
    reviews.decide_claim(claim_id=claim.id, member_id=member_of("reviewer").id, outcome="approve", now=clock.now())
    renewal = Recertification.objects.get(candidate=claim.candidate)
    assert renewal.requirement_on == claim.completed_on
    states = Claim.objects.filter(candidate__email=email_of("candidate midway"))
    assert set(states.values_list("status", flat=True)) == {
        "draft", "submitted", "returned", "approved", "rejected",
    }  # fmt: skip
    assert claim_of("candidate midway", "submitted").provider == member_of("reviewer").provider
    assert not Enrollment.objects.filter(candidate__email=email_of("candidate not enrolled")).exists()
    # The seat that one gives up is offered to the other, who waits for it.
    seat = Booking.objects.get(status="paid", candidate__email=email_of("candidate for a lab"))
    cancel_booking(booking_id=seat.pk, now=clock.now())
    assert sweeps.offer_seats(now=clock.now()) == 1
    assert WaitingWish.objects.get(status="offered").candidate.email == email_of("candidate after a lab")
    _assert_long_time_experts(now=clock.now())
    _assert_texts_that_wait(now=clock.now())


def _assert_texts_that_wait(*, now: datetime) -> None:
    """A new version is asked for again (LAB-02), and a minor waits for a signature (CAND-05)."""
    yuki, sora = (
        Candidate.objects.get(email=email_of(who)) for who in ("candidate for a lab", "minor without a signature")
    )
    recording = agreement_pages.line_of(yuki, "recording", language="ja", now=now)
    assert recording is not None and recording.earlier
    assert (recording.state, recording.agreement.version, recording.words.language) == ("waits", "2.0", "ja")
    assert "九十日後" in recording.words.text
    links = guardian_pages.asking_page(sora, now=now)
    assert links.waits is not None and links.waits.request.language == "ja"
    assert len(links.links) == 2


def _assert_long_time_experts(*, now: datetime) -> None:
    hakon = Candidate.objects.get(email=email_of("long-time expert"))
    with pytest.raises(Refused) as refusal:
        buy_emeritus(candidate_id=hakon.id, family="ccie", confirmed=False, now=now)
    assert refusal.value.decision.clauses_unmet == ("EMR-09",)
    assert buy_emeritus(candidate_id=hakon.id, family="ccie", confirmed=True, now=now).total_cents >= 8500
    told = {number: _kinds(number) for number in ("CE10000021", "CE10000022", "CE10000023", "CE10000024")}
    standing = Certification.objects.filter(candidate__number__in=told).order_by("candidate__number", "number")
    assert list(standing.values_list("status", flat=True)) == [
        "active", "active", "emeritus", "grace", "lifetime_emeritus",
    ]  # fmt: skip
    assert "emeritus_window" in told["CE10000021"]
    assert {"emeritus_confirmed", "invoice_issued"} <= told["CE10000022"]
    written = Notice.objects.get(candidate__number="CE10000022", kind="emeritus_confirmed")
    assert (written.language, written.subject) == ("ja", "エメリタス期間のお支払いが完了しました")
    assert "emeritus_window" in told["CE10000023"]
    assert "lifetime_emeritus" in told["CE10000024"]


def _kinds(number: str) -> set[str]:
    return set(Notice.objects.filter(candidate__number=number).values_list("kind", flat=True))


def test_a_month_ahead_ends_alike_whether_or_not_it_was_killed_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed_on_the_tenth(*, now: object) -> int:
        if clock.day_of(now) == day("2026-05-30"):
            raise Killed
        return 0

    ends = []
    for killed in (False, True):
        with transaction.atomic():
            set_out(31)
            if killed:
                with monkeypatch.context() as patch:
                    first, *rest = nightly.SWEEPS
                    patch.setattr(nightly, "SWEEPS", (first, ("the killed one", killed_on_the_tenth), *rest))
                    with pytest.raises(Killed):
                        travel.travel()
                assert arrived_on() == "2026-05-30"
                assert not NightlyRun.objects.filter(day=day("2026-05-30")).exists()
            assert travel.travel()
            assert arrived_on() == "2026-06-20"
            assert travel.journey_under_way(now=clock.now()) is None
            assert_true_to_the_rules(day("2026-06-20"))
            _a_month_has_passed()
            ends.append(snapshot())
            transaction.set_rollback(True)
        clock._read.good_until = 0.0
    assert ends[0] == ends[1]


def _a_month_has_passed() -> None:
    since = clock.at(day("2026-05-21"), 0)
    assert {run.day for run in NightlyRun.objects.filter(day__gt=day("2026-05-20"))} == {
        day("2026-05-20") + timedelta(days=ahead) for ahead in range(1, 32)
    }
    assert Certification.objects.filter(
        status="inactive", inactive_on__gt=day("2026-05-20"), inactive_on__lte=day("2026-06-20")
    ).exists()
    assert Entry.objects.filter(kind="expired", written_at__gte=since).exists()
    assert Notice.objects.filter(kind="lapse_reminder", created_at__gte=since).exists()
    # They go out by the relay, as any other.
    assert Delivery.objects.filter(receiver="mail", status="pending", due_at__gte=since).exists()
