"""Attendance at sessions of events, as organisers report it by badge scans: approved by being reported (CE-10).

An attendance is kept with its decision whether or not it earns anything. More scans of the same session add to it and
have it decided anew, until it has earned; the same scans again change nothing. Many are recorded at a time: each
person's row is locked, what is needed of all of them is read at once, and each person's paths are judged once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Certification
from candidates.queries import Held
from candidates.rules import BarFacts
from catalog import sessions
from catalog.models import Session, SessionTime
from catalog.services import day_in
from ceportal.kernel import clock
from ceportal.kernel.bulk import insert_many
from ceportal.kernel.decisions import Decision
from ceportal.kernel.outbox import emit_many
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Attendance, Cycle, Enrollment
from credits.rules import activity, attending
from credits.services import event_cap, recertification
from credits.services.event_cap import settle_cap

__all__ = ["Recorded", "Reported", "Seat", "record_attendance", "record_attendances", "settle_cap"]

Seat = tuple[int, int]  # a person and a time of a session, by their ids
CHANGED = ("badges", "minutes_present", "credits", "earned", "decision", "decided_at")


@dataclass(frozen=True, slots=True)
class Reported:
    """Badge scans of a person at one time of a session: minutes in and out, from its start."""

    candidate_id: int
    session_time_id: int
    badges: Sequence[attending.Pair]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of reported attendances: numbers of them, beside the attendances themselves."""

    earning: int
    refused: int
    unchanged: int  # nothing new was said of them
    attendances: Mapping[Seat, Attendance] = field(default_factory=dict, compare=False)  # all, as they stand now
    decided: frozenset[Seat] = field(default=frozenset(), compare=False)  # new, or decided anew


@transaction.atomic
def record_attendance(
    *,
    session_time_id: int,
    candidate_id: int,
    badges: Sequence[attending.Pair],
    now: datetime,
    reported_by_id: int | None = None,
) -> Attendance:
    """Keep a person's badge scans of a session, and decide what they earn (LIVE-01 to LIVE-08).

    Nothing is raised for an attendance that earns nothing: its decision says why. `reported_by_id` is the user who
    reports it, and nobody reports their own (CE-10); None where a machine does. ValueError for a badge that goes out
    before it came in.
    """
    reported = [Reported(candidate_id, session_time_id, badges)]
    record_attendances(reported=reported, now=now, reported_by_id=reported_by_id)
    found = Attendance.objects.select_related("session_time__session")
    return found.get(candidate_id=candidate_id, session_time_id=session_time_id)


@dataclass(slots=True)
class _Person:
    """What is known of one person, read after the lock."""

    candidate_id: int
    user_id: int | None
    held: Sequence[Held]
    cycles: Sequence[Cycle]
    enrolled_on: date | None
    bar: BarFacts | None
    attendances: dict[int, Attendance] = field(default_factory=dict)  # by the session's time
    said: dict[date, _Said] = field(default_factory=dict)  # of any activity of theirs on a day


@transaction.atomic
def record_attendances(
    *,
    reported: Sequence[Reported],
    now: datetime,
    reported_by_id: int | None = None,
    assessor: Assessor | None = None,
) -> Recorded:
    """As `record_attendance`, for some hundreds of people at once; an assessor kept for many such calls spares work."""
    assessor = assessor or Assessor(now, reported_by_id=reported_by_id)
    times = SessionTime.objects.select_related("session__gathering").in_bulk(
        {each.session_time_id for each in reported}
    )
    people = _read_people({each.candidate_id for each in reported}, now=now)
    fresh: dict[int, list[Attendance]] = {}
    for (candidate_id, time_id), badges in _by_session(reported).items():
        person = people[candidate_id]
        attendance = _decide(person, times[time_id], badges, assessor, now=now)
        if attendance is not None:
            fresh.setdefault(candidate_id, []).append(attendance)
            person.attendances[time_id] = attendance
    outcomes = _settle(people, fresh)
    decided = [attendance for each in fresh.values() for attendance in each]
    _write(decided, outcomes, now=now)
    grants = event_cap.write(outcomes, now=now)
    recertification.judge_grants(
        grants,
        held={pk: person.held for pk, person in people.items()},
        cycles={pk: person.cycles for pk, person in people.items()},
        now=now,
    )
    earning = sum(attendance.earned for attendance in decided)
    seats = {(each.candidate_id, each.session_time_id) for each in reported}
    return Recorded(
        earning,
        len(decided) - earning,
        len(seats) - len(decided),
        attendances={seat: people[seat[0]].attendances[seat[1]] for seat in seats},
        decided=frozenset((each.candidate_id, each.session_time_id) for each in decided),
    )


