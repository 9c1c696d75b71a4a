"""Rows inserted and changed by the thousand: by COPY, which spares both sides most of the work; and a few at once."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models.sql import InsertQuery

FEW = 50  # for so many an INSERT is as fast, and asks for no keys in advance
NULL = "\\N"
CHANGED = "bulk_changed"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
KEYS = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model and give them their keys, as `bulk_create` does; triggers and constraints apply.

    The caller is in a transaction. Values are taken as they are: of the right type, nothing computed when saved.
    """
    if not rows:
        return
    model = type(rows[0])
    if len(rows) <= FEW:
        model._default_manager.bulk_create(rows)
        return
    fields = model._meta.local_concrete_fields
    quote = connection.ops.quote_name
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(KEYS, [quote(table), key, len(rows)])
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        _copy(cursor, rows, fields, into=quote(table))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_together(*rows: models.Model) -> None:
    """Insert rows of any models, none of which names another of them, by one statement: all of them or none.

    Their keys are not read back.
    """
    written = [_insertion(row) for row in rows]
    *before, (last, _parameters) = written
    statement = f"{', '.join(f'inserted_{number} AS ({sql})' for number, (sql, _given) in enumerate(before))} {last}"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {statement}" if before else last, [value for _sql, given in written for value in given])


def _insertion(row: models.Model) -> tuple[str, Sequence[Any]]:
    """How the ORM inserts a row that has no key yet."""
    query = InsertQuery(type(row))
    query.insert_values([field for field in row._meta.local_concrete_fields if not field.primary_key], [row])
    ((sql, parameters),) = query.get_compiler(connection=connection).as_sql()
    return sql, parameters


def update_many(rows: Sequence[models.Model], names: Collection[str]) -> None:
    """Write some fields of rows of one model, as `bulk_update` does; triggers and constraints apply.

    The caller is in a transaction, and takes the values as `insert_many` does.
    """
    if not rows:
        return
    model = type(rows[0])
    changed = [field for field in model._meta.local_concrete_fields if field.name in names]
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    columns = [quote(str(field.column)) for field in changed]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        said = ", ".join([key, *columns])
        cursor.execute(f"CREATE TEMPORARY TABLE {CHANGED} ON COMMIT DROP AS SELECT {said} FROM {table} LIMIT 0")  # noqa: S608 - names of our models
        _copy(cursor, rows, [model._meta.pk, *changed], into=CHANGED)
        values = ", ".join(f"{column} = {CHANGED}.{column}" for column in columns)
        cursor.execute(f"UPDATE {table} SET {values} FROM {CHANGED} WHERE {table}.{key} = {CHANGED}.{key}")  # noqa: S608 - as above
        cursor.execute(f"DROP TABLE {CHANGED}")


def _copy(cursor: Any, rows: Sequence[models.Model], fields: Sequence[models.Field[Any, Any]], *, into: str) -> None:
    names = [field.attname for field in fields]
    writers = [_writer(field) for field in fields]
    lines = []
    for row in rows:
        values = row.__dict__
        lines.append("\t".join([write(values[name]) for name, write in zip(names, writers, strict=True)]))
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    cursor.copy_expert(f"COPY {into} ({columns}) FROM STDIN", io.StringIO("\n".join(lines)))


def _writer(field: models.Field[Any, Any]) -> Callable[[Any], str]:
    """How a value of a field is written for COPY."""
    if isinstance(field, models.JSONField):
        return _JsonWriter(field.encoder)
    if isinstance(field, models.BooleanField):
        return lambda value: NULL if value is None else "t" if value else "f"
    if isinstance(field, models.DateField):
        return _moment
    return _text if isinstance(field, models.CharField | models.TextField) else _plain


class _JsonWriter:
    """Writes JSON; what many rows in a row share is put into words once."""

    def __init__(self, encoder: type[json.JSONEncoder] | None) -> None:
        self._encoder = encoder
        self._last: tuple[Any, str] | None = None

    def __call__(self, value: Any) -> str:
        if self._last is None or self._last[0] is not value:
            # JSON knows no tab and no end of line but as an escape.
            self._last = value, json.dumps(value, cls=self._encoder).replace("\\", "\\\\")
        return self._last[1]


def _text(value: str | None) -> str:
    return NULL if value is None else value.translate(ESCAPES)


def _plain(value: object) -> str:
    return NULL if value is None else str(value)


def _moment(value: date | None) -> str:
    return NULL if value is None else value.isoformat()
