"""Child processes: started in a session of their own, stopped by process id, never by name.

A *service* is one process we started, with the log it writes and the signal it likes to be stopped with.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

LOOPBACK = "127.0.0.1"


class CannotStart(Exception):  # noqa: N818 - reads as the sentence it carries
    """Something the person at the keyboard can mend; the message is one clear sentence."""


class Identity(TypedDict, total=False):
    """The account a process runs as, in the words of `subprocess.Popen`; empty means our own."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass
class Service:
    """A running process; `stop()` may be called more than once and from any state."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience_seconds: float = 10
    _asked: bool = field(default=False, init=False)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal once, to the process itself: it knows how to end its own children."""
        if not self._asked and self.running:
            self.process.send_signal(self.stop_signal)
        self._asked = True

    def stop(self) -> None:
        """Ask, wait, and after the patience is used up kill the whole process group."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience_seconds)
        # Also after a polite end: a child that outlived its parent is still in the group.
        kill_group(self.process.pid)
        self.process.wait()

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log, for telling why it ended."""
        return tail(self.log, lines)


def start_service(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    identity: Identity | None = None,
    cwd: str | Path = "/",
    stdin: bytes | None = None,
    stdout: int | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    patience_seconds: float = 10,
) -> Service:
    """Start `command` in its own session with its output in `log`; `stdin`, if given, is its whole input.

    A session of its own keeps a terminal's Ctrl-C from reaching the process before its supervisor decides.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=output if stdout is None else stdout,
            stderr=output,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            **(identity or {}),
        )
    if stdin is not None and process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
    return Service(name, process, log, stop_signal, patience_seconds)


def kill_group(pid: int) -> None:
    """Kill what is left of the process group led by `pid`; nothing left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, or an empty string where there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: connections that are winding down do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """A port of 127.0.0.1 nobody listens on; the preferred one where that is free."""
    if preferred and port_is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
