"""What holds in every story: the ledger is sound, nothing is used twice, sweeps may be late or repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from candidates.models import Case
from ceportal import nightly
from ceportal.demo import nights
from ceportal.kernel.decisions import Refused
from credits.models import Claim, Cycle, Entry, Grant, Recertification
from exams.models import Attempt
from tests import factories
from tests.reference_data import load_reference
from tests.story import Story

ITEMS = ("ilt-64", "ilt-40", "ilt-30", "vilt-24", "dig-40", "dig-20", "boot-16", "path-50")
EXAMS = ("200-301", "300-410", "300-415", "350-401", "400-007")


@dataclass(frozen=True)
class Step:
    """Something a person does some days after the step before."""

    verb: str
    what: str
    after_days: int
    days_ago: int


VERBS = ("claim", "report", "report", "sit", "approve", "reject", "return", "pay", "annul", "pass after all", "audit")
STEPS = some.lists(
    some.builds(
        Step,
        verb=some.sampled_from(VERBS),
        what=some.sampled_from(ITEMS),
        after_days=some.integers(0, 60),
        days_ago=some.integers(0, 60),
    ),
    max_size=10,
)
STARTS = some.sampled_from(
    [
        ("ccie-security", date(2018, 1, 10), "2016-05-01"),
        ("ccie-security", date(2019, 6, 1), "2017-09-01"),
        ("ccnp-enterprise", date(2021, 1, 10), "2020-06-01"),
        ("ccna", date(2020, 3, 1), "2018-06-01"),
    ]
)
# The same stories in every run, and no search for a smaller one: a story is read as it stands.
IN_PEACE = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()


def tell(start: tuple[str, date, str], steps: Sequence[Step], *, which_nights: str = "due") -> Story:
    """Tell a story; what the rules refuse does not happen.

    Nights are run where they are due, every day, twice a day, or late: every ninety days, and at the end.
    """
    track, first_day, certified_on = start
    story = Story(factories.CandidateFactory.create(), today=first_day)
    story.certify(track, certified_on)
    with suppress(Refused):
        story.enroll()
    last_night = first_day
    for step in steps:
        before, story.today = story.today, story.now.date() + timedelta(days=step.after_days)
        if which_nights == "due":
            nights.run_nights(after=before, until=story.today)
        for night in (before + timedelta(days=each + 1) for each in range(step.after_days)):
            if which_nights in {"daily", "twice"} or (which_nights == "late" and (night - last_night).days >= 90):
                last_night = night
                nightly.run_night(day=night)
            if which_nights == "twice":
                nightly.run_night(day=night)
        with suppress(Refused), transaction.atomic():
            _do(story, step)
    nightly.run_night(day=story.now.date())
    return story


def _do(story: Story, step: Step) -> None:
    completed_on = (story.now - timedelta(days=step.days_ago)).date().isoformat()
    if step.verb == "claim":
        story.claim(step.what, completed_on)
    elif step.verb == "report":
        story.report(step.what, completed_on)
    elif step.verb == "sit":
        story.sit(EXAMS[ITEMS.index(step.what) % len(EXAMS)])
    elif step.verb == "pay":
        story.pay_fee()
    elif step.verb in {"annul", "pass after all"}:
        _correct(story, "annulled" if step.verb == "annul" else "pass")
    elif step.verb == "audit" and "claim" in story.labels:
        story.audit()
    elif "claim" in story.labels:
        story.decide("claim", step.verb)


def _correct(story: Story, result: str) -> None:
    """Correct the latest result on record."""
    attempt = Attempt.objects.filter(candidate=story.candidate, attempt__isnull=True).order_by("-taken_on").first()
    if attempt is not None:
        story.correct(attempt.exam.number, attempt.taken_on.isoformat(), result)


def _net(entries: Iterable[Entry]) -> Counter[str]:
    """What entries come to by kind, a correction counted with what it corrects."""
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.corrects.kind if entry.corrects else entry.kind] += entry.amount
    return sums


def check_sound(story: Story) -> None:
    assert story.ledger_is_sound()
    for grant in Grant.objects.filter(candidate=story.candidate).select_related("cycle"):
        net = _net(grant.entries.select_related("corrects"))
        assert net["earned"] == grant.amount
        assert 0 <= -net["used"] <= grant.amount
        assert grant.cycle.withdrawn_at is None
        assert grant.cycle.started_on <= grant.earned_on
        # A reversal can find that a cycle had ended before something in it was completed.
        renewed = grant.cycle.end_reason == "renewed"
        assert not renewed or grant.earned_on <= grant.cycle.ended_on
        if grant.cycle.ended_on is not None or grant.expires_on <= story.now.date():
            assert grant.remaining == 0
    for renewal in Recertification.objects.filter(candidate=story.candidate):
        used = -_net(renewal.entries.select_related("corrects"))["used"]
        assert renewal.credits_used == renewal.path.get("credits", 0)
        assert used == (0 if renewal.reversed_at else renewal.credits_used)
    counted: set[tuple[int, int | None]] = set()
    for grant in Grant.objects.filter(candidate=story.candidate):
        if _net(grant.entries.select_related("corrects"))["voided"]:
            continue
        assert (grant.cycle_id, grant.item_id) not in counted  # CR-04
        counted.add((grant.cycle_id, grant.item_id))
    assert (
        Cycle.objects.filter(candidate=story.candidate, ended_on__isnull=True, withdrawn_at__isnull=True).count() <= 1
    )


def outcome(story: Story) -> dict[str, Any]:
    """What a story came to, apart from notices and moments."""
    of = {"candidate": story.candidate}
    return {
        "standing": sorted(
            (row.track.code, row.status, row.active_ends_on, row.inactive_on)
            for row in story.candidate.certifications.select_related("track")
        ),
        "cycles": list(
            Cycle.objects.filter(**of, withdrawn_at__isnull=True).values_list("started_on", "ended_on", "end_reason")
        ),
        "renewals": sorted(
            (row.requirement_on, row.credits_used, row.reversed_at is not None)
            for row in Recertification.objects.filter(**of)
        ),
        "cases": Case.objects.filter(**of).count(),
        "entries": sorted(
            Entry.objects.filter(**of).values_list("grant__title", "kind", "amount", "counts_from", "clause")
        ),
        "claims": sorted(
            (code, status, str(escalated_on))
            for code, status, escalated_on in Claim.objects.filter(**of)
            .exclude(status="draft")
            .values_list("item__code", "status", "escalated_on")
        ),
    }


@pytest.mark.usefixtures("world")
@IN_PEACE
@given(start=STARTS, steps=STEPS)
def test_in_every_story_the_ledger_is_sound(start: tuple[str, date, str], steps: list[Step]) -> None:
    check_sound(tell(start, steps))


@pytest.mark.usefixtures("world", "no_calendars")
@settings(IN_PEACE, max_examples=4)
@given(start=STARTS, steps=STEPS)
def test_nights_left_out_run_twice_or_after_a_pause_come_to_the_same(
    start: tuple[str, date, str], steps: list[Step]
) -> None:
    daily = outcome(tell(start, steps, which_nights="daily"))

    for which_nights in ("due", "twice", "late"):
        assert outcome(tell(start, steps, which_nights=which_nights)) == daily


@pytest.mark.usefixtures("world")
@IN_PEACE
@given(
    reports=some.lists(
        some.tuples(some.sampled_from(ITEMS), some.integers(1, 80)), max_size=5, unique_by=lambda each: each[0]
    ),
    data=some.data(),
)
def test_the_order_in_which_reports_arrive_changes_nothing(
    reports: list[tuple[str, int]], data: some.DataObject
) -> None:
    """As long as no renewal is made between them (CE-09): here credits without the fee renew nothing."""

    def told(order: Sequence[tuple[str, int]]) -> dict[str, Any]:
        story = Story(factories.CandidateFactory.create(), today=date(2018, 6, 1))
        story.certify("ccie-security", "2017-09-01")
        story.enroll()
        for item, days_ago in order:
            story.report(item, (story.now - timedelta(days=days_ago)).date().isoformat())
        return outcome(story)

    assert told(data.draw(some.permutations(reports))) == told(reports)
