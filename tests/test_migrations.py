"""The migrations lead from nothing to the models and back, on a database of their own."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker

from tests import migrated

SCRATCH = "scratch"
OURS = ("kernel", "candidates", "partner_api", "catalog", "payments", "exams", "emeritus", "credits")
TABLES_AND_FUNCTIONS = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
UNION
SELECT routine_name FROM information_schema.routines
WHERE routine_schema = 'public' AND external_language = 'PLPGSQL'
"""


@pytest.fixture
def migrated_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The alias of a database that has been migrated from nothing, beside that of the tests (tests/migrated.py)."""
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_{SCRATCH}"
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated.provide()}"')
        connections.databases[SCRATCH] = {**connection.settings_dict, "NAME": name}
        yield SCRATCH
        connections[SCRATCH].close()
        del connections[SCRATCH], connections.databases[SCRATCH]
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


def _of_ours(alias: str) -> set[str]:
    """The tables and functions of our apps in a database."""
    with connections[alias].cursor() as cursor:
        cursor.execute(TABLES_AND_FUNCTIONS)
        return {name for (name,) in cursor.fetchall() if name.startswith(OURS)}


def test_every_app_comes_from_nothing_goes_back_to_it_and_comes_again(migrated_database: str) -> None:
    complete = _of_ours(migrated_database)
    # In one plan: the command makes one for each app, and reads all migrations anew for it.
    MigrationExecutor(connections[migrated_database]).migrate([(app, None) for app in OURS])
    applied = MigrationRecorder(connections[migrated_database]).applied_migrations()
    assert {app for app, _name in applied}.isdisjoint(OURS)
    assert _of_ours(migrated_database) == set()

    call_command("migrate", database=migrated_database, verbosity=0)
    assert _of_ours(migrated_database) == complete
    assert {"credits_entry", "credits_keep_remaining", "kernel_event"} <= complete


@pytest.mark.django_db
def test_the_migrations_say_all_that_the_models_say() -> None:
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert said.getvalue().strip() == "No changes detected"
