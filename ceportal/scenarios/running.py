"""Telling a scenario: step by step on a stage of its own, and then taking back all that it did."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import translation

from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.explain import explain_finding
from ceportal.kernel.policy import BOOK
from ceportal.scenarios import sittings
from ceportal.scenarios.binding import (
    Act,
    Asking,
    CannotTell,
    NotBuilt,
    Permission,
    fact_function,
    safe,
    verb_function,
)
from ceportal.scenarios.cards import standing_in
from ceportal.scenarios.scenario import Question, Scenario, Step
from ceportal.scenarios.stage import Stage
from ceportal.scenarios.vocabulary import FACTS, VERBS, MayNot


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not hold: where, what was expected, and what was found instead."""

    line: int
    on: date | None
    step: str
    expected: str
    found: str
    area: str = ""  # of the policy, where the portal knows the word and cannot do it yet


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario."""

    name: str
    line: int
    clauses: tuple[str, ...]
    failures: tuple[Failure, ...]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.failures


def tell(scenario: Scenario, *, keep_going: bool = False, every_night: bool = False) -> Result:
    """Tell a scenario in the connected database and take back all that it wrote.

    It ends with the first step that fails, or with `keep_going` goes on to find the others. `every_night` runs the
    sweeps of every day, where otherwise nights that find nothing due are left out: they would change nothing.
    """
    began = time.monotonic()
    with transaction.atomic(), translation.override("en"):
        try:
            failures = tuple(_tell(scenario, keep_going=keep_going, every_night=every_night))
        finally:
            transaction.set_rollback(True)
    return Result(scenario.name, scenario.line, scenario.clauses, failures, time.monotonic() - began)


def _tell(scenario: Scenario, *, keep_going: bool, every_night: bool) -> Iterator[Failure]:
    with BOOK.overlaid(scenario.policy), standing_in() as cards:
        stage = Stage(cards, every_night=every_night)
        first = scenario.story[0]
        opening = _guarded(partial(_set_up, stage, scenario), scenario.line, first.on, "the world and its people")
        yield from opening
        if opening:
            return
        for step in scenario.story:
            arriving = partial(stage.go_to, step.moment)
            failures = _guarded(arriving, step.line, step.on, "the days before") or _guarded(
                partial(_play, stage, step), step.line, step.on, step.text
            )
            yield from failures
            if failures and not keep_going:
                return
        connection.check_constraints()


def _set_up(stage: Stage, scenario: Scenario) -> None:
    stage.set_up(scenario)
    sittings.set_otherwise(scenario.sittings)


def _guarded(act: Callable[[], list[Failure] | None], line: int, on: date, text: str) -> list[Failure]:
    """Do something and give what failed; whatever happens, the transaction can be used afterwards."""
    area = ""
    try:
        with transaction.atomic():
            return act() or []
    except NotBuilt as missing:
        found, area = str(missing), missing.area
    except CannotTell as problem:
        found = str(problem)
    except Refused as refusal:
        found = f"refused: {in_words(refusal.decision)}"
    except Exception as error:  # noqa: BLE001 - a fault of the portal in one story must not end the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        found = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
    return [Failure(line, on, text, "it can be told", found, area)]


def _play(stage: Stage, step: Step) -> list[Failure]:
    with clock.standing_at(step.moment):
        if step.questions:
            return _check(stage, step)
        failures = _do(stage, step)
        stage.deliver(now=step.moment)
    return failures


# ── Verbs ─────────────────────────────────────────────────────────────────────────────────────────
def _do(stage: Stage, step: Step) -> list[Failure]:
    """Do a verb; what it did before it was refused stays, as it would on a page."""
    function = verb_function(step.verb)
    arguments = {safe(name): value for name, value in step.arguments.items()}
    act = Act(stage, stage.actor(step), step.moment, step.line, step.label)
    try:
        made = function(act, **arguments)
    except Refused as refusal:
        return _refused(step, refusal.decision)
    if step.label and made is not None:
        stage.keep(step.label, made, act.candidate, what=VERBS[step.verb].makes)
    if step.refused:
        return [Failure(step.line, step.on, step.text, f"refused by {step.refused}", "it succeeded")]
    return []


def _refused(step: Step, decision: Decision) -> list[Failure]:
    if not step.refused:
        return [Failure(step.line, step.on, step.text, "it succeeds", f"refused: {in_words(decision)}")]
    if step.refused not in decision.clauses_unmet:
        found = f"refused, but by {in_words(decision)}"
        return [Failure(step.line, step.on, step.text, f"refused by {step.refused}", found)]
    return []


def in_words(decision: Decision) -> str:
    """What a decision lacks, clause by clause, with what to do about it."""
    found = [explain_finding(each) for each in decision.unmet]
    return "; ".join(f"{each.clause}: {each.text} {each.next_step_text}".strip() for each in found)


# ── Checks ────────────────────────────────────────────────────────────────────────────────────────
def _check(stage: Stage, step: Step) -> list[Failure]:
    if step.as_of is not None and step.as_of > step.on:
        raise CannotTell(f"On {step.on} nobody knows what stands on {step.as_of}.")
    failures = []
    for question in step.questions:
        failure = _ask(stage, step, question)
        if failure is not None:
            failures.append(failure)
    return failures


def _ask(stage: Stage, step: Step, question: Question) -> Failure | None:
    text = f"check: {question.written}"
    expected = f"{question.written}: {question.expected_text}"
    try:
        found = _found(stage, step, question)
    except NotBuilt as missing:
        return Failure(question.line, step.on, text, expected, str(missing), missing.area)
    except CannotTell as problem:
        return Failure(question.line, step.on, text, expected, str(problem))
    if _agrees(question.expected, found):
        return None
    return Failure(question.line, step.on, text, expected, f"{question.written}: {_written(found)}")


def _found(stage: Stage, step: Step, question: Question) -> Any:
    fact, function = FACTS[question.fact], fact_function(question.fact)
    as_of = step.as_of if fact.as_of else None
    names = list(stage.people) if fact.summed and step.who is None else [step.who]
    found = [function(Asking(stage, stage.somebody(name), step.moment, as_of), *question.named) for name in names]
    return sum(found) if fact.summed else found[0]


def _agrees(expected: Any, found: Any) -> bool:
    if not isinstance(found, Permission):
        return isinstance(expected, bool) == isinstance(found, bool) and bool(expected == found)
    if not isinstance(expected, MayNot):
        return found.decision.granted
    opens = expected.opens_on is None or expected.opens_on == found.opens_on
    return expected.clause in found.decision.clauses_unmet and opens


def _written(found: Any) -> str:
    match found:
        case None:
            return "null"
        case bool():
            return str(found).lower()
        case Decimal():
            return f"{found.normalize():f}"
        case date() | datetime():
            return found.isoformat()
        case Permission():
            opens = f" until {found.opens_on}" if found.opens_on else ""
            return "true" if found.decision.granted else f"forbidden{opens} by {in_words(found.decision)}"
        case _:
            return str(found)
