"""The event cap, settled: what a person's sessions at events earn beside each other (LIVE-06, CR-04).

A report can come late. Then the sessions of its cycle are shared out anew in the order of completion, and the ledger
follows by entries that correct others (CR-07). Once a renewal has closed a cycle, what stands in it stays (CE-09).
The callers hold the candidate's lock and are in a transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ceportal.kernel.outbox import emit_many
from ceportal.kernel.policy import BOOK
from credits.models import Attendance, Cycle, Entry, Grant
from credits.rules import attending
from credits.services import ledger

Kind = Entry.Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger holds of an attendance: its grant, and the entries that no other has corrected."""

    grant: Grant
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def keeps(self) -> int:
        """What is left of it by the cap; credits, whether used or expired since or not."""
        cut = self.entries.get(Kind.CUT)
        return self.entries[Kind.EARNED].amount + (cut.amount if cut else 0)

    @property
    def voided(self) -> bool:
        return Kind.VOIDED in self.entries


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attendance earns beside the others, and what the ledger holds of it so far."""

    attendance: Attendance
    cycle: Cycle
    sitting: attending.Sitting
    share: attending.Share
    standing: Standing | None

    @property
    def changes_ledger(self) -> bool:
        return self.share.keeps != (self.standing.keeps if self.standing else 0)


def settle_cap(*, cycle: Cycle, now: datetime) -> list[Grant]:
    """Share out the sessions of a cycle anew; the grants that are new or have changed (LIVE-06).

    For cycles that run, or ended with a lapse; one that a renewal closed stays as it is. The paths are judged by the
    caller.
    """
    if cycle.end_reason == Cycle.EndReason.RENEWED:
        return []
    sittings = list(sittings_of([cycle.candidate_id]))
    inside = [each for each in sittings if falls_in(each, cycle)]
    if not inside:
        return []
    elsewhere = {each.session_time.session_id for each in sittings if each.earned and not falls_in(each, cycle)}
    outcomes = share_out(cycle, inside, standing=standing_of(inside), counted=elsewhere, fresh=())
    changed = [each for each in outcomes if keep_outcome(each)]
    Attendance.objects.bulk_update([each.attendance for each in changed], ["earned", "decision"])
    emit_many(
        "credits.attendance_settled",
        [(each.attendance, told(each.attendance, each.share.keeps)) for each in changed],
        now=now,
    )
    grants = write(changed, now=now)
    ledger.settle_grants([grant.id for grant in grants], now=now)
    return grants


def sittings_of(candidate_ids: Iterable[int]) -> Iterable[Attendance]:
    """The attendances that meet everything that can be said of them alone, with their sessions."""
    return Attendance.objects.filter(candidate_id__in=list(candidate_ids), credits__isnull=False).select_related(
        "session_time__session__gathering"
    )


def falls_in(attendance: Attendance, cycle: Cycle) -> bool:
    """Whether a session was held in a cycle (CR-02)."""
    day = attendance.attended_on
    return cycle.started_on <= day and (cycle.ended_on is None or day <= cycle.ended_on)


def standing_of(attendances: Iterable[Attendance]) -> dict[int, Standing]:
    """What the ledger holds, by attendance; locked, since the sweep of CR-01 asks for no candidate's lock."""
    ids = [each.id for each in attendances if each.id]
    if not ids:
        return {}
    grants = Grant.objects.select_for_update(no_key=True).filter(attendance_id__in=ids)
    found = {grant.id: Standing(grant) for grant in grants}
    entries = Entry.objects.filter(grant_id__in=list(found), corrects__isnull=True, entry__isnull=True)
    for entry in entries:
        found[entry.grant_id].entries[entry.kind] = entry
    return {
        each.grant.attendance_id: each
        for each in found.values()
        if Kind.EARNED in each.entries and each.grant.attendance_id is not None
    }


