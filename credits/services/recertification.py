"""Renewal: paths are judged whenever something changes, and what was met is done, as of its day (CE-09)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

import exams.queries
from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Certification, Term
from candidates.queries import Held
from candidates.rules import bought_ahead
from ceportal.kernel import clock
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.models import Event
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK, thawed
from credits import queries
from credits.models import Cycle, Grant, Recertification
from credits.rules import reach, renewal
from credits.services import cycles, event_cap, ledger

FEE_DUE = "credits.fee_due"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of a candidate while renewals are judged, brought up to date after each."""

    held: tuple[Held, ...]
    cycle: Cycle | None
    facts: renewal.RenewalFacts


@transaction.atomic
def judge_candidate(*, candidate_id: int, now: datetime) -> list[Recertification]:
    """Make every renewal whose path has been met (CE-09)."""
    candidates.lock_candidate(candidate_id)
    return judge(candidate_id, now=now)


def judge(
    candidate_id: int,
    *,
    now: datetime,
    known_cycles: Sequence[Cycle] | None = None,
    known_held: Sequence[Held] | None = None,
) -> list[Recertification]:
    """As `judge_candidate`, for callers that hold the lock, are in a transaction and may have read the rows already."""
    held = candidates_queries.held_by(candidate_id) if known_held is None else known_held
    known = queries.cycles_of(candidate_id) if known_cycles is None else known_cycles
    facts = queries.renewal_facts(held, known, candidate_id, lock=True)
    state = Judged(tuple(held), known[-1] if known else None, facts)
    made = []
    while (due := renewal.next_renewal(BOOK, state.facts, clock.day_of(now))) is not None:
        recertification, state = _renew(candidate_id, due, state, now=now)
        made.append(recertification)
    # What a renewal came too late for, or a date has ended, takes its credits with it (CR-03).
    cycles.close_inactive(candidate_id=candidate_id, held=state.held, cycle=state.cycle, now=now)
    _tell_fee_due(candidate_id, state, now=now)
    return made


def judge_grant(grant: Grant, *, held: Sequence[Held], cycles: Sequence[Cycle], now: datetime) -> None:
    """Judge the paths with credits just granted; what came too late for them expires at once (CE-09, CE-15)."""
    came_late = grant.cycle.ended_on is not None or grant.expires_on <= clock.day_of(now)
    judge(grant.candidate_id, now=now, known_cycles=cycles, known_held=held)
    if came_late:
        ledger.settle_grant(grant, now=now)


def judge_grants(
    grants: Sequence[Grant],
    *,
    held: Mapping[int, Sequence[Held]],
    cycles: Mapping[int, Sequence[Cycle]],
    now: datetime,
) -> None:
    """As `judge_grant`, for grants of many people, by candidate what they hold and their cycles."""
    day = clock.day_of(now)
    late = [grant.id for grant in grants if grant.cycle.ended_on is not None or grant.expires_on <= day]
    for candidate_id in _within_reach({grant.candidate_id for grant in grants}, held, cycles):
        judge(candidate_id, now=now, known_cycles=cycles[candidate_id], known_held=held[candidate_id])
    if late:
        ledger.settle_grants(late, now=now)


def _within_reach(
    candidate_ids: Collection[int], held: Mapping[int, Sequence[Held]], cycles: Mapping[int, Sequence[Cycle]]
) -> list[int]:
    """Those whose cycle holds credits enough for any path of theirs: for the others nothing can have been met."""
    last = [cycles[candidate_id][-1].id for candidate_id in candidate_ids]
    sums = Grant.objects.filter(cycle_id__in=last).order_by().values_list("candidate_id").annotate(Sum("amount"))
    passed = exams.queries.last_passes(candidate_ids)
    least: dict[tuple[frozenset[str], bool], int] = {}
    within = []
    for candidate_id, amount in sums:
        lives = [each.life for each in held.get(candidate_id, ())]
        levels = frozenset(life.level for life in lives)
        since = min((life.renewed_on for life in lives), default=date.max)
        key = levels, candidate_id in passed and passed[candidate_id] > since
        if key not in least:
            least[key] = reach.fewest_credits(BOOK, levels, exams_passed=key[1])
        if amount >= least[key]:
            within.append(candidate_id)
    return sorted(within)


def _tell_fee_due(candidate_id: int, state: Judged, *, now: datetime) -> None:
    """Emit credits.fee_due once a cycle, when the administrative fee is all that is left of a path (CE-08)."""
    day = clock.day_of(now)
    cycle = state.cycle
    # Where the book of the day knows no fee, none can be due.
    if not BOOK.on(day)["recert.admin_fee"].value or cycle is None or cycle.ended_on is not None:
        return
    due = any(
        path.fee_due
        for held in renewal.renewable_on(BOOK, state.facts, day)
        if not bought_ahead(held.life, day)
        for path in renewal.progress_on(BOOK, state.facts, held, day)
    )
    told = Event.objects.filter(topic=FEE_DUE, subject_type=cycle._meta.label_lower, subject_id=cycle.id)
    if due and not told.exists():
        emit(FEE_DUE, cycle, candidate_id=candidate_id, now=now)


