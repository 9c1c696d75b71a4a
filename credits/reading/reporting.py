"""What a provider's report of a completion would do, told without doing it: for one report, or for a whole roster.

One function assesses; what it needs to know is read before, at once for all completions it is asked about, so that a
dry run of thousands asks the database no more often than a single report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar

import catalog.queries
from candidates import queries as candidates_queries
from candidates.models import Candidate, Certification
from candidates.queries import Held
from candidates.rules import BarFacts
from catalog.models import Authorisation, Item, Listing, ProviderMember
from ceportal.kernel.decisions import Decision
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Claim, CompletionReport, Cycle, Enrollment
from credits.rules import claims as rules

# Credits are earned; a pending claim of the same completion is approved; nothing, since it has counted.
Effect = Literal["earns", "approves", "counted"]
Dated = TypeVar("Dated", Listing, Authorisation)


@dataclass(frozen=True, slots=True)
class Told:
    """A completion as its provider tells it."""

    candidate_id: int
    item: Item
    completed_on: date
    authorised_on: date  # the day the delivery ended, where one is named (CAT-07)


@dataclass(frozen=True, slots=True)
class Assessed:
    """What reporting a completion meets and lacks, and what it does where everything is met."""

    decision: Decision
    effect: Effect
    credits: int | None  # as listed on the completion day (CAT-01), or as claimed
    cycle: Cycle | None
    claim: Claim | None
    existing: CompletionReport | None  # the same completion, reported before


@dataclass(frozen=True, slots=True)
class _Counted:
    """A completion that has counted, or would."""

    item_id: int
    completed_on: date
    claim_id: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the people and the trainings of some completions that one provider tells of."""

    held: Mapping[int, Sequence[Held]]
    cycles: Mapping[int, Sequence[Cycle]]
    enrolled_on: Mapping[int, date]
    bars: Mapping[int, BarFacts]
    own_id: int | None  # the candidate who is the reporting member
    listings: Mapping[int, Sequence[Listing]]
    authorisations: Mapping[int, Sequence[Authorisation]]
    same: Mapping[int, set[int]]
    claims: dict[tuple[int, int, date], Claim] = field(default_factory=dict)  # pending or approved
    reports: dict[tuple[int, int, date], CompletionReport] = field(default_factory=dict)  # by this provider
    counted: dict[int, list[_Counted]] = field(default_factory=lambda: defaultdict(list))
    decided: dict[rules.CompletionFacts, Decision] = field(default_factory=dict)  # of many the same is said

    def note(self, told: Told, assessed: Assessed) -> None:
        """Let what is assessed next know that this one would have counted before it (CR-04)."""
        claim_id = assessed.claim.id if assessed.claim else None
        self.counted[told.candidate_id].append(_Counted(told.item.id, told.completed_on, claim_id))

    def go_on_from(self, before: Known) -> None:
        """Know as well what was noted of the completions assessed before these."""
        for candidate_id, noted in before.counted.items():
            self.counted[candidate_id] = list(dict.fromkeys([*self.counted[candidate_id], *noted]))


def know(
    provider_id: int,
    *,
    candidate_ids: Iterable[int],
    item_ids: Iterable[int],
    member_id: int | None,
) -> Known:
    """Read all that the rule of reports asks for, in a number of queries that does not grow with their number."""
    people, trainings = set(candidate_ids), set(item_ids)
    same = catalog.queries.same_trainings(trainings)
    known = Known(
        held=_held(people),
        cycles=_cycles(people),
        enrolled_on=dict(Enrollment.objects.filter(candidate_id__in=people).values_list("candidate_id", "enrolled_on")),
        bars=candidates_queries.barred_among(people),
        own_id=_own_id(member_id),
        listings=_by_item(Listing.objects.filter(item_id__in=trainings)),
        authorisations=_by_item(Authorisation.objects.filter(provider_id=provider_id, item_id__in=trainings)),
        same=same,
    )
    related = {each for items in same.values() for each in items}
    for claim in _claims(people, related):
        assert claim.item_id is not None and claim.completed_on is not None  # of everything beyond a draft
        known.claims[claim.candidate_id, claim.item_id, claim.completed_on] = claim
        if claim.status == Claim.Status.APPROVED:
            known.counted[claim.candidate_id].append(_Counted(claim.item_id, claim.completed_on, claim.id))
    for report in _reports(people, related):
        if report.provider_id == provider_id:
            known.reports[report.candidate_id, report.item_id, report.completed_on] = report
        if hasattr(report, "grant"):
            known.counted[report.candidate_id].append(_Counted(report.item_id, report.completed_on, None))
    return known


