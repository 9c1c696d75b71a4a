"""A database that the migrations have been applied to, from which each test process copies its own.

Applying them takes most of a minute on a busy machine, and the outcome is the same until one of them changes. So it is
dumped beside pytest's cache under the digest of all that makes it; the next run reads the dump. A run that finds none
migrates, as does `tests/test_migrations.py` in every run.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from ceportal.devstack.postgres import find_binaries

PROJECT = Path(__file__).resolve().parent.parent
DUMPS = PROJECT / ".pytest_cache" / "migrated"
NAME = "migrated"
LOCK = 7_077_001  # any number that nobody else takes on this server


def provide() -> str:
    """Make the database on the server of this run, once for all its processes; its name, for a copy."""
    address = urlsplit(os.environ["DATABASE_URL"])
    administration = psycopg2.connect(address._replace(path="/postgres").geturl())
    administration.autocommit = True
    try:
        with administration.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if cursor.fetchone() is None:
                half = f"{NAME}_half"
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(half)))
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half)))
                _fill(address._replace(path=f"/{half}").geturl(), dump=DUMPS / f"{_digest()}.sql")
                cursor.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half), sql.Identifier(NAME))
                )
    finally:
        administration.close()
    return NAME


def _fill(url: str, *, dump: Path) -> None:
    """Read the dump into a database; without one migrate it, and dump it for the next run."""
    if dump.exists():
        _run("psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file", str(dump), url)
        return
    environment = os.environ | {"DATABASE_URL": url}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, cwd=PROJECT, env=environment
    )
    dump.parent.mkdir(parents=True, exist_ok=True)
    for old in dump.parent.glob("*.sql"):
        old.unlink(missing_ok=True)
    half = dump.with_suffix(f".{os.getpid()}")
    _run("pg_dump", "--no-owner", "--file", str(half), url)
    half.rename(dump)


def _run(program: str, *arguments: str) -> None:
    subprocess.run([find_binaries() / program, *arguments], check=True, stdout=subprocess.DEVNULL)


def _digest() -> str:
    """Of everything that makes the database: the migrations, what they import, and the packages with theirs."""
    ours = (*PROJECT.glob("*/migrations/*.py"), *PROJECT.glob("ceportal/*/migrations/*.py"))
    made_by = [*ours, PROJECT / "ceportal/kernel/triggers.py", PROJECT / "requirements-dev.lock"]
    digest = hashlib.sha256()
    for path in sorted(made_by):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:20]
