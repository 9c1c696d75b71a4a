"""What the documents say is so: variables, links, commands, dependencies."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands

from ceportal.demo.logins import DEMO_LOGINS, PASSWORD
from ceportal.kernel.policy import BOOK
from tests.environment import PROJECT, variables

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
README = (PROJECT / "README.md").read_text()
PICTURES_MADE_BY_HAND = {"docs/images/dashboard.png"}

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_table_has_every_variable_and_no_other() -> None:
    table = README.partition("## Configuration")[2].partition("Others read these")[0]
    stated = {row[0].strip("` ").strip("`"): row[1] for row in rows(table) if row[0].strip().startswith("`")}
    known = variables()
    assert set(stated) == set(known)
    assert {name for name, default in stated.items() if default == "needed"} == {
        variable.name for variable in known.values() if variable.needed
    }


def test_every_dependency_has_its_reason_and_no_other_has() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    listed = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in listed}
    record = (PROJECT / "docs/decisions/0001-dependencies.md").read_text()
    reasons = {row[0].strip("` "): row[1].strip(" |") for row in rows(record) if row[0].strip().startswith("`")}
    assert set(reasons) == names
    assert all(len(reason) > 4 for reason in reasons.values())


@documents
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists() or str(linked.relative_to(PROJECT)) in PICTURES_MADE_BY_HAND, target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@documents
def test_commands_exist(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    code = " ".join(
        re.findall(r"`([^`\n]+)`", text) + re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    )
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets
    assert set(re.findall(r"manage\.py (\w+)", code)) <= set(get_commands())
    for script in re.findall(r"python3? ((?:\w+/)+\w+\.py)", code):
        assert (PROJECT / script).is_file(), script


@documents
def test_files_and_clauses_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    for name in re.findall(
        r"`((?:ceportal|candidates|catalog|payments|exams|credits|tests|docs|deploy)/[\w./-]*)`", text
    ):
        assert (PROJECT / name).exists() or name == "deploy/secrets/", name
    for clause in re.findall(r"\b(?:CE|CAT|CR|CERT|PAY|CAND|EMR|EXAM|LIVE|XDEV)-\d\d\b", text):
        assert clause in BOOK.clauses, clause


def test_the_tour_names_people_who_can_sign_in() -> None:
    tour = README.partition("## Five minutes")[2].partition("## The map")[0]
    emails = set(re.findall(r"`([\w.]+@[\w.]+)`", tour))
    assert emails
    assert emails <= {login.email for login in DEMO_LOGINS}
    assert PASSWORD in tour


def test_decisions_are_numbered_once_and_say_context_decision_and_consequence() -> None:
    records = sorted((PROJECT / "docs/decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(numbers) == len(set(numbers))
    for record in records:
        text = record.read_text()
        assert text.startswith(f"# {int(record.name[:4])}. ")
        for part in ("## Context", "## Decision", "## Consequence"):
            assert part in text, record.name
