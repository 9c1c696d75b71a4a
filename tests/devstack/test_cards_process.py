"""The sandbox as a process: when it starts, whom it serves, how it stops."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.devstack.cards_sandbox import PROJECT, Cards, command, fetch, running_cards


def start(data: Path, *, port: int = 0, debug: str | None = "1") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DEBUG"}
    if debug is not None:
        environment["DEBUG"] = debug
    return subprocess.run(
        command(data, port=port), cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("debug", [None, "0", ""])
def test_it_never_starts_in_production(tmp_path: Path, debug):
    ended = start(tmp_path / "cards", debug=debug)
    assert ended.returncode == 2
    assert ended.stderr == "The card sandbox takes test cards as payment, so it starts only with DEBUG=1.\n"
    assert not (tmp_path / "cards").exists()


def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start(tmp_path, port=port)
    assert ended.returncode == 2
    assert ended.stderr == f"The card sandbox cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_one_folder_serves_one_sandbox(tmp_path: Path):
    with running_cards(tmp_path):
        ended = start(tmp_path)
    assert (ended.returncode, ended.stderr) == (2, f"Another card sandbox is running on {tmp_path}.\n")


def test_it_stops_when_it_is_told_to(tmp_path: Path):
    with running_cards(tmp_path) as cards:
        cards.process.terminate()
        assert cards.process.wait(timeout=10) == 0


@pytest.mark.parametrize("host", ["portal.test", "evil.test:80", ""])
def test_it_answers_to_its_own_name_only(cards: Cards, host):
    assert fetch("GET", f"{cards.url}/_control", headers={"Host": host}).status == 403


def test_a_body_that_is_too_large_is_refused(cards: Cards):
    answer = fetch("POST", f"{cards.url}/_control", headers={"Content-Length": "2000000"})
    assert answer.status == 413
