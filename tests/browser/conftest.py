"""A real browser against the real stack: the same processes as `make run`, on free ports, with data of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ceportal.devstack import chromium
from tests.plugin import environment_of_tests

PROJECT = Path(__file__).resolve().parents[2]
TELEPHONE, DESKTOP = 390, 1280
FEE_ERA = "2019-11-04"
PATIENCE = 15_000  # milliseconds until what is expected must have come: two cores run the portal, the browser and tests
SETTINGS_OF_TESTS = {"DATABASE_URL", "REDIS_URL", *environment_of_tests(PROJECT)}


@dataclass(frozen=True)
class LiveStack:
    """The running portal: its address, whom one can sign in as, and the environment of its processes."""

    address: str
    logins: dict[str, tuple[str, str]]
    environment: dict[str, str]

    def url(self, path: str) -> str:
        return f"{self.address}{path}"

    def manage(self, *arguments: str) -> str:
        """Run a management command on the stack's data; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            check=False, cwd=PROJECT, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log(self, name: str) -> str:
        """What a process has written: web, worker, beat, cards."""
        return (Path(self.environment["MEDIA_ROOT"]).parent / "log" / f"{name}.log").read_text()


@pytest.fixture(scope="session")
def live_stack() -> Iterator[LiveStack]:
    """Web, worker, beat, card sandbox, PostgreSQL and Valkey, with the demo data, for all browser tests together.

    The demo begins in the era of the administrative fee, so that there is something to pay.
    """
    with running_stack("--throwaway", DEMO_START=FEE_ERA) as stack:
        yield stack


@contextmanager
def running_stack(*options: str, **environment: str) -> Iterator[LiveStack]:
    """Start the portal on free ports, with nothing in it yet; it ends with its input, so also if pytest is killed."""
    folder = Path(tempfile.mkdtemp(prefix="ceportal-stack-"))  # pytest's own are closed to PostgreSQL's account
    folder.chmod(0o711)
    command = [sys.executable, "-m", "ceportal.devstack.run", "--port", "0", "--var", str(folder / "var")]
    process = subprocess.Popen(
        [*command, "--json", "--until-input-ends", *options],
        cwd=PROJECT, env=_without_test_settings() | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            announced = process.stdout.readline()
            assert announced, "The portal did not start; the captured stderr says why."
            told = json.loads(announced)
            logins = {login["who"]: (login["email"], login["password"]) for login in told["logins"]}
            yield LiveStack(told["address"], logins, told["environment"])
        finally:
            process.stdin.close()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _without_test_settings() -> dict[str, str]:
    """The environment without what the test run has put there for its own Django; the stack makes its own."""
    return {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_TESTS}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests; no longer, as Django refuses its database beside Playwright's loop."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def open_window(browser: Browser, live_stack: LiveStack) -> Iterator[Callable[..., Page]]:
    """A function that opens a window with cookies of its own, `open_window(width=390)`: one for each person."""
    contexts: list[BrowserContext] = []

    def open_one(*, width: int = DESKTOP, height: int = 900, dark: bool = False, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_stack.address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # colours are looked at, not their way to one another
            java_script_enabled=scripts,
            locale="en-GB",
        )
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(params=[TELEPHONE, DESKTOP], ids=["telephone", "desktop"])
def page(request: pytest.FixtureRequest, open_window: Callable[..., Page]) -> Page:
    """A window at telephone and at desktop width; `@pytest.mark.parametrize("page", [1280], indirect=True)` for one."""
    return open_window(width=request.param)


@pytest.fixture
def sign_in(live_stack: LiveStack) -> Callable[..., None]:
    """A function that signs a window in as one of the demo's people, named as `make run` prints them."""

    def sign_in_as(page: Page, who: str) -> None:
        email, password = live_stack.logins[who]
        page.goto("/accounts/login/")
        page.fill('[name="login"]', email)
        page.fill('[name="password"]', password)
        with page.expect_navigation():
            page.press('[name="password"]', "Enter")

    return sign_in_as