def _held(people: set[int]) -> dict[int, list[Held]]:
    found: dict[int, list[Held]] = defaultdict(list)
    for each in candidates_queries.held_in(Certification.objects.filter(candidate_id__in=people)):
        found[each.certification.candidate_id].append(each)
    return found


def _cycles(people: set[int]) -> dict[int, list[Cycle]]:
    found: dict[int, list[Cycle]] = defaultdict(list)
    for cycle in queries.cycles_of_several(people):
        found[cycle.candidate_id].append(cycle)
    return found


def _own_id(member_id: int | None) -> int | None:
    if member_id is None:
        return None
    user = ProviderMember.objects.filter(id=member_id).values("user_id")
    return Candidate.objects.filter(user_id__in=user).values_list("id", flat=True).first()


def _by_item(rows: Iterable[Dated]) -> dict[int, list[Dated]]:
    found: dict[int, list[Dated]] = defaultdict(list)
    for row in rows:
        found[row.item_id].append(row)
    return found


def _claims(people: set[int], trainings: set[int]) -> Iterable[Claim]:
    live = [Claim.Status.SUBMITTED, Claim.Status.RETURNED, Claim.Status.APPROVED]
    return Claim.objects.filter(candidate_id__in=people, item_id__in=trainings, status__in=live).defer("decision")


def _reports(people: set[int], trainings: set[int]) -> Iterable[CompletionReport]:
    reports = CompletionReport.objects.filter(candidate_id__in=people, item_id__in=trainings)
    return reports.select_related("grant").defer("decision")


def assess(told: Told, known: Known, *, day: date) -> Assessed:
    """What reporting a completion on a day would meet and lack, and do: the rule that decides, with no side effect."""
    key = (told.candidate_id, told.item.id, told.completed_on)
    claim = known.claims.get(key)
    held, cycles = known.held.get(told.candidate_id, ()), known.cycles.get(told.candidate_id, ())
    cycle = queries.cycle_on(cycles, told.completed_on)
    listing = _running(known.listings.get(told.item.id, ()), told.completed_on)
    facts = rules.CompletionFacts(
        activity=queries.facts_of_activity(
            known.enrolled_on.get(told.candidate_id),
            bar=known.bars.get(told.candidate_id),
            completed_on=told.completed_on,
            day=day,
            held=held,
            cycles=cycles,
            own_report=told.candidate_id == known.own_id,
        ),
        held_when_submitted=queries.held_on(held, day),
        item_kind=told.item.kind,
        listed_credits=listing.credits if listing else None,
        authorised=_running(known.authorisations.get(told.item.id, ()), told.authorised_on) is not None,
        counted_already=cycle is not None and _has_counted(told, known, cycle, claim),
    )
    if claim is None:
        effect: Effect = "earns"
    else:
        effect = "counted" if claim.status == Claim.Status.APPROVED else "approves"
    existing = known.reports.get(key)
    if facts not in known.decided:
        # The book of the completion day governs.
        known.decided[facts] = rules.assess_report(facts, BOOK.on(told.completed_on))
    return Assessed(
        decision=known.decided[facts],
        effect="counted" if existing else effect,
        credits=claim.credits if claim else facts.listed_credits,
        cycle=cycle,
        claim=claim,
        existing=existing,
    )


def _running(rows: Iterable[Dated], day: date) -> Dated | None:
    return next((row for row in rows if row.starts_on <= day and (row.ends_on is None or day < row.ends_on)), None)


def _has_counted(told: Told, known: Known, cycle: Cycle, claim: Claim | None) -> bool:
    """Whether the training, or one that counts as the same, has counted in the cycle, by anything but this (CR-04)."""
    return any(
        each.item_id in known.same[told.item.id]
        and (claim is None or each.claim_id != claim.id)
        and queries.cycle_on([cycle], each.completed_on) is not None
        for each in known.counted.get(told.candidate_id, ())
    )
