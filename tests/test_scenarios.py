"""The policy scenarios of tests/scenarios, one test each, told by the code that `manage.py scenario` tells them with.

The public files stand beside our own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ceportal.scenarios import report
from ceportal.scenarios.reading import Unreadable, read_file
from ceportal.scenarios.running import tell
from ceportal.scenarios.scenario import Scenario

FOLDER = Path(__file__).resolve().parent / "scenarios"
pytestmark = pytest.mark.django_db

ALL = [(path.name, each) for path in sorted(FOLDER.glob("*.yaml")) for each in read_file(path)]


@pytest.mark.usefixtures("scenario_world")
@pytest.mark.parametrize(
    ("file", "scenario"),
    [pytest.param(file, each, id=f"{file.removesuffix('.yaml')}: {each.name}") for file, each in ALL],
)
def test_scenario(file: str, scenario: Scenario | Unreadable) -> None:
    assert isinstance(scenario, Scenario), scenario

    result = tell(scenario, keep_going=True)

    assert result.passed, report.line(report.Told(file, result))


def test_no_two_scenarios_bear_the_same_name() -> None:
    names = [each.name for _file, each in ALL]
    assert sorted(names) == sorted(set(names))
