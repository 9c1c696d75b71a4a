"""Brings the database to where the portal needs it: `python -m ceportal.devstack.prepare [--demo-data]`.

Migrations, reference data and, once, the demo data, in one process: starting Django takes longer than finding out
that nothing is to be done. Prints what takes long.
"""

from __future__ import annotations

import io
import os
import sys

import django
from django.core.management import call_command

from ceportal.devstack.mark import Mark, code_state, read_mark, write_mark


def main() -> None:
    """Prepare the database of DATABASE_URL and mark it; what was interrupted is done again by the next start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ceportal.settings")
    url = os.environ["DATABASE_URL"]
    state, mark = code_state(), read_mark(url)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_reference", verbosity=0, stdout=io.StringIO())
    load_demo = "--demo-data" in sys.argv[1:] and not mark.demo_loaded
    if load_demo:
        print("Loading the demo data (once, takes about a minute)...", flush=True)
        call_command("load_demo", verbosity=0, stdout=io.StringIO())
    write_mark(url, Mark(prepared_by=state, demo_loaded=mark.demo_loaded or load_demo))


if __name__ == "__main__":
    main()
