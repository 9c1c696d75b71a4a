"""How a function becomes a verb or a fact of the vocabulary.

    @does("enroll")
    def enroll(act: Act, *, accept: bool = True) -> None: ...

    @tells("status")
    def status(asking: Asking, track: str) -> str: ...

What a verb takes arrives by name, what a step leaves out has the function's default. A verb that makes something gives
back its key. Arguments whose names Python keeps for itself get an underscore: `with_`, `for_`.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.scenarios.vocabulary import FACTS, VERBS

if TYPE_CHECKING:
    from ceportal.scenarios.stage import Stage


class CannotTell(Exception):  # noqa: N818 - it says what happened, as Refused does
    """The story asks for what cannot be: a thing that was never made, a day that makes no sense."""


class NotBuilt(Exception):  # noqa: N818 - it says what happened, as Refused does
    """The vocabulary knows it and the portal cannot do it yet."""

    def __init__(self, what: str, area: str) -> None:
        super().__init__(f"{what} is not built yet (area: {area}).")
        self.what, self.area = what, area


@dataclass(frozen=True, slots=True)
class Act:
    """A verb being done: where, when and by whom."""

    stage: Stage
    candidate: Candidate
    now: datetime
    line: int
    label: str = ""  # what the step calls what it makes

    @property
    def day(self) -> date:
        return clock.day_of(self.now)


@dataclass(frozen=True, slots=True)
class Asking:
    """A fact being asked for: where, when and of whom; `as_of` where it is asked as it stood on an earlier day."""

    stage: Stage
    candidate: Candidate
    now: datetime
    as_of: date | None = None

    @property
    def day(self) -> date:
        return clock.day_of(self.now)


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether something is allowed, and from which day on where that is known."""

    decision: Decision
    opens_on: date | None = None


Doing = Callable[..., Any]
_verbs: dict[str, Doing] = {}
_facts: dict[str, Callable[..., Any]] = {}


def does(name: str) -> Callable[[Doing], Doing]:
    """Bind a function to a verb; its arguments must be the vocabulary's, a needed one without a default."""
    verb = VERBS[name]

    def bind(function: Doing) -> Doing:
        taken = list(inspect.signature(function).parameters.values())[1:]
        expected = {safe(each) for each in verb.arguments}
        needed = {each.name for each in taken if each.default is each.empty}
        if {each.name for each in taken} != expected or needed != {safe(each) for each in verb.needs}:
            raise TypeError(f"{function.__name__} does not take what the vocabulary says of {name}.")
        _verbs[name] = function
        return function

    return bind


def tells(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Bind a function to a fact of the vocabulary; what completes the fact's name follows the asking."""
    if name not in FACTS:
        raise TypeError(f"The vocabulary has no fact {name}.")

    def bind(function: Callable[..., Any]) -> Callable[..., Any]:
        _facts[name] = function
        return function

    return bind


def safe(argument: str) -> str:
    """An argument's name as Python allows it."""
    return f"{argument}_" if keyword.iskeyword(argument) else argument


def verb_function(name: str) -> Doing:
    """What does a verb; NotBuilt where nothing does."""
    _load()
    if name not in _verbs:
        raise NotBuilt(f"The verb {name}", VERBS[name].area)
    return _verbs[name]


def fact_function(name: str) -> Callable[..., Any]:
    """What tells a fact; NotBuilt where nothing does."""
    _load()
    if name not in _facts:
        raise NotBuilt(f"The fact {name}", FACTS[name].area)
    return _facts[name]


def _load() -> None:
    from ceportal.scenarios import facts, verbs  # noqa: F401 - importing them binds what they hold
