"""Everything the sandbox knows, in one SQLite file: written in transactions, there again after a restart.

Objects are kept as JSON documents in the form the API gives them; names that begin with an underscore are
ours and never leave (`public`). One connection and one lock: a transaction sees and changes the world alone.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ceportal.devstack.cards.errors import missing

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (json_extract(doc, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_by_status ON objects (kind, json_extract(doc, '$.status'));
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER,
    body TEXT
);
CREATE TABLE IF NOT EXISTS submissions (
    session TEXT NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (session, token)
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dropped', 'given_up')),
    forced INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (state, due);
CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
TABLES = ("objects", "answers", "submissions", "deliveries", "switches")

# The kind an id belongs to, by its prefix; `kind` is also the word Stripe uses in "No such ...".
KINDS = {
    "cs": "checkout.session",
    "pi": "payment_intent",
    "pm": "payment_method",
    "ch": "charge",
    "re": "refund",
    "du": "dispute",
    "txn": "balance_transaction",
    "evt": "event",
}
ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """An id that cannot be guessed: knowing a session's is what allows paying it."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def public(document: Document) -> Document:
    """The document as others may see it."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


@dataclass(frozen=True, slots=True)
class Request:
    """The call that caused a change; events name it. Changes of the sandbox's own have none."""

    id: str | None = None
    idempotency_key: str | None = None


class Transaction:
    """The world during one transaction. `now` is the sandbox's time in whole seconds."""

    def __init__(self, connection: sqlite3.Connection, *, base_url: str, request: Request) -> None:
        self._connection = connection
        self.base_url = base_url
        self.request = request
        self.now = int(time.time()) + int(self.switch("clock_offset_seconds", 0))

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """One SQL statement."""
        return self._connection.execute(statement, values)

    def add(self, document: Document) -> Document:
        """Keep a new object."""
        self.execute(
            "INSERT INTO objects (id, kind, created, doc) VALUES (?, ?, ?, ?)",
            document["id"],
            document["object"],
            document["created"],
            json.dumps(document),
        )
        return document

    def save(self, document: Document) -> Document:
        """Keep what changed in an object."""
        self.execute("UPDATE objects SET doc = ? WHERE id = ?", json.dumps(document), document["id"])
        return document

    def find(self, identifier: str) -> Document | None:
        """The object with that id, of any kind."""
        row = self.execute("SELECT doc FROM objects WHERE id = ?", identifier).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, identifier: str, *, param: str = "id") -> Document:
        """The object, or Stripe's 404."""
        document = self.find(identifier)
        if document is None or document["object"] != kind:
            raise missing(kind, identifier, param=param)
        return document

    def select(self, kind: str, *, newest_first: bool = True, **equal: Any) -> list[Document]:
        """All objects of a kind whose top-level fields have these values."""
        where = "".join(f" AND json_extract(doc, '$.{name}') = ?" for name in equal)
        order = "DESC" if newest_first else "ASC"
        # Field names are ours, never a caller's; values are bound.
        statement = f"SELECT doc FROM objects WHERE kind = ?{where} ORDER BY seq {order}"  # noqa: S608
        rows = self.execute(statement, kind, *equal.values())
        return [json.loads(row[0]) for row in rows]

    def switch(self, name: str, default: Any) -> Any:
        """The position of a switch."""
        row = self.execute("SELECT value FROM switches WHERE name = ?", name).fetchone()
        return json.loads(row[0]) if row else default

    def set_switch(self, name: str, value: Any) -> None:
        """Turn a switch."""
        self.execute("INSERT OR REPLACE INTO switches (name, value) VALUES (?, ?)", name, json.dumps(value))

    def clear(self, *tables: str) -> None:
        """Forget everything in these tables (all of them when none is named)."""
        for table in tables or TABLES:
            self.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are those of TABLES

    def first_submission(self, session_id: str, token: str) -> bool:
        """Whether this is the first time that this copy of the payment form is sent."""
        statement = "INSERT OR IGNORE INTO submissions (session, token) VALUES (?, ?)"
        return self.execute(statement, session_id, token).rowcount == 1


class Store:
    """The file. `base_url` is set once the port is known, and addresses given out begin with it."""

    def __init__(self, path: Path) -> None:
        self.base_url = ""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(SCHEMA)
        # A call that was being executed when the process ended left nothing behind: its key is free again.
        self._connection.execute("DELETE FROM answers WHERE status IS NULL")

    @contextmanager
    def transaction(self, request: Request | None = None) -> Iterator[Transaction]:
        """All or nothing, and nobody else meanwhile."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._connection, base_url=self.base_url, request=request or Request())
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
