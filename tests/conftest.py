"""What every test stands on."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from ceportal.devstack import chromium
from tests import migrated

pytest_plugins = ["tests.fixtures", "tests.devstack.cards_sandbox"]

NO_CHROMIUM = "There is no Chromium: set CHROMIUM_PATH, or as root on Debian run `make test`, which installs one."

_connect = socket.socket.connect


def _connect_to_this_machine_only(self: socket.socket, address: Any) -> None:
    """Let a socket connect to this machine; anything else is a test that would depend on the world."""
    if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(str(address[0])):
        raise PermissionError(f"A test tried to connect to {address[0]}; tests speak to this machine only.")
    _connect(self, address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Any:
    """Refuse connections that leave this machine."""
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _connect_to_this_machine_only)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Any:
    """Hash passwords as the portal does, with fewer rounds: a third of a second each is meant for those who guess."""
    patch = pytest.MonkeyPatch()
    patch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
    yield
    patch.undo()


def pytest_collection_finish() -> None:
    """Spare the collector of garbage all that stays until the end anyway: it looked through it a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


LET_TABLES_BE_EMPTIED = """
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT tgname, tgrelid::regclass AS told FROM pg_trigger WHERE tgname LIKE '%never_emptied' LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', each.told, each.tgname);
    END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let Django empty all tables after a test with transactions of its own, which the ledger refuses (CR-07)."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(LET_TABLES_BE_EMPTIED)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy each process's database from one that is migrated already (tests/migrated.py)."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated.provide()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests where there is no Chromium, and move the clock of what they share last of all."""
    items.sort(key=_moved_to)
    if chromium.find() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def _moved_to(item: pytest.Item) -> tuple[bool, str]:
    """Last of all what moves the clock, and of those whoever moves it furthest: it never goes back."""
    marker = item.get_closest_marker("moves_the_clock")
    return marker is not None, marker.kwargs.get("to", "") if marker else ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly when browser tests were skipped: a green line below would look like all is well."""
    skipped = _skipped_for_want_of_chromium(terminalreporter)
    if skipped:
        terminalreporter.section("BROWSER TESTS WERE SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{skipped} browser tests did not run. {NO_CHROMIUM}", red=True, bold=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where CI=true promises that everything ran, a skipped browser test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    promised = os.environ.get("CI") == "true" and exitstatus == pytest.ExitCode.OK
    if promised and reporter is not None and _skipped_for_want_of_chromium(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped_for_want_of_chromium(reporter: pytest.TerminalReporter) -> int:
    return sum(NO_CHROMIUM in str(report.longrepr) for report in reporter.stats.get("skipped", []))
