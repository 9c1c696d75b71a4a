"""Starts PostgreSQL and Valkey for a test run before Django reads its settings (pytest loads this with -p).

pytest-django reads the settings before any conftest.py, so this cannot be a fixture. The servers belong to
the run: free ports, empty, gone afterwards; a DATABASE_URL of the person at the keyboard is never touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.environment import SIGNING_KEY

PROJECT = Path(__file__).resolve().parent.parent
OURS = "CEPORTAL_TEST_SERVERS"  # set where the servers run already, as in the workers of xdist


def start_servers() -> subprocess.Popen[str]:
    """Start the process that keeps both servers and put their addresses into the environment."""
    # Its own session: Ctrl-C is for pytest, which closes the pipe when it is done with the servers.
    keeper = subprocess.Popen(
        [sys.executable, "-m", "ceportal.devstack.throwaway"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert keeper.stdout is not None
    announced = keeper.stdout.readline()
    if not announced:
        stop_servers(keeper)
        raise pytest.UsageError("The servers for the tests did not start; the lines above say why.")
    addresses = json.loads(announced)
    for name in [name for name in os.environ if name.endswith("_FILE") or name == "EMAIL_URL"]:
        del os.environ[name]
    files = Path(addresses.pop("files"))
    (files / "static").mkdir()  # WhiteNoise warns where it is missing, and a warning is an error here
    os.environ.update(environment_of_tests(files))
    os.environ.update(addresses)
    os.environ[OURS] = str(keeper.pid)
    return keeper


def stop_servers(keeper: subprocess.Popen[str]) -> None:
    """Close the pipe the keeper listens to, and wait until it has stopped the servers."""
    with keeper:
        assert keeper.stdin is not None
        keeper.stdin.close()


def environment_of_tests(files: Path) -> dict[str, str]:
    """What settings.py reads in a test run, apart from the addresses of the servers."""
    return {
        "SECRET_KEY": "tests-only",
        "SIGNING_KEY": SIGNING_KEY,
        "DEBUG": "1",
        "DEMO": "0",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "BASE_URL": "http://testserver",
        "DEFAULT_FROM_EMAIL": "CE Portal <portal@example.org>",
        "MEDIA_ROOT": str(files / "media"),
        "MAIL_DIR": str(files / "mail"),
        "STATIC_ROOT": str(files / "static"),
        "STRIPE_SECRET_KEY": "sk_test_tests",
        "STRIPE_WEBHOOK_SECRET": "whsec_tests",
        "STRIPE_API_BASE": "http://127.0.0.1:9",  # discard: a test that wants a sandbox names it
        "PROGRAMME_TIME_ZONE": "UTC",
        "LOG_LEVEL": "WARNING",
    }


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None, Any, Any]:
    """Before everybody else: pytest-django loads the settings in this very hook."""
    if OURS not in os.environ and not {"-h", "--help", "-V", "--version"} & set(args):
        keeper = start_servers()
        early_config.add_cleanup(lambda: stop_servers(keeper))  # also after Ctrl-C and a wrong option
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Each worker of xdist gets a Valkey database of its own (pytest-django does the same for PostgreSQL)."""
    server, _, _number = os.environ["REDIS_URL"].rpartition("/")
    for number, spec in enumerate(specs, start=1):
        spec.env["REDIS_URL"] = f"{server}/{number}"


# Tests that share what takes long to make: a running portal, a demonstration.
TOGETHER = ("tests/browser/", "tests/demo/test_today.py::", "tests/partner_api/fuzzing/")


class OneWorkerForWhatIsShared(LoadScopeScheduling):
    """Tests go to whichever worker is free, but those that share something all to one.

    xdist's own groups (`--dist loadgroup`) do nothing under pytest 9.2, which no longer reads the attribute they
    are written to.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Take the place of `--dist`."""
    return OneWorkerForWhatIsShared(config, log)
