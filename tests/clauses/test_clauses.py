"""The table of clauses is made from the sources; it tells what nothing enforces, nothing proves, or waits no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceportal.clauses import citing, table
from ceportal.clauses.__main__ import main
from ceportal.kernel.policy import BOOK, Clause

CLAUSES = {name: Clause(name, f"What {name} says.", "ours", "", ()) for name in ("CE-01", "CE-02", "LAB-01")}
RULES = '''"""A module about CE-02 enforces nothing by saying so."""

# The oldest first (CE-01).
ORDER = ("first", "second")


def assess(day):
    def within():
        return "CE-01"  # the function around it is named

    return within()


class Claim:
    """CE-01: a class."""

    @property
    def late(self):
        # Nothing waits for ever (CE-02).
        return True
'''
TESTS = '''"""CE-02 is named here in vain."""

TABLE = [("first", "CE-01")]


def helper():
    """CE-02: a helper is no test."""


def test_by_its_docstring():
    """CE-01: it is so."""


def test_by_a_table():
    assert TABLE


class TestByName:
    def test_ce_02_refuses(self):
        assert True
'''
SCENARIOS = """name: Two things | at once
clauses: [CE-01, CE-02]
story: []
---
name: One thing
clauses: [CE-02]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which CE-01 and CE-02 are enforced and proved, and LAB-01 waits."""
    files = {
        "credits/rules/claims.py": RULES,
        "credits/migrations/0001_initial.py": 'WHY = "LAB-01"\n',
        "ceportal/demo/story.py": 'WHY = "LAB-01"\n',
        "tests/credits/test_rules.py": TESTS,
        "tests/scenarios/public/programme.yaml": SCENARIOS,
        "ceportal/clauses/waiting.yaml": "labs: [LAB-01]\n",
        "docs/clauses.md": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / table.DOCUMENT).write_text(table.render(tmp_path, CLAUSES))
    return tmp_path


def write(project: Path, name: str, text: str) -> None:
    """Change a file, and make the table anew."""
    (project / name).write_text(text)
    (project / table.DOCUMENT).write_text(table.render(project, CLAUSES))


def test_functions_classes_and_constants_of_the_code_are_named(project: Path) -> None:
    assert [(each.name, each.clause) for each in citing.of_code(project)] == [
        ("ORDER", "CE-01"),
        ("assess", "CE-01"),
        ("Claim", "CE-01"),
        ("Claim.late", "CE-02"),
    ]


def test_tests_are_named_that_name_a_clause_themselves_or_by_a_table(project: Path) -> None:
    assert [(each.name, each.clause) for each in citing.of_tests(project)] == [
        ("test_by_its_docstring", "CE-01"),
        ("test_by_a_table", "CE-01"),
        ("TestByName.test_ce_02_refuses", "CE-02"),
    ]


def test_the_table_says_where_each_clause_is_and_what_waits(project: Path) -> None:
    text = (project / table.DOCUMENT).read_text()
    (first,) = [line for line in text.splitlines() if line.startswith("| **CE-01**")]
    assert first == (
        "| **CE-01** What CE-01 says. | `credits/rules/claims.py`: Claim, ORDER, assess "
        "| `tests/credits/test_rules.py`: test_by_a_table, test_by_its_docstring | Two things \\| at once |"
    )
    assert "| **LAB-01** What LAB-01 says. | *waits for: labs* |  |  |" in text
    assert table.problems(project, CLAUSES) == []


def test_a_clause_that_nothing_enforces_is_found(project: Path) -> None:
    write(project, "credits/rules/claims.py", RULES.replace("(CE-02)", ""))
    assert table.problems(project, CLAUSES) == ["CE-02 is enforced nowhere: no code names it."]


def test_a_clause_that_nothing_proves_is_found(project: Path) -> None:
    write(project, "tests/scenarios/public/programme.yaml", "name: Nothing\n")
    write(project, "tests/credits/test_rules.py", TESTS.replace("ce_02", "something"))
    assert table.problems(project, CLAUSES) == ["CE-02 is proved by nothing: neither a test nor a scenario names it."]


def test_a_clause_that_waits_no_longer_is_found(project: Path) -> None:
    write(project, "credits/labs.py", '"""Labs."""\nWHY = "LAB-01"\n')
    write(project, "tests/scenarios/labs.yaml", "name: A lab\nclauses: [LAB-01]\n")
    assert table.problems(project, CLAUSES) == []  # told, and half built
    write(project, "tests/test_labs.py", 'def test_a_lab():\n    """LAB-01."""\n')
    assert table.problems(project, CLAUSES) == [
        "LAB-01 is enforced and tested: take it off the list in ceportal/clauses/waiting.yaml."
    ]


def test_a_clause_that_is_not_in_the_book_is_found(project: Path) -> None:
    write(project, "ceportal/clauses/waiting.yaml", "labs: [LAB-01, LAB-99]\n")
    write(project, "tests/scenarios/labs.yaml", "name: A lab\nclauses: [LAB-98]\n")
    assert table.problems(project, CLAUSES) == [
        "ceportal/clauses/waiting.yaml names LAB-99, which is no clause of the book.",
        "tests/scenarios/labs.yaml names LAB-98, which is no clause of the book.",
    ]


def test_a_stale_table_is_found(project: Path) -> None:
    (project / "credits/rules/claims.py").write_text(RULES.replace("assess", "judge"))
    assert table.problems(project, CLAUSES) == ["docs/clauses.md is stale: run `make clauses`."]
    (project / table.DOCUMENT).unlink()
    assert "stale" in table.problems(project, CLAUSES)[0]


def test_the_check_says_what_is_wrong_and_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (project / table.DOCUMENT).read_text()
    assert main(["--check"], root=project) == 1
    assert "CE-03 is enforced nowhere: no code names it." in capsys.readouterr().err
    assert (project / table.DOCUMENT).read_text() == before


def test_without_it_the_table_is_written(project: Path) -> None:
    assert main([], root=project) == 1
    assert (project / table.DOCUMENT).read_text() == table.render(project, BOOK.clauses)
