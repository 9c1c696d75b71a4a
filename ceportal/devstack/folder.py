"""The local folder `var/`: one run at a time, enough room for it, nothing left of a run that was killed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ceportal.devstack.processes import CannotStart, Service, kill_group

NEEDED_BYTES = 500_000_000
LEFTOVER_SECONDS = 10


def make_room(var: Path) -> None:
    """Make the folder with the parts everybody needs."""
    for part in ("run", "log", "media", "mail"):
        (var / part).mkdir(parents=True, exist_ok=True)
    for private in ("run", "media", "mail"):
        (var / private).chmod(0o700)


def check_space(folder: Path, *, needed_bytes: int = NEEDED_BYTES) -> None:
    """Refuse to start on a disk that would be full soon: a database that cannot write stops hard."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise CannotStart(
            f"Only {free // 1_000_000} MB are free on the disk of {folder}; "
            f"the portal needs {needed_bytes // 1_000_000} MB."
        )


@contextlib.contextmanager
def only_run(var: Path, *, address: str) -> Iterator[None]:
    """Hold the folder for this process; a second run is told who holds it."""
    path = var / "run" / "lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CannotStart(
                f"The portal already runs from this folder ({lock.read().strip()}); "
                "stop that one first, with Ctrl-C where it was started."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {address}")
        lock.flush()
        yield


def is_held(var: Path) -> bool:
    """Whether a run holds the folder now."""
    path = var / "run" / "lock"
    if not path.exists():
        return False
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def local_secrets(var: Path) -> dict[str, str]:
    """Keys made once for this folder and readable by us alone."""
    path = var / "run" / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SIGNING_KEY": _signing_key(),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
    }
    if made.keys() - kept.keys():  # a folder of an earlier version gets what it has not
        write_private(path, made | kept)
    return made | kept


def _signing_key() -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def write_private(path: Path, content: Any) -> None:
    """Write JSON that only we can read, at once or not at all."""
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    half.write_text(json.dumps(content))
    half.replace(path)


def remember_processes(var: Path, services: Sequence[Service]) -> None:
    """Note who runs, so that the next run can end what a killed supervisor left."""
    running = [
        {"pid": service.process.pid, "born": born(service.process.pid), "signal": int(service.stop_signal)}
        for service in services
    ]
    write_private(var / "run" / "processes.json", running)


def stop_leftovers(var: Path) -> None:
    """End the processes of a run that was killed; a process id that has a new owner since is left alone."""
    path = var / "run" / "processes.json"
    if not path.exists():
        return
    for leftover in reversed(json.loads(path.read_text())):
        pid, mark = leftover["pid"], leftover["born"]
        if not mark or born(pid) != mark:
            continue
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.Signals(leftover["signal"]))
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while born(pid) == mark and time.monotonic() < deadline:
            time.sleep(0.05)
        kill_group(pid)
    path.unlink()


def born(pid: int) -> str:
    """When the process started, in the kernel's ticks; empty where it is gone or the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return "" if fields[0] == "Z" else fields[19]
