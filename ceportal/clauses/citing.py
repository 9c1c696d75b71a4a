"""Who names which clause, read from the files: the syntax of the code, the tests and the scenarios."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ceportal.kernel.policy import CLAUSE_ID

APPS = ("candidates", "catalog", "ceportal", "credits", "emeritus", "exams", "payments")
# Not the portal that enforces: its history, its demonstration, and what proves or describes it.
LEFT_OUT = (
    "ceportal/clauses",
    "ceportal/demo",
    "ceportal/devstack",
    "ceportal/scenarios",
    "ceportal/simulation",
    "*/migrations",
)
# Tests of the book as such: they name clauses as examples.
OF_THE_BOOK = (
    "tests/clauses/test_clauses.py",
    "tests/kernel/test_decisions.py",
    "tests/kernel/test_policy.py",
    "tests/test_policy_pages.py",
)
IN_A_TEST_NAME = re.compile(r"(?:^|_)([a-z]+)_(\d\d)(?=_|$)")
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, order=True)
class Citation:
    """A place that names a clause: the file, and what in it (a function, a class, a constant, a scenario's name)."""

    file: str
    name: str
    clause: str


def of_code(root: Path) -> Iterator[Citation]:
    """The functions, classes and constants of the apps that name a clause; what a module says of itself is no proof."""
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            file = path.relative_to(root)
            if any(Path(*file.parts[:depth]).match(left) for left in LEFT_OUT for depth in range(1, len(file.parts))):
                continue
            yield from _in_module(path, str(file))


def _in_module(path: Path, file: str) -> Iterator[Citation]:
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, Scope):
            for name, clause in _in_scope(node, lines, node.name):
                yield Citation(file, name, clause)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            name = _assigned(node)
            for clause in _named(lines, node.lineno, node.end_lineno, with_comment_above=True):
                yield Citation(file, name, clause)


def _in_scope(node: Scope, lines: list[str], name: str) -> Iterator[tuple[str, str]]:
    """What a function or class names; what its methods name belongs to them."""
    inner = [each for each in node.body if isinstance(each, Scope)] if isinstance(node, ast.ClassDef) else []
    taken = {line for each in inner for line in range(_first_line(each), (each.end_lineno or each.lineno) + 1)}
    own = [
        lines[number - 1]
        for number in range(_first_line(node), (node.end_lineno or node.lineno) + 1)
        if number not in taken
    ]
    for clause in sorted(set(CLAUSE_ID.findall("\n".join(own)))):
        yield name, clause
    for each in inner:
        yield from _in_scope(each, lines, f"{name}.{each.name}")


def _first_line(node: Scope) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _assigned(node: ast.Assign | ast.AnnAssign) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return ", ".join(ast.unparse(target) for target in targets)


def _named(lines: list[str], first: int, last: int | None, *, with_comment_above: bool) -> list[str]:
    while with_comment_above and first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return sorted(set(CLAUSE_ID.findall("\n".join(lines[first - 1 : last]))))


def of_tests(root: Path) -> Iterator[Citation]:
    """The tests that name a clause: in their name, in their text, or in a table of their module that they use."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        file = str(path.relative_to(root))
        if file in OF_THE_BOOK:
            continue
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        tree = ast.parse(source)
        tables = {
            _assigned(node): _named(lines, node.lineno, node.end_lineno, with_comment_above=False)
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
        }
        for name, node in _tests_in(tree.body):
            for clause in _in_test(node, lines, tables):
                yield Citation(file, name, clause)


def _tests_in(body: Iterable[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Scope]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests_in(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield prefix + node.name, node


def _in_test(node: Scope, lines: list[str], tables: Mapping[str, list[str]]) -> list[str]:
    found = set(_named(lines, _first_line(node), node.end_lineno, with_comment_above=False))
    found |= {f"{area.upper()}-{number}" for area, number in IN_A_TEST_NAME.findall(node.name)}
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found |= set(tables.get(each.id, ()))
    return sorted(found)


def of_scenarios(root: Path) -> Iterator[Citation]:
    """The scenarios and the clauses that each says it is about."""
    for path in sorted((root / "tests" / "scenarios").rglob("*.yaml")):
        file = str(path.relative_to(root))
        for scenario in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            for clause in scenario.get("clauses", ()) if isinstance(scenario, dict) else ():
                yield Citation(file, scenario.get("name", ""), clause)
