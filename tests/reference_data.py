"""The reference data for a test: loaded once in each process of a run, and from then on copied.

Loading takes some eight hundred statements, and the tests of the ledger begin with it; the rows are the same every
time (tests/test_reference.py shows it). Tests of the loading itself call `manage.py load_reference`.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from ceportal import reference

_copies: dict[
    tuple[Any, ...], dict[str, str]
] = {}  # by what they refer to: the rows of each table, as COPY writes them


def load_reference() -> None:
    """Bring the reference data into the database, as `reference.load` does; by it where its tables have other rows."""
    permissions = _permissions()
    copies = _copies.get(permissions)
    if copies is None:
        before = _row_counts(_tables())
        reference.load()
        _remember(permissions, before=before)
    elif any(_row_counts(list(copies)).values()):
        reference.load()
    else:
        _copy_in(copies)


def _tables() -> list[str]:
    models = apps.get_models(include_auto_created=True)
    return sorted({model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy})


def _row_counts(tables: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables))
        return dict(zip(tables, cursor.fetchone(), strict=True))


def _permissions() -> tuple[Any, ...]:
    """What the groups of staff point at: emptying all tables after a test makes permissions anew, under other keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), min(id), max(id) FROM auth_permission")
        return tuple(cursor.fetchone())


def _remember(permissions: tuple[Any, ...], *, before: dict[str, int]) -> None:
    """Keep what was loaded, provided that it stands in tables which had no other rows."""
    written = [table for table, count in _row_counts(list(before)).items() if count != before[table]]
    if any(before[table] for table in written):
        return
    copies = _copies.setdefault(permissions, {})
    with connection.cursor() as cursor:
        for table in written:
            rows = StringIO()
            cursor.copy_expert(f'COPY "{table}" TO STDOUT', rows)
            copies[table] = rows.getvalue()


def _copy_in(copies: dict[str, str]) -> None:
    """Write the rows again. They satisfied every constraint when they were read; none is asked a second time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in copies.items():
            cursor.copy_expert(f'COPY "{table}" FROM STDIN', StringIO(rows))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
