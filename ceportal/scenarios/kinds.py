"""Kinds of values: what an argument or a fact may be, in words and as a reader of what was written.

A reader raises ValueError where the text is not of its kind; whoever asked says so with the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ceportal.kernel.countries import COUNTRIES
from ceportal.kernel.policy import BOOK
from ceportal.scenarios.document import ScenarioError, is_null, items, line_of, written

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
CARD, DECLINED_CARD, ADMIN_FEE = "card", "declined_card", "admin_fee"


@dataclass(slots=True)
class Scope:
    """What names mean in one scenario: its people, the labels its steps give, the items its world adds."""

    people: frozenset[str] = frozenset()
    labels: dict[str, set[str]] = field(default_factory=dict)  # the kinds of things that each label names
    items: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be written: in words, and how it is read."""

    says: str
    read: Callable[[yaml.Node, Scope], Any]
    names: Callable[[Scope], frozenset[str]] | None = None  # where only certain names will do

    def value(self, name: str, node: yaml.Node, scope: Scope) -> Any:
        """The value of a node; ScenarioError, naming the field and what it must be, where it is not of this kind."""
        try:
            return self.read(node, scope)
        except ValueError as error:
            raise ScenarioError(line_of(node), self.complaint(name, written(node), scope)) from error

    def complaint(self, name: str, text: str, scope: Scope) -> str:
        """Why a text will not do, with the nearest name where names are meant."""
        likely = get_close_matches(text, self.names(scope), n=1) if self.names else []
        return f"{name} must be {self.says}, not {text}." + (f" Is {likely[0]} meant?" if likely else "")


def _scalar(read: Callable[[str], Any]) -> Callable[[yaml.Node, Scope], Any]:
    def reader(node: yaml.Node, _scope: Scope) -> Any:
        if not isinstance(node, yaml.ScalarNode) or is_null(node):
            raise ValueError(written(node))
        return read(node.value)

    return reader


def _matching(pattern: str, read: Callable[[str], Any] = str) -> Callable[[str], Any]:
    def reader(text: str) -> Any:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return read(text)

    return reader


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not amount.is_finite():
        raise ValueError(text)
    return amount


def nullable(kind: Kind) -> Kind:
    """The same, or null."""
    return Kind(
        f"{kind.says} or null", lambda node, scope: None if is_null(node) else kind.read(node, scope), kind.names
    )


def one_of(*words: str) -> Kind:
    """One of a few words."""
    return _named(f"one of {', '.join(words)}", lambda _scope: frozenset(words))


def label(*things: str) -> Kind:
    """The label of something made earlier in the story."""
    return _named(f"the label of a {' or '.join(things)}", lambda scope: _labelled(scope, things))


def word_or_label(*words: str, of: tuple[str, ...]) -> Kind:
    """One of a few words, or the label of something made earlier in the story."""
    return _named(
        f"one of {', '.join(words)}, or the label of a {' or '.join(of)}",
        lambda scope: frozenset(words) | _labelled(scope, of),
    )


def _labelled(scope: Scope, things: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name, kinds in scope.labels.items() if kinds.intersection(things))


def _named(says: str, names: Callable[[Scope], frozenset[str]]) -> Kind:
    def reader(node: yaml.Node, scope: Scope) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.value not in names(scope):
            raise ValueError(written(node))
        return str(node.value)

    return Kind(says, reader, names)


@cache
def _reference(name: str) -> Mapping[str, Any]:
    """What the portal ships as its reference data: tracks, exams, sites."""
    content: dict[str, Any] = yaml.safe_load((REFERENCE / f"{name}.yaml").read_text("utf-8"))
    return content


def _from_reference(says: str, name: str) -> Kind:
    return _named(says, lambda _scope: frozenset(map(str, _reference(name))))


def _badges(node: yaml.Node, scope: Scope) -> list[tuple[int, int]]:
    pairs = []
    for each in items(node, "badges"):
        minutes = [NUMBER.read(minute, scope) for minute in items(each, "A pair of badges")]
        if len(minutes) != 2:
            raise ValueError(written(each))
        pairs.append((minutes[0], minutes[1]))
    return pairs


TEXT = Kind("a text", _scalar(_matching(r"(?s).+")))
DAY = Kind("a day such as 2018-06-01", _scalar(_matching(r"\d{4}-\d\d-\d\d", date.fromisoformat)))
TIME = Kind('a time such as "08:30"', _scalar(_matching(r"\d\d:\d\d", time.fromisoformat)))
NUMBER = Kind("a whole number", _scalar(_matching(r"-?\d+", int)))
COUNT = Kind("a whole number, 0 or more", _scalar(_matching(r"\d+", int)))
MONEY = Kind("an amount in USD", _scalar(_amount))
BOOLEAN = Kind(
    "true or false", _scalar(_matching("(?i)true|false|yes|no", lambda text: text.lower() in {"true", "yes"}))
)
REGION = Kind("a region such as UA-43", _scalar(_matching(r"[A-Z]{2}-[A-Z0-9]{1,3}")))
BADGES = Kind("pairs of minutes such as [[0, 90]]", _badges)
LABEL = Kind("a name for what is made", _scalar(_matching(r"[\w-]+")))

CLAUSE = _named("a clause of the policy", lambda _scope: frozenset(BOOK.clauses))
PERSON = _named("one of the people of the story", lambda scope: scope.people)
COUNTRY = _named("the two letters of a country", lambda _scope: frozenset(code for code, _name in COUNTRIES))
TRACK = _from_reference("a track of the reference world", "tracks")
EXAM = _from_reference("an exam of the reference world", "exams")
SITE = _from_reference("a site of the reference world", "sites")
ITEM = _named(
    "an item of the reference world or of the scenario's",
    lambda scope: frozenset(_reference("catalog")["items"]) | scope.items,
)