def _by_session(reported: Iterable[Reported]) -> dict[Seat, list[attending.Pair]]:
    badges: dict[Seat, list[attending.Pair]] = {}
    for each in reported:
        badges.setdefault((each.candidate_id, each.session_time_id), []).extend(each.badges)
    return badges


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────
def _read_people(candidate_ids: Iterable[int], *, now: datetime) -> dict[int, _Person]:
    """Lock people, let their certifications follow the calendar, and read what decides about their attendances."""
    users = {candidate.id: candidate.user_id for candidate in candidates.lock_candidates(candidate_ids)}
    ids = list(users)
    certifications = Certification.objects.filter(candidate_id__in=ids)
    candidates.catch_up_several(ids, now=now)
    held: dict[int, list[Held]] = {}
    for each in candidates_queries.held_in(certifications):
        held.setdefault(each.certification.candidate_id, []).append(each)
    cycles: dict[int, list[Cycle]] = {}
    for cycle in queries.cycles_of_several(ids):
        cycles.setdefault(cycle.candidate_id, []).append(cycle)
    enrolled = dict(Enrollment.objects.filter(candidate_id__in=ids).values_list("candidate_id", "enrolled_on"))
    bars = candidates_queries.barred_among(ids)
    people = {
        pk: _Person(pk, users[pk], held.get(pk, ()), cycles.get(pk, ()), enrolled.get(pk), bars.get(pk)) for pk in ids
    }
    known = Attendance.objects.filter(candidate_id__in=ids).select_related("session_time__session__gathering")
    # What has earned is not decided again: its long decision is not read.
    for attendance in (*known.filter(earned=True).defer("decision"), *known.filter(earned=False)):
        people[attendance.candidate_id].attendances[attendance.session_time_id] = attendance
    return people


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class _Said:
    """A decision, and how it is kept."""

    granted: bool
    findings: list[dict[str, Any]]

    @classmethod
    def of(cls, decision: Decision) -> _Said:
        return cls(decision.granted, decision.as_json())


class Assessor:
    """Decides attendances by what can be said of each alone.

    Among many the same is said of many; it is worked out once. One assessor serves as long as the day, the book and
    whoever reports stay the same.
    """

    def __init__(self, now: datetime, *, reported_by_id: int | None = None) -> None:
        self._now = now
        self._reported_by_id = reported_by_id
        self._today = clock.day_of(now)
        self._general: dict[activity.ActivityFacts, _Said] = {}
        self._sessions: dict[int, tuple[_Said, int]] = {}
        self._presences: dict[tuple[date, int, int], _Said] = {}

    def decide(
        self, person: _Person, time: SessionTime, badges: Iterable[attending.Pair]
    ) -> tuple[int | None, list[list[int]], int, list[dict[str, Any]]]:
        """What scans come to: the worth, null where something is not met; merged pairs; minutes present; findings."""
        merged = attending.merge_badges(badges)
        present = attending.minutes_present(merged, time.session.minutes)
        general = self._of_person(person, time)
        session, worth = self._of_session(time)
        presence = self._of_presence(time, present)
        met = general.granted and session.granted and presence.granted
        findings = general.findings + session.findings + presence.findings
        return worth if met else None, [list(pair) for pair in merged], present, findings

    def _of_person(self, person: _Person, time: SessionTime) -> _Said:
        """What every activity must meet, of somebody on a day."""
        said = person.said.get(time.held_on)
        if said is None:
            facts = queries.facts_of_activity(
                person.enrolled_on,
                bar=person.bar,
                completed_on=time.held_on,
                # Where the event is held a day may have begun that has not begun here.
                day=max(self._today, day_in(time.session.gathering, self._now)),
                held=person.held,
                cycles=person.cycles,
                own_report=self._reported_by_id is not None and self._reported_by_id == person.user_id,
            )
            said = self._general.get(facts)
            if said is None:
                # The book of the session day governs.
                said = _Said.of(activity.assess_reported(facts, BOOK.on(time.held_on)))
                self._general[facts] = said
            person.said[time.held_on] = said
        return said

    def _of_session(self, time: SessionTime) -> tuple[_Said, int]:
        """What the session must be, and what it is worth."""
        found = self._sessions.get(time.id)
        if found is None:
            session, policy = time.session, BOOK.on(time.held_on)
            code = sessions.parse_code(session.code)
            assert code is not None  # as it was scheduled
            facts = attending.SessionFacts(code, session.minutes, session.marked)
            worth = sessions.credits_of(code, session.minutes, policy)
            found = _Said.of(attending.assess_session(facts, policy)), worth
            self._sessions[time.id] = found
        return found

    def _of_presence(self, time: SessionTime, present: int) -> _Said:
        key = time.held_on, time.session.minutes, present
        said = self._presences.get(key)
        if said is None:
            decision = attending.assess_presence(present, time.session.minutes, BOOK.on(time.held_on))
            said = self._presences[key] = _Said.of(decision)
        return said


