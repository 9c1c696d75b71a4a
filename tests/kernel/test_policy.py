"""The book is checked when it is loaded, and read by the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ceportal.kernel.policy import BOOK, FOLDER, BookError, load_book, thawed
from tests.factories import day

CLAUSES = """
CR-01:
  says: Credits last.
  source: "a text"
  uses: [credits.validity_years]
"""
PARAMETERS = """
credits.validity_years:
  clause: CR-01
  values: {2017-06-06: 3}
"""


def load(folder: Path, *, clauses: str = CLAUSES, parameters: str = PARAMETERS) -> Any:
    (folder / "clauses.yaml").write_text(clauses)
    (folder / "parameters.yaml").write_text(parameters)
    return load_book(folder)


def test_a_sound_book_is_read(tmp_path: Path) -> None:
    book = load(tmp_path)
    parameter = book.on(day("2026-01-01"))["credits.validity_years"]
    assert (parameter.value, parameter.since, parameter.clause) == (3, day("2017-06-06"), "CR-01")
    assert book.clauses["CR-01"].says == "Credits last."


@pytest.mark.parametrize(
    ("_case", "files", "message"),
    [
        ("a clause twice", {"clauses": CLAUSES + CLAUSES}, "'CR-01' stands twice, the second time in line 7"),
        (
            "a value twice",
            {"parameters": PARAMETERS.replace("{2017-06-06: 3}", "{2017-06-06: 3, 2017-06-06: 4}")},
            "2017, 6, 6.* stands twice",
        ),
        ("an unknown word in a clause", {"clauses": CLAUSES + "  because: x\n"}, "CR-01 has unknown keys: because"),
        (
            "an unknown word in a parameter",
            {"parameters": PARAMETERS + "  unit: years\n"},
            "credits.validity_years has unknown keys: unit",
        ),
        ("a clause that says nothing", {"clauses": CLAUSES.replace("says", "decided")}, "CR-01 lacks says"),
        ("a number that is none", {"clauses": CLAUSES.replace("CR-01", "CR-1")}, "'CR-1' is not the number"),
        (
            "a parameter without clause",
            {"parameters": PARAMETERS.replace("clause: CR-01", "selected_by: x")},
            "credits.validity_years lacks clause",
        ),
        (
            "a parameter of an unknown clause",
            {"parameters": PARAMETERS.replace("CR-01", "CR-99")},
            "names the unknown clause 'CR-99'",
        ),
        (
            "a clause with an unknown parameter",
            {"clauses": CLAUSES.replace("validity_years", "validity")},
            "CR-01 uses the unknown parameter 'credits.validity'",
        ),
        ("no values", {"parameters": PARAMETERS.replace("{2017-06-06: 3}", "{}")}, "has no values"),
        ("values without days", {"parameters": PARAMETERS.replace("{2017-06-06: 3}", "3")}, "has no values"),
        (
            "a value from no day",
            {"parameters": PARAMETERS.replace("2017-06-06", "soon")},
            "has a value from 'soon', which is not a day",
        ),
        ("a parameter that is a number", {"parameters": "credits.validity_years: 3\n"}, "must be a mapping"),
        ("an empty file", {"clauses": "\n"}, "clauses.yaml must hold a mapping"),
    ],
)
def test_a_book_with_a_mistake_is_not_read(tmp_path: Path, _case: str, files: dict[str, str], message: str) -> None:
    with pytest.raises(BookError, match=message):
        load(tmp_path, **files)


@pytest.mark.parametrize(
    ("name", "asked", "value"),
    [
        ("enrollment.eligible_levels", "2020-02-23", ["expert"]),
        ("enrollment.eligible_levels", "2020-02-24", ["associate", "specialist", "professional", "expert"]),
        ("enrollment.eligible_statuses", "2020-02-23", ["active", "suspended", "emeritus"]),
        ("enrollment.eligible_statuses", "2020-02-24", ["active", "emeritus"]),
        ("recert.admin_fee", "2020-02-23", {"expert": 300}),
        ("recert.admin_fee", "2020-02-24", {}),
        ("claims.submit_within_days", "2020-02-23", None),
        ("claims.submit_within_days", "2020-02-24", 90),
        ("claims.pending_at_expiry", "2020-02-23", "lost"),
        ("claims.pending_at_expiry", "2020-02-24", "retroactive"),
        ("live.cycle_cap", "2020-02-23", 70),
        ("live.cycle_cap", "2020-02-24", None),
        ("emeritus.lifetime_years", "2020-02-23", None),
        ("emeritus.lifetime_years", "2020-02-24", 20),
        ("embargo.countries", "2022-03-02", ["CU", "IR", "KP", "SY"]),
        ("embargo.countries", "2022-03-03", ["CU", "IR", "KP", "SY", "BY", "RU"]),
        ("embargo.regions", "2022-02-20", ["UA-43"]),
        ("embargo.regions", "2022-02-21", ["UA-43", "UA-14", "UA-09"]),
        ("credits.validity_years", "2017-06-05", 3),  # before the book the first value holds
        ("programme.starts_on", "2026-01-01", "2017-06-06"),
    ],
)
def test_what_the_book_says_on_the_last_old_day_and_the_first_new_one(name: str, asked: str, value: Any) -> None:
    assert thawed(BOOK.on(day(asked))[name].value) == value


@pytest.mark.parametrize(
    ("name", "asked", "key", "value"),
    [
        ("cert.active_months", "2020-02-23", "expert", 24),
        ("cert.active_months", "2020-02-24", "expert", 36),
        ("cert.active_months", "2020-02-24", "entry", None),
        ("cert.suspended_months", "2020-02-23", "expert", 12),
        ("cert.suspended_months", "2020-02-23", "associate", 0),
        ("cert.suspended_months", "2020-02-24", "expert", 0),
        ("recert.renewal_basis", "2020-02-23", "expert", "anniversary"),
        ("recert.renewal_basis", "2020-02-24", "expert", "met_on"),
    ],
)
def test_what_holds_for_a_level(name: str, asked: str, key: str, value: Any) -> None:
    assert BOOK.on(day(asked))[name].for_key(key) == value


def test_a_level_the_book_does_not_name_has_no_value() -> None:
    with pytest.raises(KeyError):
        BOOK.on(day("2020-02-24"))["recert.admin_fee"].for_key("expert")


def test_an_unknown_parameter_is_an_error() -> None:
    with pytest.raises(KeyError):
        BOOK.on(day("2020-02-24"))["recert.discount"]


def test_days_of_change() -> None:
    assert BOOK.change_days("cert.active_months", "embargo.countries") == (day("2020-02-24"), day("2022-03-03"))
    assert BOOK.change_days("credits.validity_years") == ()


def test_values_laid_over_the_book_hold_within_the_block_only() -> None:
    asked = date(2017, 6, 6)
    with BOOK.overlaid({"live.cycle_cap": 30}):
        assert BOOK.on(asked)["live.cycle_cap"].value == 30
        assert BOOK.on(date(2026, 1, 1))["live.cycle_cap"].value == 30
    assert BOOK.on(asked)["live.cycle_cap"].value == 70
    with pytest.raises(BookError, match=r"no parameter 'live\.cap'"), BOOK.overlaid({"live.cap": 30}):
        pass


def test_a_value_cannot_be_changed_by_who_reads_it() -> None:
    with pytest.raises(TypeError):
        BOOK.on(day("2026-01-01"))["recert.paths"].value["expert"] = ()


def test_the_programmes_own_book_is_whole() -> None:
    book = load_book(FOLDER)
    assert list(book.clauses) == list(BOOK.clauses)
    for clause in book.clauses.values():
        assert clause.says.endswith(".")
        assert clause.source
    for series in book.series.values():
        assert series.clause in book.clauses
        assert series.values[0][0] == date(2017, 6, 6), f"{series.name} says nothing about the first day"
