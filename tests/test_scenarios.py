"""The policy scenarios of tests/scenarios, one test each, told by the code that `manage.py scenario` tells them with.

The public files stand beside our own. What is not built yet is named in AWAITED with its area, by the names of the
scenarios that fail for it; one that passes has to leave the list.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ceportal.scenarios import report
from ceportal.scenarios.reading import Unreadable, read_file
from ceportal.scenarios.running import tell
from ceportal.scenarios.scenario import Scenario

FOLDER = Path(__file__).resolve().parent / "scenarios"
STANDING = "standing"
AWAITED_FILES: dict[str, str] = {}
AWAITED = {
    "Emeritus is bought in the window and begins when the active status ends": STANDING,
    "On the sixtieth day of grace it still sells, with the late fee": STANDING,
    "A day later it is too late": STANDING,
    "On the anniversary itself there is no late fee": STANDING,
    "Before ten years there is no Emeritus": STANDING,
    "A term not renewed runs into grace and then out": STANDING,
    "Emeritus in one CCIE track is Emeritus in all": STANDING,
    "With a young CCDE beside it the portal advises to recertify, and asks": STANDING,
    "At twenty years Lifetime comes by itself, and nothing more is due": STANDING,
    "An active holder of twenty years becomes Lifetime when the active status ends": STANDING,
    "The holder returns from Emeritus by credits, and the fee is not given back": STANDING,
}
pytestmark = pytest.mark.django_db

ALL = [(path.name, each) for path in sorted(FOLDER.glob("*.yaml")) for each in read_file(path)]


def awaited(file: str, name: str) -> str:
    return AWAITED_FILES.get(file) or AWAITED.get(name, "")


def named(*, waiting: bool) -> list[Any]:
    return [
        pytest.param(file, each, id=f"{file.removesuffix('.yaml')}: {each.name}")
        for file, each in ALL
        if bool(awaited(file, each.name)) is waiting
    ]


@pytest.mark.usefixtures("scenario_world")
@pytest.mark.parametrize(("file", "scenario"), named(waiting=False))
def test_scenario(file: str, scenario: Scenario | Unreadable) -> None:
    assert isinstance(scenario, Scenario), scenario

    result = tell(scenario, keep_going=True)

    assert result.passed, report.line(report.Told(file, result))


@pytest.mark.usefixtures("scenario_world")
@pytest.mark.parametrize(("file", "scenario"), named(waiting=True))
def test_what_is_awaited_can_be_read_and_does_not_pass_yet(file: str, scenario: Scenario | Unreadable) -> None:
    assert isinstance(scenario, Scenario), scenario
    assert not tell(scenario).passed, f"It passes: take it off the list of what is awaited ({file})."


def test_the_list_of_what_is_awaited_names_nothing_else() -> None:
    names = {each.name for _file, each in ALL}
    files = {file for file, _each in ALL}
    assert set(AWAITED) <= names
    assert set(AWAITED_FILES) <= files


def test_no_two_scenarios_bear_the_same_name() -> None:
    names = [each.name for _file, each in ALL]
    assert sorted(names) == sorted(set(names))