def share_out(
    cycle: Cycle,
    attendances: Sequence[Attendance],
    *,
    standing: Mapping[int, Standing],
    counted: Collection[int],
    fresh: Collection[int],
) -> list[Outcome]:
    """What the sessions of a cycle earn. `counted`: those that count in other cycles; `fresh`: times just reported.

    In a cycle that a renewal closed only what is fresh is decided, by what stands.
    """
    in_order = sorted(attendances, key=completion)
    capped_before = 0
    if cycle.end_reason == Cycle.EndReason.RENEWED:
        stand = [each for each in in_order if each.id in standing and not standing[each.id].voided]
        counted = {*counted, *(each.session_time.session_id for each in stand)}
        capped_before = sum(standing[each.id].keeps for each in stand if _capped_on(each.attended_on))
        in_order = [each for each in in_order if each.id not in standing and each.session_time_id in fresh]
    # What was voided earns nothing, takes no room and does not stand in the way of another time of the session.
    in_order = [each for each in in_order if each.id not in standing or not standing[each.id].voided]
    sittings = [sitting_of(each) for each in in_order]
    shares = attending.share_out(sittings, counted=counted, book=BOOK, capped_before=capped_before)
    return [
        Outcome(attendance, cycle, sitting, share, standing.get(attendance.id))
        for attendance, sitting, share in zip(in_order, sittings, shares, strict=True)
    ]


def completion(attendance: Attendance) -> tuple[date, datetime, int]:
    """The order in which sessions were completed, whenever they were reported."""
    return attendance.attended_on, attendance.session_time.starts_at, attendance.session_time_id


def sitting_of(attendance: Attendance) -> attending.Sitting:
    assert attendance.credits is not None
    return attending.Sitting(attendance.session_time.session_id, attendance.attended_on, attendance.credits)


def _capped_on(day: date) -> bool:
    return BOOK.on(day)["live.cycle_cap"].value is not None


def keep_outcome(outcome: Outcome) -> bool:
    """Write an outcome into its attendance, not yet into the database; False where it stays as it was decided."""
    attendance = outcome.attendance
    if attendance.earned and outcome.share.keeps and not outcome.changes_ledger:
        return False  # without reading why
    told_before = [each for each in attendance.decision if each["clause"] in attending.SETTLED]
    alone = [each for each in attendance.decision if each["clause"] not in attending.SETTLED]
    beside = [each.as_json() for each in attending.explain_share(outcome.sitting, outcome.share)]
    same_reasons = bool(told_before) and _reasons(told_before) == _reasons(beside)
    if same_reasons and not outcome.changes_ledger:
        return False
    attendance.earned, attendance.decision = outcome.share.keeps > 0, alone + beside
    return True


def _reasons(findings: list[dict[str, object]]) -> list[object]:
    return [each["clause"] for each in findings if not each["met"]]


def told(attendance: Attendance, keeps: int) -> dict[str, object]:
    """What an event says of an attendance that earns so many credits."""
    session = attendance.session_time.session
    return {"session": session.code, "gathering": session.gathering.code, "credits": keeps}


def write(outcomes: Iterable[Outcome], *, now: datetime) -> list[Grant]:
    """Let the ledger follow: grants for what earns now, corrections of what stands otherwise; what has changed."""
    changing = [each for each in outcomes if each.changes_ledger]
    for outcome in changing:
        if outcome.standing is not None:
            _correct(outcome.standing, outcome.share, now=now)
    made = ledger.grant_several([_earning(each) for each in changing if each.standing is None], now=now)
    return made + [each.standing.grant for each in changing if each.standing is not None]


def _earning(outcome: Outcome) -> ledger.Earning:
    attendance, session = outcome.attendance, outcome.attendance.session_time.session
    return ledger.Earning(
        candidate_id=attendance.candidate_id,
        cycle=outcome.cycle,
        title=f"{session.code}, {session.gathering.name}",
        amount=outcome.sitting.credits,
        earned_on=attendance.attended_on,
        attendance=attendance,
        cut=outcome.sitting.credits - outcome.share.keeps,
    )


def _correct(standing: Standing, share: attending.Share, *, now: datetime) -> None:
    """Take back what was cut and cut anew, or take back what was earned; each entry names what it corrects (CR-07)."""
    kinds = [Kind.EXPIRED, Kind.CUT] + ([] if share.keeps else [Kind.EARNED])
    taken_back = [standing.entries[kind] for kind in kinds if kind in standing.entries]
    ledger.reverse(taken_back, clause="CR-04" if share.repeated else "LIVE-06", now=now)
    cut = standing.grant.amount - share.keeps
    if share.keeps and cut:
        ledger.cut_grant(standing.grant, amount=cut, now=now)
