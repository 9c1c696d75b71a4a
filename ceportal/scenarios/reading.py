"""From a file to scenarios, or to what is wrong with them: the thing, the file and the line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from catalog.models import Item
from ceportal.kernel.policy import BOOK
from ceportal.scenarios import kinds, vocabulary
from ceportal.scenarios.document import Field, ScenarioError, documents, fields, is_null, items, line_of, plain, written
from ceportal.scenarios.kinds import Kind, Scope
from ceportal.scenarios.scenario import NOON, Person, Question, Scenario, Step, WorldItem, WorldSitting

SUFFIXES = (".yaml", ".yml")
ALONE = "aiko"  # who is there where a scenario names nobody
PERSON: Mapping[str, Kind] = {"born": kinds.DAY, "country": kinds.COUNTRY, "region": kinds.REGION}
WORLD_ITEM: Mapping[str, Kind] = {
    "code": kinds.LABEL,
    "kind": kinds.one_of(*Item.Kind.values),
    "credits": kinds.COUNT,
    "provider": kinds.LABEL,
}
WORLD_SITTING: Mapping[str, Kind] = {"site": kinds.SITE, "day": kinds.DAY, "seats": kinds.COUNT}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands in a file and cannot be read as a scenario: every fault with its line."""

    name: str
    line: int
    faults: tuple[tuple[int, str], ...]


def files_of(paths: Iterable[Path]) -> Iterable[tuple[Path, str]]:
    """The files meant by paths, folders with all that is below them; a second value says why there is none."""
    for path in paths:
        if not path.is_dir():
            yield path, "" if path.exists() else "There is no such file or folder."
            continue
        found = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
        if not found:
            yield path, f"The folder holds no file that ends with {' or '.join(SUFFIXES)}."
        yield from ((each, "") for each in found)


