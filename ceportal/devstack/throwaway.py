"""PostgreSQL and Valkey for one test run: `python -m ceportal.devstack.throwaway`.

Prints one line of JSON with both addresses and a folder for the run's files, and serves until its standard
input closes. The one who started it may be killed in any way: its end of the pipe closes with it, and the
servers and all files go.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ceportal.devstack.postgres import Cluster
from ceportal.devstack.processes import CannotStart, Service
from ceportal.devstack.valkey import ValkeyServer


def serve(folder: Path) -> None:
    """Start both servers in `folder`, announce them, wait for the end of input, stop them."""
    cluster = Cluster(folder / "postgres", log=folder / "postgres.log", durable=False, say=lambda _line: None)
    valkey = ValkeyServer(folder / "valkey", log=folder / "valkey.log", durable=False)
    started: list[Service] = []
    files = folder / "files"
    files.mkdir(mode=0o700)
    try:
        with ThreadPoolExecutor() as pool:
            starting = [pool.submit(cluster.start), pool.submit(valkey.start)]
        started.extend(future.result() for future in starting if future.exception() is None)
        for future in starting:
            future.result()
        print(
            json.dumps({"DATABASE_URL": cluster.url(), "REDIS_URL": valkey.url(), "files": str(files)}),
            flush=True,
        )
        sys.stdin.buffer.read()
    finally:
        for service in started:
            service.ask_to_stop()
        for service in started:
            service.stop()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def main() -> None:
    """Serve from a folder of our own that PostgreSQL's account can enter."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    folder = Path(tempfile.mkdtemp(prefix="ceportal-test-"))
    folder.chmod(0o711)
    try:
        serve(folder)
    except CannotStart as problem:
        raise SystemExit(str(problem)) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
