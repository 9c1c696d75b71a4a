"""The programme's book: numbered clauses and the dated parameters that carry their numbers.

A *clause* says a rule. A *parameter* holds a number or a list from a day on. `BOOK.on(day)` is the book as it
stood on a day, and there is no reading without a day: which day governs is decided by the caller, who says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

try:  # Every process reads the book as it starts; libyaml does so in a fifth of the time.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

FOLDER = Path(__file__).resolve().parent.parent / "policy"
CLAUSE_ID = re.compile(r"[A-Z]+-\d\d")


class BookError(Exception):
    """The book cannot be read as it stands; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered rule, and how it is read where its source leaves room."""

    id: str
    says: str
    source: str
    decided: str
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's value on a day: since when it holds, and the clause it serves."""

    name: str
    value: Any
    since: date
    clause: str
    provisional: bool = False

    def for_key(self, key: str) -> Any:
        """The value for a level or kind, or the parameter's default; KeyError where the book has neither."""
        if key in self.value:
            return self.value[key]
        return self.value["default"]


@dataclass(frozen=True, slots=True)
class Series:
    """All dated values of one parameter, oldest first."""

    name: str
    clause: str
    selected_by: str
    provisional: bool
    running_terms: bool
    values: tuple[tuple[date, Any], ...]

    def on(self, day: date) -> Parameter:
        """The value on a day; before the book's first day the first value holds (CERT-01)."""
        since, value = self.values[0]
        for start, later in self.values[1:]:
            if start > day:
                break
            since, value = start, later
        return Parameter(self.name, value, since, self.clause, self.provisional)


class Policy(Mapping[str, Parameter]):
    """The book as it stood on one day."""

    def __init__(self, series: Mapping[str, Series], day: date) -> None:
        self._series = series
        self.day = day

    def __getitem__(self, name: str) -> Parameter:
        return self._series[name].on(self.day)

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)


class Book:
    """Clauses and parameters, checked against each other when loaded."""

    def __init__(self, clauses: Mapping[str, Clause], series: Mapping[str, Series]) -> None:
        self.clauses = clauses
        self._series = series
        self._overlay: ContextVar[Mapping[str, Series] | None] = ContextVar("policy_overlay", default=None)

    @property
    def series(self) -> Mapping[str, Series]:
        """Every parameter with all its dated values."""
        return self._overlay.get() or self._series

    def on(self, day: date) -> Policy:
        """The book as it stood on a day."""
        return Policy(self.series, day)

    def change_days(self, *names: str) -> tuple[date, ...]:
        """The days on which any of these parameters took a new value, first values left out."""
        return tuple(sorted({day for name in names for day, _value in self.series[name].values[1:]}))

    @contextmanager
    def overlaid(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Replace all dated values of these parameters within the block: staff try policies this way."""
        series = dict(self.series)
        for name, value in values.items():
            if name not in series:
                raise BookError(f"There is no parameter {name!r} in the policy book.")
            old = series[name]
            series[name] = Series(
                name,
                old.clause,
                old.selected_by,
                old.provisional,
                False,
                ((old.values[0][0], _frozen(value)),),
            )
        token = self._overlay.set(series)
        try:
            yield
        finally:
            self._overlay.reset(token)


class _UniqueKeyLoader(SafeLoader):
    """YAML in which a key said twice is an error and not a silent choice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise BookError(f"{key!r} stands twice, the second time in line {key_node.start_mark.line + 1}.")
            seen.add(key)
        return super().construct_mapping(node, deep)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(item) for key, item in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value


def thawed(value: Any) -> Any:
    """A parameter's value as plain dicts and lists, for JSON."""
    if isinstance(value, Mapping):
        return {str(key): thawed(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [thawed(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        content = yaml.load(file, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader by descent
    if not isinstance(content, dict):
        raise BookError(f"{path.name} must hold a mapping.")
    return content


def _entry(name: str, raw: Any, *, required: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise BookError(f"{name} must be a mapping.")
    if unknown := set(raw) - required - optional:
        raise BookError(f"{name} has unknown keys: {', '.join(sorted(map(str, unknown)))}.")
    if missing := required - set(raw):
        raise BookError(f"{name} lacks {', '.join(sorted(missing))}.")
    return raw


def _series(name: str, raw: Any, clauses: Mapping[str, Clause]) -> Series:
    entry = _entry(
        name,
        raw,
        required={"clause", "values"},
        optional={"selected_by", "provisional", "running_terms"},
    )
    if entry["clause"] not in clauses:
        raise BookError(f"{name} names the unknown clause {entry['clause']!r}.")
    values = entry["values"]
    if not isinstance(values, dict) or not values:
        raise BookError(f"{name} has no values.")
    if wrong := [day for day in values if type(day) is not date]:
        raise BookError(f"{name} has a value from {wrong[0]!r}, which is not a day.")
    return Series(
        name=name,
        clause=entry["clause"],
        selected_by=entry.get("selected_by", ""),
        provisional=bool(entry.get("provisional", False)),
        running_terms=bool(entry.get("running_terms", False)),
        values=tuple((day, _frozen(values[day])) for day in sorted(values)),
    )


def load_book(folder: Path) -> Book:
    """Read clauses.yaml and parameters.yaml; anything unknown, doubled or missing is a BookError."""
    clauses: dict[str, Clause] = {}
    for clause_id, raw in _read(folder / "clauses.yaml").items():
        if not CLAUSE_ID.fullmatch(str(clause_id)):
            raise BookError(f"{clause_id!r} is not the number of a clause.")
        entry = _entry(clause_id, raw, required={"says", "source"}, optional={"decided", "uses"})
        clauses[clause_id] = Clause(
            id=clause_id,
            says=entry["says"].strip(),
            source=entry["source"].strip(),
            decided=entry.get("decided", "").strip(),
            uses=tuple(entry.get("uses", ())),
        )
    series = {name: _series(name, raw, clauses) for name, raw in _read(folder / "parameters.yaml").items()}
    for clause in clauses.values():
        if unknown := [name for name in clause.uses if name not in series]:
            raise BookError(f"{clause.id} uses the unknown parameter {unknown[0]!r}.")
    return Book(MappingProxyType(clauses), MappingProxyType(series))


BOOK = load_book(FOLDER)
