"""The table of clauses, and what is wrong with it: a clause that nothing enforces or nothing proves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml

from ceportal.clauses import citing
from ceportal.clauses.citing import Citation
from ceportal.kernel.policy import Clause

DOCUMENT = Path("docs", "clauses.md")
WAITING = Path("ceportal", "clauses", "waiting.yaml")
HEAD = """# The clauses, and where to find them

Made by `make clauses` from the sources; `make check` fails where it is stale, and where a clause is enforced nowhere or
proved by nothing. What the clauses say in full, with their numbers, is at `/policy/` and in
[clauses.yaml](../ceportal/policy/clauses.yaml).

A clause *waits* where the area that brings it is not built yet:
[waiting.yaml](../ceportal/clauses/waiting.yaml) lists those, and nothing else.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A clause with everything that names it; `waits_for` is the area that is still to bring it."""

    clause: Clause
    code: tuple[Citation, ...]
    tests: tuple[Citation, ...]
    scenarios: tuple[Citation, ...]
    waits_for: str


def rows(root: Path, clauses: Mapping[str, Clause]) -> list[Row]:
    """Every clause of the book, with what the files under a folder say of it."""
    code, tests, scenarios = (_by_clause(each(root)) for each in (citing.of_code, citing.of_tests, citing.of_scenarios))
    waiting = read_waiting(root)
    return [
        Row(clause, code[clause.id], tests[clause.id], scenarios[clause.id], waiting.get(clause.id, ""))
        for clause in clauses.values()
    ]


def _by_clause(citations: Iterable[Citation]) -> Mapping[str, tuple[Citation, ...]]:
    found: dict[str, set[Citation]] = defaultdict(set)
    for each in citations:
        found[each.clause].add(each)
    return defaultdict(tuple, {clause: tuple(sorted(places)) for clause, places in found.items()})


def read_waiting(root: Path) -> dict[str, str]:
    """The clauses that wait, each with the area that brings it."""
    areas = yaml.safe_load((root / WAITING).read_text(encoding="utf-8")) or {}
    return {clause: area for area, clauses in areas.items() for clause in clauses}


def problems(root: Path, clauses: Mapping[str, Clause]) -> list[str]:
    """What is wrong, a sentence each; nothing where all is well."""
    found = [problem for row in rows(root, clauses) for problem in _problem_of(row)]
    named = [(str(WAITING), clause) for clause in read_waiting(root)]
    named += [(each.file, each.clause) for each in citing.of_scenarios(root)]
    found += [
        f"{file} names {clause}, which is no clause of the book." for file, clause in named if clause not in clauses
    ]
    document = root / DOCUMENT
    if not document.exists() or document.read_text(encoding="utf-8") != render(root, clauses):
        found.append(f"{DOCUMENT} is stale: run `make clauses`.")
    return found


def _problem_of(row: Row) -> Iterator[str]:
    clause = row.clause.id
    if row.waits_for:
        # Scenarios are told of what is still to be built, too; a test is written with the code.
        if row.code and row.tests:
            yield f"{clause} is enforced and tested: take it off the list in {WAITING}."
    elif not row.code:
        yield f"{clause} is enforced nowhere: no code names it."
    elif not row.tests and not row.scenarios:
        yield f"{clause} is proved by nothing: neither a test nor a scenario names it."


def render(root: Path, clauses: Mapping[str, Clause]) -> str:
    """The document as it should be."""
    parts = [HEAD]
    for area, group in groupby(rows(root, clauses), key=lambda row: row.clause.id.partition("-")[0]):
        parts.append(f"\n## {area}\n\n| clause | enforced in | tests | scenarios |\n| --- | --- | --- | --- |\n")
        parts += [_line(row) for row in group]
    return "".join(parts)


def _line(row: Row) -> str:
    says = row.clause.says.replace("|", "\\|")
    code = _places(row.code)
    if row.waits_for:
        code = "<br>".join(filter(None, (f"*waits for: {row.waits_for}*", code)))
    scenarios = "<br>".join(each.name.replace("|", "\\|") for each in row.scenarios)
    return f"| **{row.clause.id}** {says} | {code} | {_places(row.tests)} | {scenarios} |\n"


def _places(citations: tuple[Citation, ...]) -> str:
    """File by file, what in it."""
    return "<br>".join(
        f"`{file}`: " + ", ".join(each.name for each in group)
        for file, group in groupby(citations, key=lambda each: each.file)
    )