def _decide(
    person: _Person, time: SessionTime, badges: Iterable[attending.Pair], assessor: Assessor, *, now: datetime
) -> Attendance | None:
    """The attendance as it is decided now, new or changed; None where nothing new is said, or it has earned."""
    known = person.attendances.get(time.id)
    if known is not None and known.earned:
        return None
    credits, pairs, present, findings = assessor.decide(person, time, [*(known.badges if known else ()), *badges])
    if known is None:
        return Attendance(
            candidate_id=person.candidate_id,
            session_time=time,
            attended_on=time.held_on,
            badges=pairs,
            minutes_present=present,
            credits=credits,
            decision=findings,
            recorded_at=now,
            decided_at=now,
        )
    before = [each for each in known.decision if each["clause"] not in attending.SETTLED]
    if (known.badges, known.credits, before) == (pairs, credits, findings):
        return None
    known.badges, known.minutes_present, known.credits = pairs, present, credits
    known.decision, known.decided_at = findings, now
    return known


def _settle(people: Mapping[int, _Person], fresh: Mapping[int, Sequence[Attendance]]) -> list[event_cap.Outcome]:
    """Share out the cycles in which something new may earn, person by person (CR-04, LIVE-06)."""
    sharing = [pk for pk, attendances in fresh.items() if any(each.credits is not None for each in attendances)]
    sittings = {pk: [each for each in people[pk].attendances.values() if each.credits is not None] for pk in sharing}
    standing = event_cap.standing_of(each for known in sittings.values() for each in known)
    outcomes = []
    for pk in sharing:
        times = {each.session_time_id for each in fresh[pk]}
        for cycle in people[pk].cycles:
            inside = [each for each in sittings[pk] if event_cap.falls_in(each, cycle)]
            if times.isdisjoint(each.session_time_id for each in inside):
                continue
            inside_ids = {id(each) for each in inside}
            elsewhere = {_session(each).id for each in sittings[pk] if each.earned and id(each) not in inside_ids}
            shared = event_cap.share_out(cycle, inside, standing=standing, counted=elsewhere, fresh=times)
            outcomes += [each for each in shared if event_cap.keep_outcome(each)]
    for pk, attendances in fresh.items():
        counted = {_session(each).id for each in people[pk].attendances.values() if each.earned}
        for attendance in attendances:
            if attendance.credits is None:
                attendance.decision = [
                    *attendance.decision,
                    attending.counts_once(_session(attendance).id in counted).as_json(),
                ]
    return outcomes


def _session(attendance: Attendance) -> Session:
    return attendance.session_time.session


# ── Writing ───────────────────────────────────────────────────────────────────────────────────────
def _write(decided: Sequence[Attendance], outcomes: Sequence[event_cap.Outcome], *, now: datetime) -> None:
    """Keep what was decided, and what that changes in earlier attendances of the same people."""
    just_reported = {id(each) for each in decided}
    settled = [each for each in outcomes if id(each.attendance) not in just_reported]
    changed = [each for each in decided if each.id is not None] + [each.attendance for each in settled]
    insert_many([each for each in decided if each.id is None])
    Attendance.objects.bulk_update(changed, CHANGED)
    keeps = {id(each.attendance): each.share.keeps for each in outcomes}
    emit_many(
        "credits.attendance_recorded",
        [(each, event_cap.told(each, keeps.get(id(each), 0))) for each in decided],
        now=now,
    )
    emit_many(
        "credits.attendance_settled",
        [(each.attendance, event_cap.told(each.attendance, each.share.keeps)) for each in settled],
        now=now,
    )
