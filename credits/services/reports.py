"""A provider's own reports of completions: approved by being reported (CE-10).

Many are taken at a time, as rosters bring them: each person's row is locked, what is needed of all of them is read at
once, and what they earn is written at once. A person's completions are decided one after another, each knowing what
the one before did (CR-04, CE-09).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from candidates import services as candidates
from catalog.models import Delivery, Item
from ceportal.kernel import clock
from ceportal.kernel.bulk import insert_many
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit_many
from credits.models import CompletionReport
from credits.reading import reporting
from credits.reading.reporting import Assessed, Known, Told
from credits.services import ledger, recertification, reviews


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion that a provider reports, with its run where one is named."""

    candidate_id: int
    item: Item
    completed_on: date
    delivery: Delivery | None = None

    @property
    def told(self) -> Told:
        """As the rule of reports looks at it; with a run, the authorisation is that of the day it ended (CAT-07)."""
        authorised_on = self.delivery.ends_on if self.delivery else self.completed_on
        return Told(self.candidate_id, self.item, self.completed_on, authorised_on)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a completion: its report, None where it is refused; and what was assessed, so what it did."""

    report: CompletionReport | None
    assessed: Assessed


@transaction.atomic
def report_completion(
    *,
    provider_id: int,
    candidate_id: int,
    item_code: str,
    completed_on: date,
    now: datetime,
    member_id: int | None = None,
    delivery_id: int | None = None,
) -> CompletionReport:
    """Take a provider's word that a candidate completed an item, or refuse and say why (CE-10, CE-15).

    A pending claim of the same item and day is approved by it; an approved one counts already; after a rejection it
    earns anew. Reporting the same completion twice is reporting it once. With a delivery, the provider's authorisation
    is that of the day the delivery ended (CAT-07). Delivery.DoesNotExist where it is not the provider's, not of this
    item, or was cancelled.
    """
    item = Item.objects.get(code=item_code)
    delivery = None
    if delivery_id is not None:
        delivery = Delivery.objects.get(id=delivery_id, provider_id=provider_id, item=item, cancelled_at__isnull=True)
    completion = Completion(candidate_id, item, completed_on, delivery)
    (taken,) = take_reports(provider_id=provider_id, completions=[completion], member_id=member_id, now=now)
    if taken.report is None:
        require(taken.assessed.decision)
    assert taken.report is not None
    return taken.report


@transaction.atomic
def take_reports(
    *, provider_id: int, completions: Sequence[Completion], member_id: int | None, now: datetime
) -> list[Taken]:
    """As `report_completion`, for some hundreds at once, in their order: what became of each.

    Nothing is raised for what is refused: its decision says why.
    """
    people = [candidate.id for candidate in candidates.lock_candidates({each.candidate_id for each in completions})]
    candidates.catch_up_several(people, now=now)
    taken: dict[int, Taken] = {}
    left = list(enumerate(completions))
    while left:
        known = reporting.know(
            provider_id,
            candidate_ids=[each.candidate_id for _place, each in left],
            item_ids=[each.item.id for _place, each in left],
            member_id=member_id,
        )
        decided, left = _decide(left, known, day=clock.day_of(now))
        taken |= _take(decided, known, provider_id=provider_id, member_id=member_id, now=now)
    return [taken[place] for place in range(len(completions))]


Placed = tuple[int, Completion]
Decided = tuple[int, Completion, Assessed]


def _decide(left: Sequence[Placed], known: Known, *, day: date) -> tuple[list[Decided], list[Placed]]:
    """What is decided of each; what is left to be decided with other facts, as the same person earns before it."""
    decided: list[Decided] = []
    later: list[Placed] = []
    earning: set[int] = set()
    for place, completion in left:
        if completion.candidate_id in earning:
            later.append((place, completion))
            continue
        assessed = reporting.assess(completion.told, known, day=day)
        decided.append((place, completion, assessed))
        if _is_new(assessed):
            earning.add(completion.candidate_id)
    return decided, later


def _is_new(assessed: Assessed) -> bool:
    return assessed.existing is None and assessed.decision.granted


def _take(
    decided: Sequence[Decided], known: Known, *, provider_id: int, member_id: int | None, now: datetime
) -> dict[int, Taken]:
    """Keep what is granted and make it count; by its place what became of each."""
    said: dict[int, list[dict[str, Any]]] = {}  # of many the same decision is kept
    reports = {
        place: CompletionReport(
            provider_id=provider_id,
            candidate_id=completion.candidate_id,
            item=completion.item,
            completed_on=completion.completed_on,
            delivery=completion.delivery,
            reported_by_id=member_id,
            reported_at=now,
            claim=assessed.claim,
            decision=said.get(id(assessed.decision))
            or said.setdefault(id(assessed.decision), assessed.decision.as_json()),
        )
        for place, completion, assessed in decided
        if _is_new(assessed)
    }
    insert_many([*reports.values()])
    emit_many("credits.completion_reported", [(report, {}) for report in reports.values()], now=now)
    _make_them_count([(reports[place], each) for place, _told, each in decided if place in reports], known, now=now)
    return {place: Taken(reports.get(place) or assessed.existing, assessed) for place, _told, assessed in decided}


def _make_them_count(reported: Sequence[tuple[CompletionReport, Assessed]], known: Known, *, now: datetime) -> None:
    """Grant the credits, or approve the claims that wait for them; nothing where they have counted already."""
    earnings = []
    for report, assessed in reported:
        assert assessed.cycle is not None and assessed.credits is not None  # assessed: CR-06, CAT-01
        if assessed.effect == "earns":
            earnings.append(
                ledger.Earning(
                    candidate_id=report.candidate_id,
                    cycle=assessed.cycle,
                    title=report.item.title,
                    amount=assessed.credits,
                    earned_on=report.completed_on,
                    item_id=report.item_id,
                    report=report,
                )
            )
        elif assessed.effect == "approves":
            _approve(report, assessed, known, now=now)
    grants = ledger.grant_several(earnings, now=now)
    recertification.judge_grants(grants, held=known.held, cycles=known.cycles, now=now)


def _approve(report: CompletionReport, assessed: Assessed, known: Known, *, now: datetime) -> None:
    assert assessed.claim is not None and assessed.cycle is not None
    claim = reviews.lock_claim(assessed.claim.id)
    claim.decided_by_id, claim.reason = report.reported_by_id, ""
    reviews.approve(
        claim,
        held=known.held[claim.candidate_id],
        cycles=known.cycles[claim.candidate_id],
        cycle=assessed.cycle,
        decision=assessed.decision,
        now=now,
    )
