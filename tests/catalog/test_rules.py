"""What the board may decide, who may deliver, who sees everything: last old day beside first new one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog import rules
from catalog.models import BoardDecision, Item
from ceportal.kernel.policy import BOOK
from tests.factories import day

NEW = rules.ListingFacts(
    kind="instructor_led",
    registration_number="",
    outcome="list",
    credits=40,
    effective_on=day("2021-04-01"),
    review_held_on=day("2021-04-01"),
    state="unlisted",
    last_decided_on=None,
)
RUNNING = replace(NEW, outcome="change", state="listed", last_decided_on=day("2021-01-04"))


def unmet(facts: rules.ListingFacts) -> tuple[str, ...]:
    return rules.assess_listing(facts, BOOK.on(facts.effective_on)).clauses_unmet


@pytest.mark.parametrize(
    ("_case", "facts", "clauses"),
    [
        ("a new training", NEW, ()),
        ("the fewest credits", replace(NEW, credits=4), ()),
        ("one less", replace(NEW, credits=3), ("CAT-03",)),
        ("the most credits", replace(NEW, credits=64), ()),
        ("one more", replace(NEW, credits=65), ("CAT-03",)),
        ("no value", replace(NEW, credits=None), ("CAT-03",)),
        ("zero", replace(NEW, credits=0), ("CAT-03",)),
        ("no labs, for information", replace(NEW, kind="digital_lite", credits=0), ()),
        ("no labs, but a value", replace(NEW, kind="digital_lite", credits=4), ("CAT-05",)),
        ("custom and registered", replace(NEW, kind="custom", registration_number="DW-7"), ()),
        ("custom, not registered", replace(NEW, kind="custom"), ("CAT-06",)),
        ("after the review", replace(NEW, effective_on=day("2021-04-02")), ()),
        ("the day before the review", replace(NEW, effective_on=day("2021-03-31")), ("CAT-02",)),
        ("listed twice", replace(RUNNING, outcome="list"), ("CAT-02",)),
        ("a change", RUNNING, ()),
        ("a change of what is not listed", replace(RUNNING, state="unlisted"), ("CAT-02",)),
        ("it leaves", replace(RUNNING, outcome="delist", credits=None), ()),
        ("it leaves twice", replace(RUNNING, outcome="delist", credits=None, state="unlisted"), ("CAT-02",)),
        ("the day after the latest", replace(RUNNING, last_decided_on=day("2021-03-31")), ()),
        ("on the day of the latest", replace(RUNNING, last_decided_on=day("2021-04-01")), ("CAT-02",)),
        ("before the latest", replace(RUNNING, last_decided_on=day("2021-04-02")), ("CAT-02",)),
        ("back on the day it left", replace(NEW, last_decided_on=day("2021-04-01")), ()),
    ],
)
def test_listing(_case: str, facts: rules.ListingFacts, clauses: tuple[str, ...]) -> None:
    assert unmet(facts) == clauses


def test_limits_come_from_the_book_of_the_listing_day() -> None:
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


def test_kinds_with_a_rule_exist() -> None:
    assert {rules.FOR_INFORMATION_KIND, rules.CUSTOM_KIND} <= set(Item.Kind.values)


@pytest.mark.parametrize(
    ("_case", "quarter", "held_on", "held_before_on", "granted"),
    [
        ("first day", "2021-Q2", "2021-04-01", None, True),
        ("last day", "2021-Q2", "2021-06-30", None, True),
        ("a day later", "2021-Q2", "2021-07-01", None, False),
        ("another year", "2021-Q2", "2020-04-01", None, False),
        ("told again", "2021-Q2", "2021-04-01", "2021-04-01", True),
        ("a second review", "2021-Q2", "2021-04-02", "2021-04-01", False),
    ],
)
def test_review(_case: str, quarter: str, held_on: str, held_before_on: str | None, granted: bool) -> None:
    facts = rules.ReviewFacts(quarter, day(held_on), day(held_before_on) if held_before_on else None)
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
    facts = rules.AuthorisationFacts(day("2021-04-01"), day(ends_on) if ends_on else None, overlaps)
    decision = rules.assess_authorisation(facts)
    assert decision.granted is granted
    assert set(decision.clauses_unmet) <= {"CAT-07"}


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
