"""Exam development: accepted items and workshops, approved by the exam team's report of them (CE-10, XDEV-01 to 03).

The *reference* is the exam team's own number of what it reports. The same report under the same reference is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import models, transaction

from candidates import services as candidates
from candidates.models import Candidate
from candidates.queries import Held
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import AuthoredItems, Cycle, Workshop
from credits.rules import activity, development
from credits.services import ledger, recertification


@transaction.atomic
def record_authored_items(
    *,
    candidate_id: int,
    reference: str,
    kind: str,
    accepted: int,
    direct: bool,
    accepted_on: date,
    staff_id: int | None,
    now: datetime,
) -> AuthoredItems:
    """Grant an author the credits of accepted exam items, or refuse and say why (XDEV-01, XDEV-02).

    They are earned on the day of acceptance. `staff_id` is the user who reports them; None where a machine does.
    Reporting the same again changes nothing; something else under the same reference is refused.
    """
    candidate = candidates.lock_candidate(candidate_id)
    held = candidates.catch_up(candidate_id, now=now)
    says = {"candidate_id": candidate_id, "kind": kind, "accepted": accepted, "accepted_on": accepted_on}
    known = AuthoredItems.objects.filter(reference=reference).first()
    if known is not None and direct and _says(known, says):  # what was not authored directly is never on record
        return known
    cycles = queries.cycles_of(candidate_id)
    facts = development.AuthoredFacts(
        activity=_activity(candidate, accepted_on, staff_id, held=held, cycles=cycles, now=now),
        kind=kind,
        accepted=accepted,
        direct=direct,
        reference_free=known is None,
    )
    # The book of the acceptance day governs.
    policy = BOOK.on(accepted_on)
    decision = require(development.assess_authored(facts, policy))
    items, created = AuthoredItems.objects.get_or_create(
        reference=reference,
        defaults={
            **says,
            "credits": development.authored_credits(kind, accepted, policy),
            "decision": decision.as_json(),
            "reported_by_id": staff_id,
            "reported_at": now,
        },
    )
    if not created:  # taken for somebody else's items at this very moment
        require(development.assess_authored(replace(facts, reference_free=False), policy))
    emit("credits.items_authored", items, now=now, credits=items.credits)
    earning = ledger.Earning(
        candidate_id=candidate_id,
        cycle=_cycle_of(cycles, accepted_on),
        title=f"Exam items, {items.get_kind_display()}: {accepted}",
        amount=items.credits,
        earned_on=accepted_on,
        authored=items,
    )
    recertification.judge_grant(ledger.grant_credits(earning, now=now), held=held, cycles=cycles, now=now)
    return items


@transaction.atomic
def record_workshop(
    *,
    candidate_id: int,
    reference: str,
    kind: str,
    level: str,
    days: int,
    held_on: date,
    staff_id: int | None,
    now: datetime,
) -> Workshop:
    """Grant a candidate the credits of days in a workshop of exam development, or refuse and say why (XDEV-03).

    `held_on` is the workshop's last day, on which all its days are earned: it is completed then (CR-01). `staff_id`
    and repetition as of `record_authored_items`.
    """
    candidate = candidates.lock_candidate(candidate_id)
    held = candidates.catch_up(candidate_id, now=now)
    says = {"candidate_id": candidate_id, "kind": kind, "level": level, "days": days, "held_on": held_on}
    known = Workshop.objects.filter(reference=reference).first()
    if known is not None and _says(known, says):
        return known
    cycles = queries.cycles_of(candidate_id)
    facts = development.WorkshopFacts(
        activity=_activity(candidate, held_on, staff_id, held=held, cycles=cycles, now=now),
        kind=kind,
        level=level,
        days=days,
        reference_free=known is None,
    )
    # The book of the workshop's last day governs.
    policy = BOOK.on(held_on)
    decision = require(development.assess_workshop(facts, policy))
    workshop, created = Workshop.objects.get_or_create(
        reference=reference,
        defaults={
            **says,
            "credits": development.workshop_credits(level, days, policy),
            "decision": decision.as_json(),
            "reported_by_id": staff_id,
            "reported_at": now,
        },
    )
    if not created:
        require(development.assess_workshop(replace(facts, reference_free=False), policy))
    emit("credits.workshop_recorded", workshop, now=now, credits=workshop.credits)
    earning = ledger.Earning(
        candidate_id=candidate_id,
        cycle=_cycle_of(cycles, held_on),
        title=f"Workshop, {workshop.get_kind_display()}, {workshop.get_level_display()}: {days}",
        amount=workshop.credits,
        earned_on=held_on,
        workshop=workshop,
    )
    recertification.judge_grant(ledger.grant_credits(earning, now=now), held=held, cycles=cycles, now=now)
    return workshop


def _says(row: models.Model, content: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in content.items())


def _activity(
    candidate: Candidate,
    completed_on: date,
    staff_id: int | None,
    *,
    held: Sequence[Held],
    cycles: Sequence[Cycle],
    now: datetime,
) -> activity.ActivityFacts:
    return queries.activity_facts(
        candidate.id,
        completed_on=completed_on,
        day=clock.day_of(now),
        held=held,
        cycles=cycles,
        own_report=staff_id is not None and candidate.user_id == staff_id,
    )


def _cycle_of(cycles: Sequence[Cycle], day: date) -> Cycle:
    cycle = queries.cycle_on(cycles, day)
    assert cycle is not None  # assessed: CR-06
    return cycle
