"""Recertification cycles: opened by the first certification, closed by renewal or when nothing eligible is left."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from candidates import queries as candidates_queries
from candidates.rules import ENDED, rank
from ceportal.kernel import clock
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Cycle
from credits.services import ledger


def open_for_imported(*, candidate_id: int) -> None:
    """Start the first cycle of an imported holder where the highest certification's running term started (CR-02).

    Records come in one by one: as long as the cycle is the first, untouched and open, its start follows them.
    """
    held = [
        each
        for each in candidates_queries.held_by(candidate_id)
        if each.life.level != "entry" and each.certification.status not in ENDED
    ]
    if not held:
        return
    top = max(rank(each.life.level) for each in held)
    started_on = max(each.life.terms[-1].starts_on for each in held if rank(each.life.level) == top)
    cycles = queries.cycles_of(candidate_id)
    if not cycles:
        Cycle.objects.create(candidate_id=candidate_id, started_on=started_on)
    elif len(cycles) == 1 and cycles[0].ended_on is None and not cycles[0].grants.exists():
        Cycle.objects.filter(id=cycles[0].id).update(started_on=started_on)


def start_by_earning(*, candidate_id: int, earned_on: date, level: str, now: datetime) -> None:
    """Earning a certification at the highest level held is a renewal: a cycle ends and another starts (CR-02)."""
    cycles = queries.cycles_of(candidate_id)
    current = queries.current_cycle(cycles)
    held = candidates_queries.held_by(candidate_id)
    others = [
        rank(each.life.level)
        for each in held
        if each.life.renewed_on < earned_on and each.status_on(earned_on) not in {*ENDED, None}
    ]
    if current is None:
        if level != "entry":
            Cycle.objects.create(candidate_id=candidate_id, started_on=earned_on)
    elif rank(level) >= max(others, default=0) and current.started_on <= earned_on:
        following = close_renewed(current, on=earned_on)
        ledger.move_to_next_cycle(current, next_cycle=following, now=now)
        ledger.expire_cycle(current, counts_from=earned_on, clause="CR-02", now=now)


def close_renewed(cycle: Cycle, *, on: date) -> Cycle:
    """End a cycle with a renewal: the requirement date is its last day, the next one starts the day after (CR-02)."""
    cycle.ended_on, cycle.end_reason = on, Cycle.EndReason.RENEWED
    cycle.save(update_fields=["ended_on", "end_reason"])
    return Cycle.objects.create(candidate_id=cycle.candidate_id, started_on=on + timedelta(days=1))


def close_inactive(*, candidate_id: int, now: datetime) -> None:
    """Let the credits of a candidate who holds nothing eligible any more expire, and their cycle end (CR-03).

    Where a certification is left that is not eligible yet, a new cycle starts with it.
    """
    renewable = [each for each in candidates_queries.held_by(candidate_id) if each.life.level != "entry"]
    left = [each for each in renewable if each.certification.status not in ENDED]
    # The book of the inactive day governs: today.
    levels = BOOK.on(clock.day_of(now))["enrollment.eligible_levels"].value
    current = queries.current_cycle(queries.cycles_of(candidate_id))
    if current is None or any(each.life.level in levels for each in left):
        return
    ends = [each.certification.inactive_on for each in renewable if each not in left]
    inactive_on = max(end for end in ends if end is not None)
    if inactive_on <= current.started_on:
        return
    current.ended_on, current.end_reason = inactive_on - timedelta(days=1), Cycle.EndReason.INACTIVE
    current.save(update_fields=["ended_on", "end_reason"])
    expired = ledger.expire_cycle(current, counts_from=inactive_on, clause="CR-03", now=now)
    if left:
        Cycle.objects.create(candidate_id=candidate_id, started_on=inactive_on)
    emit("credits.cycle_closed", current, now=now, reason="inactive", expired=expired)
