"""Badge scans of sessions, as the organiser of an event reports them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from catalog.models import Gathering, Session, SessionTime
from catalog.services import schedule_session
from ceportal.kernel.decisions import Decision, Finding, Refused
from ceportal.scenarios.binding import Act, CannotTell, does
from credits.models import Attendance
from credits.services.attendance import record_attendance

FIRST_START = time(8)


@does("attend")
def attend(act: Act, *, session: str, badges: list[tuple[int, int]], event: str = "") -> None:
    """Report when somebody came in and went out of a session held that day; what earns nothing is refused."""
    time_held = _time_of(act, _session(act, session, event))
    earned_before = Attendance.objects.filter(session_time=time_held, candidate=act.candidate, earned=True).exists()
    attendance = record_attendance(
        session_time_id=time_held.pk, candidate_id=act.candidate.pk, badges=badges, now=act.now
    )
    if earned_before:
        raise Refused(Decision((Finding("CR-04", False, "These scans add nothing: the session has earned already."),)))
    if not attendance.earned:
        raise Refused(Decision.from_json(attendance.decision))


def _session(act: Act, code: str, event: str) -> Session:
    """The session of an event; without its name that of the event nearest to the day."""
    gatherings = list(Gathering.objects.filter(code=event) if event else Gathering.objects.all())
    if not gatherings:
        raise CannotTell(f"There is no event {event}.")
    gathering = min(gatherings, key=lambda each: abs((each.starts_on - act.day).days))
    found = Session.objects.filter(gathering=gathering, code=code).first()
    if found is None:
        raise CannotTell(f"The event {gathering.code} has no session {code}.")
    return found


def _time_of(act: Act, session: Session) -> SessionTime:
    """The time at which a session was held that day, made when the story first names it.

    Each starts a minute after the one named before it, so that the order of the steps of a day is that of completion.
    """
    times: dict[int, int] = act.stage.memory.setdefault(("session times", act.candidate.pk, act.day), {})
    minute = times.setdefault(session.pk, len(times))
    zone = ZoneInfo(session.gathering.time_zone)
    first_start = datetime.combine(act.day, FIRST_START, zone).astimezone(UTC)
    return schedule_session(
        gathering_id=session.gathering_id,
        code=session.code,
        minutes=session.minutes,
        marked=session.marked,
        starts_at=first_start + timedelta(minutes=minute),
        now=act.now,
    )
