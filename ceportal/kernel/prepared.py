"""Questions that every call asks: put together by the ORM once a process, planned by PostgreSQL once a connection.

For a row that an index finds, either takes longer than the search. What is prepared is the ORM's own SQL, so a column
that is renamed or a condition that is added reaches it like any other query (docs/decisions/0029).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import count
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from django.db import connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from psycopg2.extensions import AsIs  # type: ignore[import-untyped]

Row = TypeVar("Row", bound=Model)


class Place(Expression):
    """Stands in a query for a value that is named when the question is asked."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class Prepared(Generic[Row]):
    """A query of rows, in which places stand for values; what it selects of related rows comes with them.

    Its name is what PostgreSQL knows it by; no two have the same.
    """

    def __init__(self, name: str, query: Callable[[], QuerySet[Row]]) -> None:
        self._name, self._query = name, query
        self._told: WeakSet[Any] = WeakSet()  # the connections, however many threads put the question together at once

    def ask(self, **values: Any) -> list[Row]:
        """The rows for these values, in the query's order. KeyError where a value is missing."""
        statement, shape = self._written
        return [shape.instance(row) for row in shape.read(statement.execute(values))]

    @cached_property
    def _written(self) -> tuple[_Statement, _Shape[Row]]:
        # Of whichever thread asks, the connection: what stands here is a proxy for it.
        compiler = self._query().query.get_compiler(connection=connection)
        return _Statement(self._name, self._told, *compiler.as_sql()), _Shape(compiler)


class _Statement:
    """A prepared statement of PostgreSQL, which each connection is told once."""

    def __init__(self, name: str, told: WeakSet[Any], sql: str, parameters: Iterable[Any]) -> None:
        self._name, self._told, self._sql, self._parameters = name, told, sql, list(parameters)
        self._places = [each for each in self._parameters if isinstance(each, Place)]
        self._execute = f"EXECUTE {self._name} ({', '.join(['%s'] * len(self._places))})"

    def execute(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        given = [values[place.name] for place in self._places]
        with connection.cursor() as cursor:
            self._tell()
            cursor.execute(self._execute, given)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def _tell(self) -> None:
        """Past Django's cursor, so that asking is one query in every log, whether for the first time or not."""
        driver = connection.connection
        if driver in self._told:
            return
        numbers = count(1)
        written = [AsIs(f"${next(numbers)}") if isinstance(each, Place) else each for each in self._parameters]
        with connection.wrap_database_errors, driver.cursor() as cursor:
            cursor.execute(f"PREPARE {self._name} AS {self._sql}", written)
        self._told.add(driver)


class _Shape(Generic[Row]):
    """How instances are made of the rows of a query that was put together: as Django's own ModelIterable does."""

    def __init__(self, compiler: Any) -> None:
        self._compiler = compiler
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        shape = compiler.klass_info
        self._model = shape["model"]
        self._own = slice(shape["select_fields"][0], shape["select_fields"][-1] + 1)
        self._names = [column[0].target.attname for column in compiler.select[self._own]]
        self._related = get_related_populators(shape, compiler.select, connection.alias)  # type: ignore[call-arg]  # 5.2
        self._annotations = compiler.annotation_col_map.items()

    def read(self, rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
        """The values of the rows as the fields have them."""
        return self._compiler.apply_converters(rows, self._converters) if self._converters else rows

    def instance(self, row: Sequence[Any]) -> Row:
        """The instance of a row, with those it is related to and what was worked out beside them."""
        made: Row = self._model.from_db(connection.alias, self._names, row[self._own])
        for populator in self._related:
            populator.populate(row, made)
        for name, column in self._annotations:
            setattr(made, name, row[column])
        return made
