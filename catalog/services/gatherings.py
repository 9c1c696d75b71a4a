"""Events and their schedules, as organisers report them (LIVE-01 to LIVE-08)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from catalog import sessions
from catalog.models import Gathering, Session, SessionTime
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


@transaction.atomic
def register_gathering(
    *,
    code: str,
    name: str,
    place: str,
    time_zone: str,
    starts_on: date,
    ends_on: date,
    now: datetime,
    organiser: str = "",
) -> Gathering:
    """Enter an event; attending it earns nothing by itself (LIVE-07). The code names it: a repetition gives the same.

    The days of its sessions are those of its time zone. `organiser` is the code under which its organiser's programs
    act; empty where none do.
    """
    gathering, created = Gathering.objects.get_or_create(
        code=code,
        defaults={
            "name": name,
            "organiser": organiser,
            "place": place,
            "time_zone": time_zone,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "created_at": now,
        },
    )
    if created:
        emit("catalog.gathering_registered", gathering, now=now, code=code)
    return gathering


@transaction.atomic
def name_organiser(*, gathering_id: int, organiser: str, now: datetime) -> Gathering:
    """Give an event to the programs of an organiser, from now on to them alone; empty: to none."""
    gathering = Gathering.objects.select_for_update(no_key=True).get(id=gathering_id)
    if gathering.organiser != organiser:
        before, gathering.organiser = gathering.organiser, organiser
        gathering.save(update_fields=["organiser"])
        emit(
            "catalog.gathering_organiser_named",
            gathering,
            now=now,
            code=gathering.code,
            organiser=organiser,
            before=before,
        )
    return gathering


@transaction.atomic
def schedule_session(
    *,
    gathering_id: int,
    code: str,
    minutes: int,
    starts_at: datetime,
    marked: bool,
    now: datetime,
    title: str = "",
    room: str = "",
) -> SessionTime:
    """Put a session on an event's schedule at one of its times. The same again changes nothing.

    Length, mark and title are the session's, whatever the time; the latest word holds, and what was decided by an
    earlier one stands. A title or room left out stays as it was. Refused where the code does not say what the session
    is (LIVE-05), where it has no length (LIVE-03), and for a mark on anything but a mission (LIVE-08).
    """
    code = sessions.tidy_code(code)
    require(sessions.assess_schedule(sessions.ScheduleFacts(code=code, minutes=minutes, marked=marked)))
    gathering = Gathering.objects.select_for_update(no_key=True).get(id=gathering_id)
    says = {"minutes": minutes, "marked": marked} | ({"title": title} if title else {})
    session = _session(gathering, code, says, now=now)
    time, created = SessionTime.objects.get_or_create(
        session=session,
        starts_at=starts_at,
        defaults={"held_on": day_in(gathering, starts_at), "room": room},
    )
    if created:
        emit("catalog.session_scheduled", time, now=now, code=code, starts_at=starts_at.isoformat())
    elif room and time.room != room:
        time.room = room
        time.save(update_fields=["room"])
        emit("catalog.session_room_changed", time, now=now, code=code)
    return time


def day_in(gathering: Gathering, moment: datetime) -> date:
    """The day of a moment where an event is held."""
    return moment.astimezone(ZoneInfo(gathering.time_zone)).date()


def moment_in(gathering: Gathering, text: str) -> datetime | None:
    """A day and time as people write it, 2026-06-01 08:00, where an event is held; None where it is not one.

    With an offset from UTC it is that moment, wherever the event is held.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(gathering.time_zone))
        return moment.astimezone(UTC) if ":" in text else None  # a day alone is not a time
    except (ValueError, OverflowError):
        return None


def _session(gathering: Gathering, code: str, says: Mapping[str, Any], *, now: datetime) -> Session:
    session, created = Session.objects.get_or_create(gathering=gathering, code=code, defaults=says)
    differing = {name: value for name, value in says.items() if getattr(session, name) != value}
    if not created and differing:
        for name, value in differing.items():
            setattr(session, name, value)
        session.save(update_fields=list(differing))
        emit("catalog.session_changed", session, now=now, code=code, **differing)
    return session
