"""Attendance at sessions: what earns, what does not and why, and that reporting again changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Gathering, Session, SessionTime
from catalog.services import schedule_session
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from credits.models import Attendance, Entry, Grant, Recertification
from credits.services import attendance as attendances
from credits.services.attendance import Reported, record_attendance, record_attendances
from tests import factories
from tests.factories import day, noon
from tests.story import Story

WHOLE = {"BRKSEC-1010": 90, "LTRSEC-1257": 240}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    call_command("load_reference", "--quiet")


@pytest.fixture
def story() -> Story:
    """An expert, enrolled long before the event of 2026."""
    return holder("2026-01-10", "2025-09-01")


def holder(first_day: str, certified_on: str, track: str = "ccie-security") -> Story:
    story = Story(factories.CandidateFactory.create(), today=day(first_day))
    story.certify(track, certified_on)
    story.enroll()
    return story


def held(code: str, on: str, hour: int = 9, gathering: str = "") -> SessionTime:
    """A time of a session of the reference world."""
    event = Gathering.objects.get(code=gathering or f"live-{on[:4]}")
    session = Session.objects.get(gathering=event, code=code)
    return schedule_session(
        gathering_id=event.id,
        code=code,
        minutes=session.minutes,
        marked=session.marked,
        starts_at=clock.at(day(on), hour),
        now=noon("2018-01-01"),
    )


def attend(story: Story, code: str, on: str, *badges: tuple[int, int], hour: int = 9, gathering: str = "") -> Attendance:
    """Report a whole session, or what the badges say of it, on the day it was held or the story's own if later."""
    time = held(code, on, hour, gathering)
    story.to(max(story.today or day(on), day(on)))
    return record_attendance(
        session_time_id=time.id,
        candidate_id=story.candidate.id,
        badges=badges or ((0, time.session.minutes),),
        now=story.now,
    )


def unmet(attendance: Attendance) -> tuple[str, ...]:
    return Decision.from_json(attendance.decision).clauses_unmet


def test_a_session_earns_what_its_kind_and_level_are_worth(story: Story) -> None:
    """LIVE-05, CE-10: the organiser's word approves it; CR-01: it is earned on the session's day."""
    attendance = attend(story, "LTRSEC-1257", "2026-06-01")

    assert attendance.earned
    assert (attendance.credits, attendance.minutes_present, attendance.badges) == (4, 240, [[0, 240]])
    grant = Grant.objects.get()
    assert (grant.source, grant.attendance, grant.amount, grant.remaining) == ("attendance", attendance, 4, 4)
    assert (grant.earned_on, grant.expires_on) == (day("2026-06-01"), day("2029-06-01"))
    assert grant.title == "LTRSEC-1257, Live 2026"
    entry = Entry.objects.get()
    assert (entry.kind, entry.amount, entry.counts_from, entry.clause) == ("earned", 4, day("2026-06-01"), "LIVE-05")
    event = Event.objects.get(topic="credits.attendance_recorded")
    assert (event.subject_id, event.candidate_id) == (attendance.id, story.candidate.id)
    assert event.payload == {"session": "LTRSEC-1257", "gathering": "live-2026", "credits": 4}


def test_all_requirements_stand_in_the_decision(story: Story) -> None:
    """Met or not, each with its clause; what the board has not confirmed is marked (LIVE-05)."""
    attendance = attend(story, "BRKSEC-2020", "2026-06-01", (30, 60))

    decision = Decision.from_json(attendance.decision)
    assert [each.clause for each in decision.findings] == [
        "CE-05", "CE-10", "CE-10", "CE-15", "CE-01", "CE-03", "CR-06",
        "LIVE-01", "LIVE-03", "LIVE-05", "LIVE-03", "LIVE-04", "CR-04",
    ]  # fmt: skip
    assert decision.clauses_unmet == ("LIVE-04",)
    worth = next(each for each in decision.findings if each.clause == "LIVE-05")
    assert [(each.name, each.provisional) for each in worth.because] == [("live.credits", True)]
    assert attendance.credits is None
