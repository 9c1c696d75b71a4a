"""load_demo: everybody in their situation, as if the portal had been there all the time; once, and in the demo only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from candidates.models import Candidate, Certification, User
from catalog.models import ProviderMember
from ceportal import nightly, reference
from ceportal.demo import load, situations
from ceportal.demo.fair import Fair
from ceportal.demo.logins import DEMO_LOGINS, email_of
from ceportal.demo.offices import Offices
from ceportal.demo.people import people
from ceportal.demo.shelf import Shelf
from ceportal.demo.story import Scene, Story
from ceportal.demo.timeline import Timeline
from ceportal.kernel import clock
from ceportal.kernel.models import Event, NightlyRun
from ceportal.kernel.policy import BOOK
from credits.models import Enrollment
from credits.services import fees
from exams.models import Exam, SittingPattern
from tests.demo.states import assert_true_to_the_rules, snapshot
from tests.factories import day


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
