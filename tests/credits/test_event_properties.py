"""What holds for event sessions in every story: the cap is kept, and the order of reports changes nothing (LIVE-06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from catalog.models import Session
from catalog.services import schedule_session
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits.models import Attendance, Cycle, Entry, Grant
from credits.services.attendance import record_attendance
from tests import factories
from tests.credits.test_properties import IN_PEACE, outcome
from tests.reference_data import load_reference
from tests.story import Story

CAP = 20
SESSIONS = ("BRKSEC-1010", "BRKSEC-2020", "BRKSEC-3030", "DEVWKS-1020", "LTRCRT-3000", "TECSEC-3672", "TECOPS-1000")
ITEMS = ("ilt-30", "dig-12", "boot-16")


@dataclass(frozen=True)
class Reported:
    """A session attended, or a training completed, on a day of the event."""

    what: str
    day: int
    present: bool = True


REPORTS = some.lists(
    some.builds(
        Reported,
        what=some.sampled_from((*SESSIONS, *SESSIONS, *ITEMS)),
        day=some.integers(0, 4),
        present=some.sampled_from((True, True, True, False)),
    ),
    max_size=8,
    unique_by=lambda each: each.what,
)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()


def report(story: Story, reported: Reported) -> None:
    held_on = date(2026, 5, 31) + timedelta(days=reported.day)
    if reported.what in ITEMS:
        story.report(reported.what, held_on.isoformat())
        return
    session = Session.objects.get(gathering__code="live-2026", code=reported.what)
    time = schedule_session(
        gathering_id=session.gathering_id,
        code=session.code,
        minutes=session.minutes,
        marked=session.marked,
        starts_at=clock.at(held_on, 15, SESSIONS.index(reported.what)),  # one after the other, whoever tells it when
        now=story.now,
    )
    there = session.minutes if reported.present else session.minutes // 2
    record_attendance(session_time_id=time.pk, candidate_id=story.candidate.pk, badges=[(0, there)], now=story.now)


def told(reports: Sequence[Reported]) -> Story:
    story = Story(factories.CandidateFactory.create())
    story.to("2026-05-01").certify("ccie-security", "2025-09-01")
    story.enroll()
    story.to("2026-06-20")
    for each in reports:
        report(story, each)
    return story


def net(story: Story) -> dict[str, dict[str, int]]:
    """What the ledger says of each grant that counts, by title and kind: corrections taken together."""
    found: dict[str, dict[str, int]] = {}
    for grant in Grant.objects.filter(candidate=story.candidate):
        sums: dict[str, int] = {}
        for entry in grant.entries.select_related("corrects"):
            kind = entry.corrects.kind if entry.corrects else entry.kind
            sums[kind] = sums.get(kind, 0) + entry.amount
        if sums.get("earned"):
            found[grant.title] = {kind: amount for kind, amount in sums.items() if amount}
    return found


@pytest.mark.usefixtures("world")
@settings(IN_PEACE, max_examples=30)
@given(reports=REPORTS, data=some.data())
def test_the_order_of_reports_changes_nothing(reports: list[Reported], data: some.DataObject) -> None:
    """LIVE-06, CE-09: as long as no renewal is made between them, a late report of an earlier session re-settles."""
    with BOOK.overlaid({"live.cycle_cap": CAP}):
        one, other = told(reports), told(data.draw(some.permutations(reports)))

        assert net(one) == net(other)
        assert one.balance() == other.balance()
        assert {key: outcome(one)[key] for key in ("standing", "cycles", "claims")} == {
            key: outcome(other)[key] for key in ("standing", "cycles", "claims")
        }


@pytest.mark.usefixtures("world")
@settings(IN_PEACE, max_examples=30)
@given(reports=REPORTS, annul=some.booleans(), exam_after=some.integers(0, 8))
def test_the_cap_is_kept_whatever_renews_and_falls(reports: list[Reported], annul: bool, exam_after: int) -> None:
    """LIVE-06, EXAM-09: in each cycle, also where a renewal splits one or a correction makes one of two."""
    with BOOK.overlaid({"live.cycle_cap": CAP}):
        story = Story(factories.CandidateFactory.create())
        story.to("2026-05-01").certify("ccie-security", "2025-09-01")
        story.enroll()
        story.to("2026-06-02").sit("400-007")
        story.to("2026-06-20")
        for position, each in enumerate(reports):
            if annul and position == exam_after:
                story.correct("400-007", "2026-06-02")
            report(story, each)
        if annul and exam_after >= len(reports):
            story.correct("400-007", "2026-06-02")

        assert story.ledger_is_sound()
        for cycle in Cycle.objects.filter(candidate=story.candidate, withdrawn_at__isnull=True):
            entries = Entry.objects.filter(grant__cycle=cycle, grant__source="attendance")
            kept = sum(
                entry.amount
                for entry in entries.select_related("corrects")
                if (entry.corrects.kind if entry.corrects else entry.kind) in {"earned", "cut"}
            )
            assert kept <= CAP
            whole = sum(
                attendance.credits or 0
                for attendance in Attendance.objects.filter(candidate=story.candidate, credits__isnull=False)
                if cycle.started_on <= attendance.attended_on
                and (cycle.ended_on is None or attendance.attended_on <= cycle.ended_on)
            )
            assert kept == min(CAP, whole)
