"""A database of its own for a run of scenarios, gone afterwards.

Without a DATABASE_URL a PostgreSQL is started for the run, by a process that ends when this one does, however it does.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import environ
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from ceportal.devstack.processes import CannotStart

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def scratch_database() -> Iterator[None]:
    """Let the default connection lead to a scratch database with the reference data, and files to a scratch folder."""
    with ExitStack() as undo:
        # Whoever ends the run so gets the same end as by Ctrl-C: nothing is left behind.
        undo.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, _leave))
        if not given_server():
            connection.settings_dict |= environ.Env.db_url_config(undo.enter_context(_own_server()))
        settings.DEBUG = False  # Django would keep every statement in memory
        settings.MEDIA_ROOT = undo.enter_context(tempfile.TemporaryDirectory(prefix="ceportal-scenarios-"))
        real_name = connection.settings_dict["NAME"]
        # Its own name: other runs, and tests, may use the same server at this moment.
        connection.settings_dict["TEST"]["NAME"] = f"ceportal_scenarios_{os.getpid()}_{secrets.token_hex(4)}"
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        undo.callback(connection.creation.destroy_test_db, real_name, verbosity=0)
        call_command("load_reference", "--quiet")
        yield


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(1)


def given_server() -> bool:
    """Whether the environment names a database server."""
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


@contextmanager
def _own_server() -> Iterator[str]:
    """A PostgreSQL for this run; its address."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "ceportal.devstack.throwaway"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for this process, which closes the pipe when it is done
    )
    with keeper:
        assert keeper.stdin is not None and keeper.stdout is not None
        try:
            announced = keeper.stdout.readline()
            if not announced:
                raise CannotStart("PostgreSQL for the scenarios did not start; the lines above say why.")
            yield json.loads(announced)["DATABASE_URL"]
        finally:
            keeper.stdin.close()
