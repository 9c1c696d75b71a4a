"""`make run`: refusals in one sentence, and every process ended however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ceportal.devstack import folder
from ceportal.devstack.folder import born
from ceportal.devstack.processes import CannotStart
from tests.plugin import environment_of_tests

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
TEST_SETTINGS = {"DATABASE_URL", "REDIS_URL", *environment_of_tests(PROJECT)}


@pytest.fixture
def var() -> Iterator[Path]:
    """The data folder of a run of its own, which PostgreSQL's account can enter."""
    parent = Path(tempfile.mkdtemp(prefix="ceportal-test-"))
    parent.chmod(0o711)
    folder.make_room(parent / "var")
    yield parent / "var"
    shutil.rmtree(parent)


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(var: Path) -> Iterator[Start]:
    """A function that starts the portal in `var`; whatever a test leaves running is stopped."""
    started: list[subprocess.Popen[str]] = []

    def start_one(*options: str, port: int = 0) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name not in TEST_SETTINGS}
        process = subprocess.Popen(
            [sys.executable, "-m", "ceportal.devstack.run", "--port", str(port), "--var", str(var), "--throwaway",
             "--without-demo-data", "--json", *options],
            cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate()
    folder.stop_leftovers(var)


def descendants(pid: int) -> dict[int, str]:
    """All processes below this one, each with the mark of its birth."""
    below: dict[int, str] = {}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            below |= {child: born(child)} | descendants(child)
    return below


def alive(processes: dict[int, str]) -> list[int]:
    return [pid for pid, mark in processes.items() if mark and born(pid) == mark]  # no mark: it was ending already


def wait_until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()


def announced(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return line


def refusal(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert out == ""
    assert err.count("\n") == 1, err
    return err


def test_a_port_in_use_is_said_in_one_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"Port {port} is in use by another program" in refusal(start(port=port))


def test_a_second_run_in_the_same_folder_is_said_in_one_sentence(start: Start, var: Path) -> None:
    with folder.only_run(var, address="http://127.0.0.1:8000"):
        sentence = refusal(start())
    assert f"already runs from this folder (process {os.getpid()}, http://127.0.0.1:8000)" in sentence


def test_a_port_that_is_none_is_said_in_one_sentence(start: Start) -> None:
    assert "PORT=70000 is not the number of a port" in refusal(start(port=70000))


def test_a_full_disk_is_said_in_one_sentence(var: Path) -> None:
    free = shutil.disk_usage(var).free
    folder.check_space(var, needed_bytes=free // 2)
    with pytest.raises(CannotStart, match=r"Only \d+ MB are free on the disk of"):
        folder.check_space(var, needed_bytes=free * 2)


def test_keys_are_made_once_and_for_us_alone(var: Path) -> None:
    made = folder.local_secrets(var)
    assert made == folder.local_secrets(var)
    assert made["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert (var / "run" / "secrets.json").stat().st_mode & 0o077 == 0


def test_ctrl_c_while_it_is_starting_ends_every_process(start: Start, var: Path) -> None:
    process = start()
    wait_until((var / "run" / "processes.json").exists)
    running = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert alive(running) == []


def test_however_it_ends_every_process_ends(start: Start, var: Path) -> None:
    """One folder after another run, so that its database is made once."""
    _ctrl_c_ends_every_process(start(), var)
    orphans = _left_by_a_kill(start())
    _the_next_run_clears_up_and_a_dead_worker_stops_it(start(), orphans)


def _ctrl_c_ends_every_process(process: subprocess.Popen[str], var: Path) -> None:
    announced(process)
    running = descendants(process.pid)
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in running]
    for wanted in ("postgres", "valkey", "devstack.cards", "gunicorn", "worker", "beat"):
        assert any(wanted in command for command in commands), f"{wanted} is not running"

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert alive(running) == []
    assert not (var / "run" / "environment.json").exists()


def _left_by_a_kill(process: subprocess.Popen[str]) -> dict[int, str]:
    announced(process)
    orphans = descendants(process.pid)
    process.kill()
    process.wait()
    assert alive(orphans)
    return orphans


def _the_next_run_clears_up_and_a_dead_worker_stops_it(process: subprocess.Popen[str], orphans: dict[int, str]) -> None:
    announced(process)
    assert alive(orphans) == []

    running = descendants(process.pid)
    worker = next(
        pid for pid in running if "celery\0--app\0ceportal.celery\0worker" in Path(f"/proc/{pid}/cmdline").read_text()
    )
    os.kill(worker, signal.SIGKILL)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "The worker ended by itself." in err
    assert alive(running) == []