def read_file(path: Path) -> list[Scenario | Unreadable]:
    """Every scenario of a file; one that cannot be read stops no other."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return [Unreadable(path.name, 1, ((1, f"The file cannot be read: {error}."),))]
    found = [_read_document(line, document, path.name) for line, document in documents(text)]
    return found or [Unreadable(path.name, 1, ((1, "The file holds no scenario."),))]


def _read_document(line: int, document: yaml.Node | ScenarioError, file: str) -> Scenario | Unreadable:
    if isinstance(document, ScenarioError):
        return Unreadable(file, line, ((document.line, document.message),))
    reader = _Reader()
    try:
        scenario = reader.scenario(document)
    except RecursionError:
        return Unreadable(file, line, ((line, "It holds itself by an alias."),))
    if scenario is None or reader.faults:
        return Unreadable(reader.name or file, line, tuple(sorted(reader.faults)))
    return scenario


class _Reader:
    """Reads one document and keeps every fault it meets, so that all can be mended at once."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, str]] = []
        self.name = ""
        self.scope = Scope()

    def scenario(self, document: yaml.Node) -> Scenario | None:
        parts = self._try(lambda: fields(document, "A scenario"))
        if parts is None:
            return None
        self._only(parts, {"name", "clauses", "policy", "people", "world", "story"}, "A scenario has no")
        if "name" in parts:
            self.name = self._value(kinds.TEXT, parts["name"]) or ""
        for needed in ("name", "story"):
            if needed not in parts:
                self._fault(line_of(document), f"The scenario has no {needed}.")
        people = self._people(parts.get("people"))
        world = self._world(parts.get("world"))
        return Scenario(
            name=self.name,
            line=line_of(document),
            clauses=tuple(self._clauses(parts.get("clauses"))),
            people=people,
            items=world[0],
            sittings=world[1],
            policy=self._policy(parts.get("policy")),
            story=self._story(parts.get("story")),
        )

    # ── What stands before the story ──────────────────────────────────────────────────────────────
    def _clauses(self, part: Field | None) -> list[str]:
        nodes = self._try(lambda: items(part.node, "clauses")) if part else None
        return [self._value(kinds.CLAUSE, Field("clauses", line_of(node), node)) for node in nodes or ()]

    def _people(self, part: Field | None) -> Mapping[str, Person]:
        if part is None:
            self.scope.people = frozenset({ALONE})
            return {ALONE: Person()}
        named = self._try(lambda: fields(part.node, "people")) or {}
        if not named and not self.faults:
            self._fault(part.line, "There is nobody in people; leave it out for aiko alone.")
        self.scope.people = frozenset(named)
        told = {name: {} if is_null(each.node) else self._mapping(each, PERSON, name) for name, each in named.items()}
        return {name: Person(**values) for name, values in told.items()}

    def _world(self, part: Field | None) -> tuple[tuple[WorldItem, ...], tuple[WorldSitting, ...]]:
        parts = (self._try(lambda: fields(part.node, "world")) if part else None) or {}
        self._only(parts, {"items", "sittings"}, "world has no")
        added, set_otherwise = [], []
        for node in self._nodes(parts.get("items")):
            item = self._mapping(Field("An item of the world", line_of(node), node), WORLD_ITEM, "An item")
            if self._has(item, WORLD_ITEM, line_of(node), "An item of the world"):
                added.append(WorldItem(**item, line=line_of(node)))
        for node in self._nodes(parts.get("sittings")):
            sitting = self._sitting(node)
            if self._has(sitting, {"site", "day"}, line_of(node), "A sitting of the world"):
                set_otherwise.append(WorldSitting(**sitting, line=line_of(node)))
        self.scope.items = frozenset(item.code for item in added)
        return tuple(added), tuple(set_otherwise)

    def _sitting(self, node: yaml.Node) -> dict[str, Any]:
        parts = self._try(lambda: fields(node, "A sitting")) or {}
        tracks = self._nodes(parts.pop("tracks", None))
        values = self._values(parts, WORLD_SITTING, "A sitting")
        return values | {"tracks": tuple(self._value(kinds.TRACK, Field("tracks", line_of(t), t)) for t in tracks)}

    def _policy(self, part: Field | None) -> Mapping[str, Any]:
        parts = (self._try(lambda: fields(part.node, "policy")) if part else None) or {}
        self._only(parts, set(BOOK.series), "The policy book has no parameter")
        known = [part for part in parts.values() if part.name in BOOK.series]
        return {part.name: self._try(partial(_policy_value, part)) for part in known}

    # ── The story ─────────────────────────────────────────────────────────────────────────────────
    def _story(self, part: Field | None) -> tuple[Step, ...]:
        read = [(node, self._try(partial(fields, node, "A step"))) for node in self._nodes(part)]
        if part is not None and not read and not self.faults:
            self._fault(part.line, "The story has no steps.")
        for _node, parts in read:
            self._note_label(parts or {})
        steps = [self._step(node, parts) for node, parts in read if parts is not None]
        # Steps of one moment stay in the order in which they are written.
        return tuple(sorted((step for step in steps if step is not None), key=lambda step: step.moment))

    def _note_label(self, parts: Mapping[str, Field]) -> None:
        verb = vocabulary.VERBS.get(written(parts["do"].node)) if "do" in parts else None
        if verb is not None and verb.makes and "as" in parts:
            self.scope.labels.setdefault(written(parts["as"].node), set()).add(verb.makes)

    def _step(self, node: yaml.Node, parts: dict[str, Field]) -> Step | None:
        line = line_of(node)
        if "date" not in parts:
            self._fault(line, "The step has no date.")
        if ("do" in parts) == ("check" in parts):
            self._fault(line, "A step has either do or check.")
            return None
        common = {
            "line": line,
            "text": _one_line(parts),
            "on": self._value(kinds.DAY, parts.get("date")),
            "at": self._value(kinds.TIME, parts["at"]) if "at" in parts else NOON,
            "who": self._value(kinds.PERSON, parts.get("who")),
        }
        rest = {name: each for name, each in parts.items() if name not in {"date", "at", "who", "do", "check"}}
        special = self._check(parts["check"], rest) if "check" in parts else self._verb(parts["do"], rest)
        return Step(**common, **special) if not self.faults and special is not None else None

    def _verb(self, do: Field, rest: dict[str, Field]) -> dict[str, Any] | None:
        name = written(do.node)
        verb = vocabulary.VERBS.get(name)
        if verb is None:
            self._fault(do.line, _unknown("There is no verb", name, vocabulary.VERBS))
            return None
        label, refused = rest.pop("as", None), rest.pop("refused", None)
        if label is not None and not verb.makes:
            self._fault(label.line, f"{name} makes nothing that could be named: there is no argument as.")
        arguments = self._values(rest, verb.arguments, name)
        self._has(rest, verb.needs, do.line, name)
        return {
            "verb": name,
            "arguments": arguments,
            "label": self._value(kinds.LABEL, label) or "",
            "refused": self._value(kinds.CLAUSE, refused) or "",
        }

    def _check(self, check: Field, rest: dict[str, Field]) -> dict[str, Any] | None:
        self._only(rest, set(), "A check has no argument")
        asked = self._try(lambda: fields(check.node, "A check"))
        if asked is None:
            return None
        as_of = asked.pop("as_of", None)
        questions = [question for each in asked.values() if (question := self._question(each)) is not None]
        if not asked:
            self._fault(check.line, "The check asks nothing.")
        if as_of is not None and not any(vocabulary.FACTS[each.fact].as_of for each in questions):
            self._fault(as_of.line, "as_of asks about credits, and none are asked for.")
        return {"questions": tuple(questions), "as_of": self._value(kinds.DAY, as_of)}

    def _question(self, asked: Field) -> Question | None:
        name = next((each for each in _prefixes(asked.name) if each in vocabulary.FACTS), None)
        if name is None:
            self._fault(asked.line, _unknown("There is no fact", asked.name, vocabulary.FACTS))
            return None
        fact = vocabulary.FACTS[name]
        parts = asked.name.removeprefix(name).lstrip(".").split(".") if asked.name != name else []
        if len(parts) != len(fact.named):
            self._fault(asked.line, f"There is no fact {asked.name}: write {'.'.join([name, *fact.named])}.")
            return None
        named = tuple(
            self._value(kind, Field(asked.name, asked.line, _scalar(part, asked)))
            for part, kind in zip(parts, fact.named.values(), strict=True)
        )
        expected = self._value(fact.value, asked)
        return Question(name, named, asked.name, expected, written(asked.node), asked.line)

    # ── Small things ──────────────────────────────────────────────────────────────────────────────
    def _try(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except ScenarioError as error:
            self._fault(error.line, error.message)
            return None

    def _fault(self, line: int, message: str) -> None:
        self.faults.append((line, message))

    def _value(self, kind: Kind, part: Field | None) -> Any:
        return self._try(lambda: kind.value(part.name, part.node, self.scope)) if part is not None else None

    def _values(self, parts: Mapping[str, Field], known: Mapping[str, Kind], what: str) -> dict[str, Any]:
        self._only(parts, set(known), f"{what} has no argument")
        return {name: self._value(known[name], part) for name, part in parts.items() if name in known}

    def _mapping(self, part: Field, known: Mapping[str, Kind], what: str) -> dict[str, Any]:
        parts = self._try(lambda: fields(part.node, part.name)) or {}
        return self._values(parts, known, what)

    def _nodes(self, part: Field | None) -> list[yaml.Node]:
        return (self._try(lambda: items(part.node, part.name)) if part else None) or []

    def _only(self, parts: Mapping[str, Field], known: set[str], complaint: str) -> None:
        for part in parts.values():
            if part.name not in known:
                self._fault(part.line, _unknown(complaint, part.name, known))

    def _has(self, parts: Mapping[str, Any], needed: Iterable[str], line: int, what: str) -> bool:
        missing = [name for name in needed if name not in parts]
        for name in missing:
            self._fault(line, f"{what} needs {name}.")
        return not missing


def _unknown(complaint: str, name: str, known: Iterable[str]) -> str:
    likely = get_close_matches(name, list(known), n=1)
    return f"{complaint} {name}." + (f" Is {likely[0]} meant?" if likely else "")


def _prefixes(name: str) -> list[str]:
    """A fact's name and what it begins with, longest first: may.sit.350-401, may.sit, may."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _scalar(text: str, like: Field) -> yaml.Node:
    mark = like.node.start_mark
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, mark, mark)


def _one_line(parts: Mapping[str, Field]) -> str:
    return ", ".join(f"{name}: {written(part.node)}" for name, part in parts.items() if name not in {"date", "at"})


def _policy_value(part: Field) -> Any:
    """A parameter's value, of the same shape as those in the book; null says that there is no such rule."""
    value = plain(part.node)
    shapes = {_shape(known) for _day, known in BOOK.series[part.name].values if known is not None}
    if value is not None and shapes and _shape(value) not in shapes:
        says = " or ".join(sorted(shapes))
        raise ScenarioError(part.line, f"{part.name} must be {says}, not {written(part.node)}.")
    return value


def _shape(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
        case _:
            return "a day"
