"""The life of a claim is the table of its transitions, whatever people do in whatever order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from ceportal.kernel.decisions import Refused
from credits.models import Appeal, Audit, Claim
from credits.rules import claims as rules
from credits.rules import disputes
from credits.services import appeals, audits
from tests.credits.dispute_world import World, make_world

pytestmark = pytest.mark.django_db

ACTS: Mapping[str, Callable[[World], object]] = {
    "hand in": lambda world: world.story.claim("ilt-40", "2021-04-10"),
    "return": lambda world: world.story.decide(outcome="return", by=world.bob),
    "reject": lambda world: world.story.decide(outcome="reject", by=world.bob),
    "reject by another": lambda world: world.story.decide(outcome="reject", by=world.bea),
    "approve": lambda world: world.story.decide(by=world.bob),
    "approve by another": lambda world: world.story.decide(by=world.bea),
    "report": lambda world: world.story.report("ilt-40", "2021-04-10"),
    "appeal": lambda world: appeals.file_appeal(
        candidate_id=world.story.candidate.id, claim_id=world.claim().id, words="It is wrong.", now=world.story.now
    ),
    "uphold": lambda world: _hear(world, "uphold"),
    "dismiss": lambda world: _hear(world, "dismiss"),
    "pass": lambda world: _audit(world, "pass"),
    "fail": lambda world: _audit(world, "fail"),
    "eleven days later": lambda world: world.story.to(world.story.now.date() + timedelta(days=11)),
}


def _hear(world: World, outcome: str) -> None:
    appeal = Appeal.objects.filter(claim=world.claim()).first()
    if appeal is not None:
        appeals.decide_appeal(
            appeal_id=appeal.id, outcome=outcome, reason="So it is.", staff_id=world.dan.id, now=world.story.now
        )


def _audit(world: World, outcome: str) -> None:
    audits.decide_audit(
        claim_id=world.claim().id, outcome=outcome, reason="Found.", staff_id=world.dan.id, now=world.story.now
    )


def _statuses() -> dict[int, str]:
    return dict(Claim.objects.values_list("id", "status"))


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=some.lists(some.sampled_from(sorted(ACTS)), min_size=4, max_size=12))
def test_every_step_that_happens_is_a_transition(settings: Any, tmp_path: Any, acts: list[str]) -> None:
    with transaction.atomic():
        world = make_world(settings, tmp_path)
        world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
        before = _statuses()
        for act in acts:
            with suppress(Refused, Claim.DoesNotExist), transaction.atomic():
                ACTS[act](world)
            after = _statuses()
            for claim_id, status in after.items():
                was = before.get(claim_id, "draft")
                assert status == was or status in rules.TRANSITIONS[was], (act, was, status)
            assert sum(status in {"submitted", "returned", "approved"} for status in after.values()) <= 1
            before = after
        assert world.story.ledger_is_sound()
        transaction.set_rollback(True)


def test_a_claim_can_go_through_every_state() -> None:
    """TRANSITIONS: from the draft each state can be reached."""
    reached, found = set(), {"draft"}
    while found:
        reached |= found
        found = set().union(*(rules.TRANSITIONS[state] for state in found)) - reached
    assert reached == set(rules.TRANSITIONS)


@pytest.mark.parametrize(
    ("model", "constraint", "known"),
    [
        (Claim, "claim_known_status", set(rules.TRANSITIONS)),
        (Audit, "audit_known_status", {"open", *disputes.AUDIT_OUTCOMES.values()}),
        (Appeal, "appeal_known_status", {"open", *disputes.APPEAL_OUTCOMES.values()}),
    ],
)
def test_rules_choices_and_database_name_the_same_states(
    model: type[models.Model], constraint: str, known: set[str]
) -> None:
    check = next(each for each in model._meta.constraints if each.name == constraint)
    assert isinstance(check, models.CheckConstraint)
    ((name, named),) = check.condition.children  # type: ignore[union-attr]
    assert name == "status__in"
    assert set(named) == set(model.Status.values) == known  # type: ignore[attr-defined]


def test_the_longest_life(settings: Any, tmp_path: Any) -> None:
    """Returned, handed in again, rejected, put back by the programme, approved, voided."""
    world = make_world(settings, tmp_path)
    world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    acts = ["return", "hand in", "reject", "appeal", "uphold", "approve by another", "fail"]
    seen = ["draft", world.claim().status]
    for act in acts:
        ACTS[act](world)
        if world.claim().status != seen[-1]:
            seen.append(world.claim().status)
    assert seen == ["draft", "submitted", "returned", "submitted", "rejected", "submitted", "approved", "voided"]
    assert all(after in rules.TRANSITIONS[before] for before, after in pairwise(seen))