def _renew(candidate_id: int, due: renewal.Renewal, state: Judged, *, now: datetime) -> tuple[Recertification, Judged]:
    # A renewal of the highest level closes the cycle its requirement date falls in (CR-02).
    ends = cycles.cycles_since(due.requirement_on, candidate_id=candidate_id, last=state.cycle) if due.highest else []
    cycle = ends[0] if ends else None
    if cycle is not None and cycle.ended_on is not None:
        cycle = cycles.replace_cycles(ends, now=now)  # it had ended with the lapse that this undoes (CE-15, CR-03)
    recertification = Recertification.objects.create(
        candidate_id=candidate_id,
        certification_id=due.certification_id,
        cycle=cycle,
        level=due.level,
        path=thawed(due.path),
        requirement_on=due.requirement_on,
        credits_used=sum(amount for _grant, amount in due.uses),
        decision=due.decision.as_json(),
        made_at=now,
    )
    if due.passes:
        recertification.passes.set(due.passes)
    following, grants = state.cycle, state.facts.grants
    if cycle is not None:
        ledger.use_credits(
            recertification,
            due.uses,
            grants=[each for each in state.facts.grants if each.earned_on <= due.requirement_on],
            counts_from=due.requirement_on,
            now=now,
        )
        following = cycles.close_renewed(cycle, on=due.requirement_on, now=now)
        grants = ()
        from_events = any(grant.from_event for grant in state.facts.grants)
        if len(ends) > 1 or any(grant.earned_on > due.requirement_on for grant in state.facts.grants):
            ledger.move_to_next_cycle(cycle, next_cycle=following, now=now)
            grants = tuple(queries.grants_to_judge(following, lock=True))
        # A new cycle has room of its own: what the cap of the old one had cut of later sessions may earn (LIVE-06).
        if from_events and event_cap.settle_cap(cycle=following, now=now):
            grants = tuple(queries.grants_to_judge(following, lock=True))
    held = _start_terms(state.held, due, source=f"credits.recertification:{recertification.id}", now=now)
    emit(
        "credits.recertified",
        recertification,
        now=now,
        requirement_on=due.requirement_on.isoformat(),
        credits_used=recertification.credits_used,
        certifications=[start.certification_id for start in due.renews],
    )
    facts = replace(
        state.facts,
        held=tuple(replace(facts, life=each.life) for facts, each in zip(state.facts.held, held, strict=True)),
        grants=grants,
        fee_paid_on=state.facts.fee_paid_on if cycle is None else None,
    )
    return recertification, Judged(held, following, facts)


def _start_terms(held: tuple[Held, ...], due: renewal.Renewal, *, source: str, now: datetime) -> tuple[Held, ...]:
    by_id = {each.certification.id: each for each in held}
    by_path = ("CERT-05", _("Renewed: a path of its level was met"))
    with_it = ("CERT-06", _("Renewed together with another certification"))
    renewed = candidates.renew_certifications(
        renewals=[
            candidates.Renewal(
                by_id[start.certification_id],
                start.starts_on,
                due.requirement_on,
                Term.Reason.RENEWED,
                *(by_path if start.certification_id == due.certification_id else with_it),
            )
            for start in due.renews
        ],
        source=source,
        now=now,
    )
    by_id |= {each.certification.id: each for each in renewed}
    return tuple(candidates_queries.related(by_id[each.certification.id] for each in held))


def renew_by_earning(*, earned: Certification, earned_on: date, source: str, now: datetime) -> None:
    """Renew the active certifications at the level of one just earned, and below it (CERT-06)."""
    held = candidates_queries.held_by(earned.candidate_id)
    starts = renewal.terms_renewed(
        BOOK,
        tuple(renewal.HeldFacts(each.certification.id, each.life) for each in held),
        level=earned.track.level,
        day=earned_on,
        at_level="active",
    )
    by_id = {each.certification.id: each for each in held}
    if starts:
        candidates.renew_certifications(
            renewals=[
                candidates.Renewal(
                    by_id[start.certification_id],
                    start.starts_on,
                    earned_on,
                    Term.Reason.EARNED_ANOTHER,
                    "CERT-06",
                    _("Renewed by earning another certification"),
                )
                for start in starts
            ],
            source=source,
            now=now,
        )
        emit(
            "credits.renewed_by_earning",
            earned,
            now=now,
            requirement_on=earned_on.isoformat(),
            certifications=[start.certification_id for start in starts],
        )
