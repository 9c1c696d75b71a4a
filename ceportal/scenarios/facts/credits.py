"""What the ledger says, what is missing, and what is allowed in the credit programme."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from candidates import queries as candidates_queries
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.scenarios.binding import Asking, Permission, tells
from credits import queries
from credits.models import Claim, Grant
from credits.rules import claims as rules
from credits.rules import renewal


def _sum(name: str, asking: Asking) -> int:
    """A sum of the current cycle; with `as_of`, of the one that was current then, by what was known then."""
    if asking.as_of is None:
        balance = queries.balance_of_cycle(queries.current_cycle(queries.cycles_of(asking.candidate.pk)))
    else:
        known_at = clock.end_of(asking.as_of)
        balance = queries.balance_as_of(asking.candidate.pk, day=asking.as_of, known_at=known_at)
    amount: int = getattr(balance, name)
    return amount


for _name in ("available", "used", "expired", "voided", "cut"):
    tells(f"credits.{_name}")(partial(_sum, _name))


@tells("credits.lifetime.used")
def used_in_life(asking: Asking) -> int:
    """Credits used by renewals, over all cycles."""
    return queries.lifetime_balance(asking.candidate.pk).used


@tells("credits.lifetime.expired")
def expired_in_life(asking: Asking) -> int:
    """Credits that expired, over all cycles."""
    return queries.lifetime_balance(asking.candidate.pk).expired


@tells("cycle.started_on")
def cycle_started_on(asking: Asking) -> date | None:
    """The first day of the current cycle; null where nothing eligible is left."""
    candidate_id = asking.candidate.pk
    held = candidates_queries.held_by(candidate_id)
    cycle = queries.cycle_held(queries.cycles_of(candidate_id), held, asking.day)
    return cycle.started_on if cycle else None


@tells("claim")
def claim_status(asking: Asking, label: str) -> str:
    """Where a claim stands."""
    return Claim.objects.get(pk=asking.stage.key_of(label)).status


@tells("missing.credits")
def missing_credits(asking: Asking) -> int | None:
    """The fewest credits still needed on a path that needs no further exam; null where no path is open."""
    nearest = _nearest(asking)
    return nearest.credits_missing if nearest else None


@tells("missing.fee")
def missing_fee(asking: Asking) -> bool:
    """Whether the administrative fee is all that is left on that path."""
    nearest = _nearest(asking)
    return nearest is not None and nearest.fee_due


def _nearest(asking: Asking) -> renewal.PathProgress | None:
    """The path of the highest certification that needs no further exam and the fewest credits."""
    candidate_id = asking.candidate.pk
    held = candidates_queries.held_by(candidate_id)
    facts = queries.renewal_facts(held, queries.cycles_of(candidate_id), candidate_id)
    renewable = renewal.renewable_on(BOOK, facts, asking.day)
    top = renewal.highest_level(renewable)
    highest = [each for each in renewable if each.level == top]
    progress = [path for each in highest for path in renewal.progress_on(BOOK, facts, each, asking.day)]
    return renewal.nearest_by_credits(progress)


@tells("may.enroll")
def may_enroll(asking: Asking) -> Permission:
    """Whether enrolling would be allowed, the terms being accepted with it."""
    facts = queries.enrollment_facts(asking.candidate, asking.day, terms_accepted=True)
    return Permission(rules.assess_enrollment(facts, BOOK.on(asking.day)))


@tells("may.claim")
def may_claim(asking: Asking) -> Permission:
    """Whether a training completed today that lacks nothing itself could be claimed."""
    candidate, day = asking.candidate, asking.day
    held = candidates_queries.held_by(candidate.pk)
    activity = queries.activity_facts(
        candidate.pk, completed_on=day, day=day, held=held, cycles=queries.cycles_of(candidate.pk)
    )
    facts = rules.ClaimFacts(
        completion=rules.CompletionFacts(
            activity=activity,
            held_when_submitted=queries.held_on(held, day),
            item_kind="instructor_led",
            listed_credits=1,
            authorised=True,
            counted_already=False,
        ),
        terms_accepted=candidates_queries.has_accepted_current(candidate, "terms", day),
        first_submitted_on=day,
        has_evidence=True,
    )
    return Permission(rules.assess_claim(facts, BOOK.on(day)))


@tells("ledger.sound")
def ledger_sound(asking: Asking) -> bool:
    """Whether every stored balance of everybody equals what the entries add up to."""
    grants = Grant.objects.filter(candidate_id__in=asking.stage.people.values()).annotate(
        sum=Coalesce(Sum("entries__amount"), 0)
    )
    return not grants.exclude(remaining=F("sum")).exists()
