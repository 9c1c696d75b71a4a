"""The locks hold packages and hashes, nothing of the machine they were made on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def pins(name: str) -> dict[str, str]:
    """Every pinned line, with its marker, and how it goes on."""
    text = (PROJECT / name).read_text()
    return dict(re.findall(r"^([A-Za-z0-9_.-]+==[^\\\n]+?) \\\n((?:    --hash=\S+(?: \\)?\n)+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place(name: str) -> None:
    text = (PROJECT / name).read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host|(^|\s)[~.]?/", text)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    named = re.findall(r"^[A-Za-z0-9]\S*", (PROJECT / name).read_text(), re.MULTILINE)
    assert len(named) == len(pins(name)) > 30


def test_what_developers_test_is_what_is_run() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_the_locks_are_those_of_the_project(tmp_path: Path) -> None:
    """Every dependency pyproject.toml names is in the lock: somebody ran `make lock`."""
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["local"]]
    locked = {pin.partition("==")[0] for pin in pins("requirements.lock")}
    assert {re.split(r"[\[<>=~! ]", name)[0] for name in wanted} <= locked


def test_an_environment_with_the_lock_is_left_alone() -> None:
    """The second `make run` must not lose time with pip."""
    installed = PROJECT / ".venv" / "installed.lock"
    assert installed.exists(), "The tests run in the environment that `make test` sets up."
    done = subprocess.run(
        [sys.executable, PROJECT / "ceportal" / "devstack" / "bootstrap.py", *LOCKS[::-1]],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
