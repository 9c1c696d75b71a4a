"""What was done to a database, kept as the database's own comment: it goes where the database goes.

With it the second start knows without asking Django that there is nothing to migrate and nothing to load.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import asdict, dataclass

import psycopg2  # type: ignore[import-untyped] # it comes without types
from psycopg2 import sql

from ceportal.devstack.stylesheet import APPS, PROJECT

PROGRAMS = "ceportal/devstack/"  # what starts the portal changes nothing in its data


@dataclass(frozen=True, slots=True)
class Mark:
    """By which state of the code the database was prepared, and whether all of the demo data went in."""

    prepared_by: str = ""
    demo_loaded: bool = False


def code_state() -> str:
    """A hash of everything that preparing depends on: the project's files and the pinned packages."""
    digest = hashlib.sha256((PROJECT / "requirements.lock").read_bytes())
    for app in APPS:
        for path in sorted((PROJECT / app).rglob("*.*")):
            name = path.relative_to(PROJECT).as_posix()
            if path.is_file() and path.suffix != ".pyc" and not name.startswith(PROGRAMS):
                digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def read_mark(url: str) -> Mark:
    """The mark of the database, or a blank one where it has none or cannot be asked."""
    question = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(question)
            (comment,) = cursor.fetchone()
        return Mark(**json.loads(comment))
    except (psycopg2.Error, TypeError, ValueError):
        return Mark()


def write_mark(url: str, mark: Mark) -> None:
    """Replace the mark."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        database = sql.Identifier(connection.info.dbname)
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(database, sql.Literal(json.dumps(asdict(mark)))))
