"""Recertification cycles: opened by the first certification, closed by renewal or when nothing eligible is left.

They follow the dates, whatever sanction runs meanwhile: once it is lifted everything is as those say (CAND-02).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from candidates import queries as candidates_queries
from candidates.models import Certification
from candidates.queries import Held
from candidates.rules import inactive_days, rank
from ceportal.kernel import clock
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import AdministrativeFee, Cycle, Entry, Grant
from credits.services import event_cap, ledger


def open_for_imported(*, candidate_id: int, now: datetime) -> None:
    """Start the first cycle of an imported holder where the highest certification's running term started (CR-02).

    Records come in one by one: as long as the cycle is the first, untouched and open, its start follows them.
    """
    held = [
        each
        for each in candidates_queries.held_by(candidate_id)
        if each.life.level != "entry" and each.dated_status_on(clock.day_of(now)) != "inactive"
    ]
    if not held:
        return
    top = max(rank(each.life.level) for each in held)
    started_on = max(each.life.terms[-1].starts_on for each in held if rank(each.life.level) == top)
    cycles = queries.cycles_of(candidate_id)
    if not cycles:
        open_cycle(candidate_id, started_on, now=now)
    elif len(cycles) == 1 and cycles[0].ended_on is None and not cycles[0].grants.exists():
        Cycle.objects.filter(id=cycles[0].id).update(started_on=started_on)


def start_by_earning(*, certification: Certification, earned_on: date, now: datetime) -> None:
    """Earning a certification at the highest level held is a renewal: a cycle ends and another starts (CR-02).

    The day may be known late: then it is judged by what was held on it, and a cycle that has ended with a lapse since
    is ended by the renewal, or goes on with what was earned (CR-03).
    """
    level = certification.track.level
    if level == "entry":
        return
    known = queries.cycles_of(certification.candidate_id)
    last = known[-1] if known else None
    others = [
        rank(each.life.level)
        for each in candidates_queries.held_by(certification.candidate_id)
        if each.certification.id != certification.id and each.dated_status_on(earned_on) not in {"inactive", None}
    ]
    if last is None or (last.ended_on is not None and last.ended_on < earned_on):
        open_cycle(certification.candidate_id, earned_on, now=now)
    elif last.started_on > earned_on:
        return  # a later renewal stands (CE-09)
    elif rank(level) >= max(others, default=0):
        last = replace_cycles([last], now=now) if last.ended_on is not None else last
        following = close_renewed(last, on=earned_on, now=now)
        ledger.move_to_next_cycle(last, next_cycle=following, now=now)
        event_cap.settle_cap(cycle=following, now=now)
        ledger.expire_cycle(last, counts_from=earned_on, clause="CR-02", now=now)
    elif last.ended_on is not None:
        _go_on(last, now=now)


def undo_loss(*, candidate_id: int, now: datetime) -> None:
    """Let a cycle that ended with a lapse go on, where by what is known now nothing lapsed then (CR-03, EMR-05)."""
    known = queries.cycles_of(candidate_id)
    last = known[-1] if known else None
    if last is None or last.ended_on is None or last.end_reason != Cycle.EndReason.INACTIVE:
        return
    held = candidates_queries.held_by(candidate_id)
    lost_on = last.ended_on + timedelta(days=1)
    if all(day != lost_on for day, _left in _days_of_loss(held, after=last.started_on, until=lost_on)):
        _go_on(last, now=now)


def _go_on(cycle: Cycle, *, now: datetime) -> None:
    """Undo the end of a cycle that a certification, known late, was held beyond (CR-03)."""
    reopened = replace_cycles([cycle], now=now)
    expired = Entry.objects.filter(grant__cycle=reopened, kind=Entry.Kind.EXPIRED, clause="CR-03", entry__isnull=True)
    ledger.restore_expired(expired.values_list("grant_id", flat=True), now=now)
    emit("credits.cycle_reopened", reopened, now=now)


def open_cycle(candidate_id: int, started_on: date, *, now: datetime) -> Cycle:
    """A new cycle, known from this moment."""
    return Cycle.objects.create(candidate_id=candidate_id, started_on=started_on, known_from=now)


def replace_cycles(cycles: Sequence[Cycle], *, now: datetime) -> Cycle:
    """Make one open cycle of one or more that follow each other; their grants, renewals and fee come along.

    The old rows stay, withdrawn, so that what was known before can be told.
    """
    ids = [cycle.id for cycle in cycles]
    Cycle.objects.filter(id__in=ids).update(withdrawn_at=now)
    merged = open_cycle(cycles[0].candidate_id, cycles[0].started_on, now=now)
    Grant.objects.filter(cycle_id__in=ids).update(cycle=merged)
    fee = AdministrativeFee.objects.filter(cycle_id__in=ids).order_by("paid_on").first()
    if fee is not None:  # a fee paid stays paid (EXAM-09)
        fee.cycle = merged
        fee.save(update_fields=["cycle"])
    return merged


def end_unfounded(cycle: Cycle, *, now: datetime) -> None:
    """End a cycle on its first day, since the certification that opened it was never earned (EXAM-09, CR-03)."""
    _close(cycle, on=cycle.started_on, reason=Cycle.EndReason.INACTIVE, now=now)
    ledger.expire_cycle(cycle, counts_from=cycle.started_on, clause="CR-03", now=now)


def cycles_since(day: date, *, candidate_id: int, last: Cycle | None) -> list[Cycle]:
    """The cycles that a renewal as of a day ends: the one the day falls in, and any that began with its lapse (CR-03).

    None where a later renewal stands between (CE-09). `last` is the latest known; others are read where they are asked
    for.
    """
    if last is None or last.started_on <= day:
        return [last] if last else []
    since = [each for each in queries.cycles_of(candidate_id) if each.ended_on is None or each.ended_on >= day]
    stands = any(each.end_reason != Cycle.EndReason.INACTIVE for each in since[:-1])
    return [] if stands or since[0].started_on > day else since


def close_renewed(cycle: Cycle, *, on: date, now: datetime) -> Cycle:
    """End a cycle with a renewal: the requirement date is its last day, the next one starts the day after (CR-02)."""
    _close(cycle, on=on, reason=Cycle.EndReason.RENEWED, now=now)
    return open_cycle(cycle.candidate_id, on + timedelta(days=1), now=now)


def _close(cycle: Cycle, *, on: date, reason: Cycle.EndReason, now: datetime) -> None:
    cycle.ended_on, cycle.end_reason, cycle.closed_at = on, reason, now
    cycle.save(update_fields=["ended_on", "end_reason", "closed_at"])


def close_inactive(*, candidate_id: int, held: Sequence[Held], cycle: Cycle | None, now: datetime) -> None:
    """Let the credits of a candidate who holds nothing eligible any more expire, and their cycle end (CR-03).

    That happens on the day the highest-level certification became inactive, whenever it is found. Where a
    certification is left that is not eligible yet, a new cycle starts with it.
    """
    if cycle is None or cycle.ended_on is not None:
        return
    for inactive_on, something_left in _days_of_loss(held, after=cycle.started_on, until=clock.day_of(now)):
        _close(cycle, on=inactive_on - timedelta(days=1), reason=Cycle.EndReason.INACTIVE, now=now)
        expired = ledger.expire_cycle(cycle, counts_from=inactive_on, clause="CR-03", now=now)
        emit("credits.cycle_closed", cycle, now=now, reason="inactive", expired=expired)
        if not something_left:
            return
        cycle = open_cycle(candidate_id, inactive_on, now=now)


def _days_of_loss(held: Sequence[Held], *, after: date, until: date) -> Iterator[tuple[date, bool]]:
    """The days on which the highest certification ended and nothing eligible was left; whether anything was.

    A record that had ended before it was imported changes nothing (CR-02).
    """
    held = [each for each in held if each.life.level != "entry"]
    ends = {end for each in held for end in inactive_days(BOOK, each.life, until)}
    for day in sorted(end for end in ends if after < end):
        known = [each for each in held if not each.certification.imported or _recorded_on(each) < day]
        before, left = (
            {each.life.level for each in known if each.dated_status_on(asked) not in {"inactive", None}}
            for asked in (day - timedelta(days=1), day)
        )
        # The book of the inactive day governs.
        eligible = BOOK.on(day)["enrollment.eligible_levels"].value
        highest = max(before, key=rank, default=None)
        if highest is not None and highest not in left and left.isdisjoint(eligible):
            yield day, bool(left)


def _recorded_on(held: Held) -> date:
    return clock.day_of(min(term.created_at for term in held.certification.terms.all()))
