"""Brings the database to where the portal needs it: `python -m ceportal.devstack.prepare [--demo-data]`.

One process for all of it, since starting Django takes longer than finding out that nothing is to be done.
Prints what takes long, and as its last line the demo logins as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import django
from django.core.management import call_command
from django.db import connection

MARK = "ceportal: demo data loaded"  # kept as the database's comment: it goes where the database goes


def demo_is_loaded() -> bool:
    """Whether this database got all of the demo data before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        (comment,) = cursor.fetchone()
    return bool(comment == MARK)


def mark_demo_loaded() -> None:
    """Remember it once everything is there; loading that was interrupted is begun again."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"COMMENT ON DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])} IS %s", [MARK]
        )


def main() -> None:
    """Migrate, load the reference data and, if asked and not there yet, the demo data."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ceportal.settings")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_reference", verbosity=0)
    logins = load_demo() if "--demo-data" in sys.argv[1:] else []
    print(json.dumps(logins))


def load_demo() -> list[dict[str, str]]:
    """Load the demo data unless it is there; returns whom one can sign in as."""
    from ceportal.demo.logins import DEMO_LOGINS

    if not demo_is_loaded():
        print("Loading the demo data (once, takes about a minute)...", flush=True)
        call_command("load_demo", verbosity=0)
        mark_demo_loaded()
    return [{name: str(value) for name, value in asdict(login).items()} for login in DEMO_LOGINS]


if __name__ == "__main__":
    main()
