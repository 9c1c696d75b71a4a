"""load_demo: everybody in their situation, as if the portal had been there all the time; once, and in the demo only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction

from candidates import agreement_pages, guardian_pages
from candidates.models import Candidate, Certification, GuardianRequest, Notice, User
from catalog.models import BoardDecision, Equivalence, Item, Listing, Proposal, Provider, ProviderMember
from catalog.models import Delivery as Run
from ceportal import nightly, reference
from ceportal.demo import load, mailbox, situations
from ceportal.demo.fair import Fair
from ceportal.demo.logins import DEMO_LOGINS, email_of
from ceportal.demo.offices import Offices
from ceportal.demo.people import people
from ceportal.demo.shelf import Shelf
from ceportal.demo.story import Scene, Story
from ceportal.demo.timeline import Timeline
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Delivery, Event, NightlyRun
from ceportal.kernel.policy import BOOK
from credits.models import Attendance, Claim, Enrollment, Evidence, Recertification, Roster, RosterRow, ScanImport
from credits.services import fees, reviews
from emeritus.services import buy_emeritus
from exams import sweeps
from exams.models import Booking, Exam, SittingPattern, WaitingWish
from exams.services import cancel_booking, rereads
from tests.demo.states import assert_true_to_the_rules, snapshot
from tests.factories import day


def claim_of(who: str, status: str) -> Claim:
    return Claim.objects.get(candidate__email=email_of(who), status=status)


def member_of(who: str) -> ProviderMember:
    return ProviderMember.objects.get(user__email=email_of(who))


@pytest.mark.usefixtures("demo")
def test_everybody_is_there_once_and_true_to_the_rules(settings) -> None:
    with clock.standing_at(clock.at(day("2026-05-20"), 12)):
        loaded = load.load(candidates=30)
        assert loaded is not None
        assert not loaded.refused
        known = [each for each in situations.SITUATIONS if each.known_on(day("2026-05-20"))]
        assert set(loaded.situations) == {each.name for each in known}
        assert_true_to_the_rules(day("2026-05-20"))
        before = snapshot()
        assert load.load(candidates=30) is None
        assert snapshot() == before

    assert Candidate.objects.count() == 18 + sum(loaded.situations.values())
    assert Provider.objects.count() == 30
    assert Provider.objects.filter(members=None).count() == 0
    assert Item.objects.count() >= 60
    assert Listing.objects.filter(ends_on__isnull=False).exists()
    assert set(BoardDecision.objects.values_list("outcome", flat=True)) == {"list", "change", "delist"}
    assert Run.objects.filter(ends_on__lt=day("2026-05-20")).exists()
    assert Run.objects.filter(starts_on__gt=day("2026-05-20")).exists()
    assert set(Claim.objects.values_list("status", flat=True)) == {
        "draft", "submitted", "returned", "approved", "rejected", "voided",
    }  # fmt: skip
    assert Claim.objects.filter(status="submitted", answer_due_on__lt=day("2026-05-20")).exists()
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
    assert rereads.assess_request(failed, now=clock.at(day("2026-05-20"), 12)).granted
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


@pytest.mark.usefixtures("demo")
def test_who_one_can_sign_in_as_stands_where_it_is_said() -> None:
    """One step renews, a seat that is left is offered, and Emeritus is on offer with its warning (EMR-04, EMR-09)."""
    with clock.standing_at(clock.at(day("2026-05-20"), 12)):
        load.load(candidates=1)
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


@pytest.mark.usefixtures("demo")
def test_the_era_of_the_fee_has_the_fee_and_suspended_experts() -> None:
    load.load(candidates=1, start_on=day("2019-11-04"))
    assert clock.day_of(clock.now()) == day("2019-11-04")
    assert_true_to_the_rules(day("2019-11-04"))
    assert set(Enrollment.objects.values_list("candidate__certifications__status", flat=True)) >= {
        "active",
        "suspended",
    }
    for enrollment in Enrollment.objects.all():
        assert enrollment.candidate.certifications.filter(track__level="expert").exists()
    ahead = Certification.objects.filter(terms__starts_on__gt=day("2019-11-04"))
    assert ahead.exists()
    payer = Candidate.objects.get(email=email_of("candidate one step from renewal"))
    assert fees.assess_fee(candidate_id=payer.id, now=clock.now()).granted
    assert payer.notices.filter(kind="fee_due").exists()
    assert Event.objects.filter(occurred_at__gt=clock.now()).count() == 0


@pytest.mark.usefixtures("demo")
def test_a_demonstration_just_after_the_rules_changed_follows_both_books() -> None:
    load.load(candidates=1, start_on=day("2020-03-16"))
    assert_true_to_the_rules(day("2020-03-16"))
    assert not Certification.objects.filter(status="suspended").exists()


@pytest.mark.usefixtures("demo")
def test_what_was_interrupted_leaves_nothing_and_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    nights = 0

    def killed_in_the_third_night(*, now: object) -> int:
        nonlocal nights
        nights += 1
        if nights == 3:
            raise Killed
        return 0

    with clock.standing_at(clock.at(day("2026-05-20"), 12)):
        with monkeypatch.context() as patch:
            patch.setattr(nightly, "SWEEPS", (*nightly.SWEEPS, ("the killed one", killed_in_the_third_night)))
            with pytest.raises(Killed):
                load.load(candidates=1)
        assert not Candidate.objects.exists()
        assert not load.is_loaded()
        assert load.load(candidates=1) is not None
        assert_true_to_the_rules(day("2026-05-20"))


def test_it_is_refused_outside_the_demonstration(db: None) -> None:
    with pytest.raises(CommandError, match=r"^Demonstration data are loaded with DEMO=1 only; .*$"):
        call_command("load_demo", verbosity=0)
    assert not Candidate.objects.exists()


@pytest.mark.usefixtures("demo")
def test_it_is_refused_beside_candidates_of_ones_own(alice: Candidate) -> None:
    with pytest.raises(CommandError, match="candidates of its own"):
        call_command("load_demo", verbosity=0)
    assert list(Candidate.objects.all()) == [alice]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(("start", "sentence"), [("2017-08-01", "too early"), ("soon", "not a day")])
def test_a_start_that_cannot_be_is_said_in_one_sentence(settings, start: str, sentence: str) -> None:
    settings.DEMO_START = start
    with pytest.raises(CommandError, match=sentence):
        call_command("load_demo", verbosity=0)
    assert not Candidate.objects.exists()


def test_the_logins_are_printed_as_a_table() -> None:
    out = StringIO()
    call_command("load_demo", "--print-logins", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == len(DEMO_LOGINS) + 1
    for login, line in zip(DEMO_LOGINS, lines[1:], strict=True):
        assert line.split("  ")[0] == login.who
        assert line.endswith(login.password)


class EveryNight(Timeline):
    """As the portal lives: no night is left out."""

    @staticmethod
    def pass_time(last: date | None, until: date) -> None:
        Timeline.pass_time(None, until)
        for offset in range(1, (until - last).days + 1 if last else 0):
            nightly.run_night(day=last + timedelta(days=offset))


@pytest.mark.usefixtures("demo")
def test_the_nights_left_out_would_have_changed_nothing() -> None:
    reference.load()
    SittingPattern.objects.all().delete()  # two lives without labs: a night need not open sittings
    told = []
    for timeline in (Timeline(), EveryNight()):
        # The lot hangs on claims' numbers, which no two tellings share; here it picks all.
        with BOOK.overlaid({"claims.audit_rate": 1}), transaction.atomic():
            told.append(_tell_two_lives(timeline))
            transaction.set_rollback(True)
    assert told[0] == told[1]
    assert told[0]["entries"]
    assert told[0]["notices"]


def _tell_two_lives(timeline: Timeline) -> dict[str, list[object]]:
    now = clock.at(day("2019-11-04"), 12)
    chance = Random(1)
    shelf = Shelf(timeline, chance, today=clock.day_of(now))
    shelf.plan({})
    reviewers = {
        provider_id: [ProviderMember.objects.create(provider=provider, user=_user(provider_id, now), role="manager").id]
        for provider_id, provider in shelf.providers.items()
    }
    exams = {exam.kind: [exam.number] for exam in Exam.objects.all()}
    staff_id = _user(0, now).pk
    fair = Fair(timeline, today=clock.day_of(now))
    offices = Offices(timeline, reviews=shelf.review_days, today=clock.day_of(now))
    scene = Scene(
        timeline=timeline,
        shelf=shelf,
        fair=fair,
        offices=offices,
        reviewers=reviewers,
        exams=exams,
        staff_id=staff_id,
        now=now,
    )
    everybody = people(chance)
    for plan in (situations.renewed_by_credits, situations.suspended, situations.inactive):
        plan(Story(scene, next(everybody), chance))
    timeline.tell(until=scene.today)
    assert NightlyRun.objects.filter(day=scene.today).exists()
    return snapshot()


def _user(number: int, now: datetime) -> User:
    from ceportal.demo.story import make_user

    return make_user(f"reviewer{number}@example.org", "Reviewer", now=now)
