"""The events of the reference world, and people who go there."""

from __future__ import annotations

from catalog.models import Gathering, Session, SessionTime
from catalog.services import schedule_session
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from credits.models import Attendance
from credits.services.attendance import record_attendance
from tests import factories
from tests.factories import day, noon
from tests.story import Story


def holder(first_day: str = "2026-01-10", certified_on: str = "2025-09-01", track: str = "ccie-security") -> Story:
    """Somebody certified who enrolls on the first day of the story, unless told otherwise in the year of an event."""
    story = Story(factories.CandidateFactory.create(), today=day(first_day))
    story.certify(track, certified_on)
    story.enroll()
    return story


def held(code: str, on: str, hour: int = 9, gathering: str = "") -> SessionTime:
    """A time of a session of the reference world; at the event of the year unless told otherwise."""
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


def attend(
    story: Story, code: str, on: str, *badges: tuple[int, int], hour: int = 9, gathering: str = ""
) -> Attendance:
    """Report a whole session, or what the badges say of it, on its day or on the story's own if that is later."""
    time = held(code, on, hour, gathering)
    story.to(max(story.today or day(on), day(on)))
    return record_attendance(
        session_time_id=time.id,
        candidate_id=story.candidate.id,
        badges=badges or ((0, time.session.minutes),),
        now=story.now,
    )


def unmet(attendance: Attendance) -> tuple[str, ...]:
    """The clauses that forbid it, the telling one first; read anew, since a later report may have changed it."""
    attendance.refresh_from_db(fields=["decision"])
    return Decision.from_json(attendance.decision).clauses_unmet
