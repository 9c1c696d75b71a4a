"""What the board may decide, who may deliver, who sees everything: last old day beside first new one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog import provider_rules, rules
from catalog.models import BoardDecision, Item, Proposal
from ceportal.kernel.policy import BOOK
from tests.factories import day

TRAINING = rules.Training(
    kind="instructor_led", title="Routing", credits=40, registration_number="", approval_number=""
)
NEW = rules.ListingFacts(
    training=TRAINING,
    outcome="list",
    effective_on=day("2021-04-01"),
    review_held_on=day("2021-04-01"),
    recorded_on=day("2021-04-01"),
    state="unlisted",
    last_decided_on=None,
)
RUNNING = replace(NEW, outcome="change", state="listed", last_decided_on=day("2021-01-04"))
LEAVING = replace(RUNNING, outcome="delist")
LATE = day("2021-04-02")


def training(**changes: Any) -> rules.Training:
    return replace(TRAINING, **changes)


@pytest.mark.parametrize(
    ("_case", "training", "clauses"),
    [
        ("a training", TRAINING, ()),
        ("the fewest credits", training(credits=4), ()),
        ("one less", training(credits=3), ("CAT-03",)),
        ("the most credits", training(credits=64), ()),
        ("one more", training(credits=65), ("CAT-03",)),
        ("no value", training(credits=None), ("CAT-03",)),
        ("zero", training(credits=0), ("CAT-03",)),
        ("a kind that is none", training(kind="poem"), ("CAT-04",)),
        ("no labs, for information", training(kind="digital_lite", credits=0), ()),
        ("no labs, but a value", training(kind="digital_lite", credits=4), ("CAT-05",)),
        ("digital with labs", training(kind="digital"), ()),
        ("digital, but lite", training(kind="digital", title="Routing (Lite)"), ("CAT-05",)),
        ("a path, but lite", training(kind="learning_path", title="Routing LITE"), ("CAT-05",)),
        ("nothing but light", training(kind="digital", title="Lightweight elite satellites"), ()),
        ("a class may be lite", training(title="Routing lite"), ()),
        ("custom and registered", training(kind="custom", registration_number="DW-7"), ()),
        ("custom, not registered", training(kind="custom", approval_number="TC-1"), ("CAT-06",)),
        ("other and approved", training(kind="other", approval_number="TC-1"), ()),
        ("other, not approved", training(kind="other", registration_number="DW-7"), ("CAT-04",)),
        ("two things at once", training(kind="custom", credits=65), ("CAT-03", "CAT-06")),
    ],
)
def test_what_a_training_needs(_case: str, training: rules.Training, clauses: tuple[str, ...]) -> None:
    """CAT-03 to CAT-06."""
    assert rules.assess_training(training, BOOK.on(day("2021-04-01"))).clauses_unmet == clauses


@pytest.mark.parametrize(
    ("_case", "facts", "clauses"),
    [
        ("a new training", NEW, ()),
        ("worth too much", replace(NEW, training=training(credits=65)), ("CAT-03",)),
        ("what leaves need be nothing any more", replace(LEAVING, training=training(kind="poem", credits=None)), ()),
        ("after the review", replace(NEW, effective_on=LATE), ()),
        ("the day before the review", replace(NEW, effective_on=day("2021-03-31")), ("CAT-02",)),
        ("listed twice", replace(RUNNING, outcome="list"), ("CAT-02",)),
        ("a change", RUNNING, ()),
        ("a change of what is not listed", replace(RUNNING, state="unlisted"), ("CAT-02",)),
        ("it leaves", LEAVING, ()),
        ("it leaves twice", replace(LEAVING, state="unlisted"), ("CAT-02",)),
        ("an unknown outcome", replace(RUNNING, outcome="burn"), ("CAT-02",)),
        ("the day after the latest", replace(RUNNING, last_decided_on=day("2021-03-31")), ()),
        ("on the day of the latest", replace(RUNNING, last_decided_on=day("2021-04-01")), ("CAT-02",)),
        ("before the latest", replace(RUNNING, last_decided_on=LATE), ("CAT-02",)),
        ("back on the day it left", replace(NEW, last_decided_on=day("2021-04-01")), ()),
        ("a listing entered late", replace(NEW, recorded_on=LATE), ()),
        ("a change on the day it is entered", replace(RUNNING, effective_on=LATE, recorded_on=LATE), ()),
        ("a change entered late", replace(RUNNING, recorded_on=LATE), ("CAT-02",)),
        ("a leaving entered late", replace(LEAVING, recorded_on=LATE), ("CAT-02",)),
    ],
)
def test_listing(_case: str, facts: rules.ListingFacts, clauses: tuple[str, ...]) -> None:
    """CAT-02: what was listed on any past day stays."""
    assert rules.assess_listing(facts, BOOK.on(facts.effective_on)).clauses_unmet == clauses


def test_limits_come_from_the_book_of_the_listing_day() -> None:
    """CAT-03"""
    with BOOK.overlaid({"training.max_credits": 30}):
        refusal = rules.assess_listing(NEW, BOOK.on(NEW.effective_on)).unmet
    assert [each.clause for each in refusal] == ["CAT-03"]
    assert refusal[0].facts["highest"] == 30
    assert [parameter.name for parameter in refusal[0].because] == [
        "training.min_credits",
        "training.max_credits",
    ]


def test_transitions_name_the_outcomes_of_the_model() -> None:
    outcomes = {outcome for step in rules.TRANSITIONS.values() for outcome in step}
    assert outcomes == set(BoardDecision.Outcome.values)
    assert {state for step in rules.TRANSITIONS.values() for state in step.values()} == set(rules.TRANSITIONS)


def test_the_table_of_kinds_has_every_kind_and_no_other() -> None:
    """CAT-04"""
    assert set(rules.KINDS) == set(Item.Kind.values)
    assert [kind for kind, needs in rules.KINDS.items() if not needs.earns] == [rules.FOR_INFORMATION_KIND]
    # What is self-paced comes without a kit and with a certificate (CE-11, CAT-09).
    assert not rules.SELF_PACED_KINDS & rules.KINDS_WITH_KIT


def test_the_states_of_a_proposal_are_those_of_the_model() -> None:
    assert set(provider_rules.PROPOSAL_TRANSITIONS) == set(Proposal.Status.values)


@pytest.mark.parametrize(
    ("_case", "quarter", "held_on", "held_before_on", "granted"),
    [
        ("a day to come", "2021-Q3", "2021-07-02", None, False),
        ("first day", "2021-Q2", "2021-04-01", None, True),
        ("last day", "2021-Q2", "2021-06-30", None, True),
        ("a day later", "2021-Q2", "2021-07-01", None, False),
        ("another year", "2021-Q2", "2020-04-01", None, False),
        ("told again", "2021-Q2", "2021-04-01", "2021-04-01", True),
        ("a second review", "2021-Q2", "2021-04-02", "2021-04-01", False),
    ],
)
def test_review(_case: str, quarter: str, held_on: str, held_before_on: str | None, granted: bool) -> None:
    before = day(held_before_on) if held_before_on else None
    facts = rules.ReviewFacts(quarter, day(held_on), before, recorded_on=day("2021-07-01"))
    assert rules.assess_review(facts).granted is granted


@pytest.mark.parametrize(
    ("_case", "ends_on", "overlaps", "granted"),
    [
        ("open end", None, False, True),
        ("a day", "2021-04-02", False, True),
        ("no day at all", "2021-04-01", False, False),
        ("one stands", None, True, False),
    ],
)
def test_authorisation(_case: str, ends_on: str | None, overlaps: bool, granted: bool) -> None:
    facts = provider_rules.AuthorisationFacts(day("2021-04-01"), day(ends_on) if ends_on else None, overlaps)
    decision = provider_rules.assess_authorisation(facts)
    assert decision.granted is granted
    assert set(decision.clauses_unmet) <= {"CAT-07"}


@pytest.mark.parametrize(("on", "granted"), [("2021-04-08", True), ("2021-04-09", False), ("2021-04-10", False)])
def test_a_run_is_cancelled_while_nobody_can_have_completed_it(on: str, granted: bool) -> None:
    """CAT-07"""
    facts = provider_rules.CancellationFacts(ends_on=day("2021-04-09"), day=day(on))
    assert provider_rules.assess_cancellation(facts).granted is granted


@pytest.mark.parametrize(
    ("one_item", "already", "granted"), [(False, False, True), (False, True, False), (True, True, False)]
)
def test_equivalence(one_item: bool, already: bool, granted: bool) -> None:
    """CR-04: two trainings, and not two that count as one already."""
    decision = rules.assess_equivalence(rules.EquivalenceFacts(one_item=one_item, equivalent_already=already))
    assert decision.granted is granted
    assert len(decision.unmet) == (0 if granted else 1)


@pytest.mark.parametrize(
    ("_case", "levels", "on", "granted"),
    [
        ("nobody", [], "2026-01-01", False),
        ("an expert in 2017", [("expert", "active")], "2017-06-06", True),
        ("an associate before the change", [("associate", "active")], "2020-02-23", False),
        ("an associate since the change", [("associate", "active")], "2020-02-24", True),
        ("entry level", [("entry", "active")], "2026-01-01", False),
        ("suspended", [("expert", "suspended")], "2018-01-01", True),
        ("in grace", [("expert", "grace")], "2026-01-01", True),
        ("lapsed", [("expert", "inactive")], "2026-01-01", False),
        ("revoked", [("expert", "revoked")], "2026-01-01", False),
        ("one lapsed, one held", [("expert", "inactive"), ("associate", "active")], "2026-01-01", True),
    ],
)
def test_view(_case: str, levels: list[tuple[str, str]], on: str, granted: bool) -> None:
    facts = rules.ViewerFacts(serves_programme=False, certifications=tuple(levels))
    assert rules.assess_view(facts, BOOK.on(day(on))).granted is granted


def test_those_who_serve_the_programme_see_everything() -> None:
    facts = rules.ViewerFacts(serves_programme=True, certifications=())
    assert rules.assess_view(facts, BOOK.on(day("2017-06-06"))).granted
