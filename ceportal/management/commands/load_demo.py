"""`manage.py load_demo`: fill an empty demonstration with people, trainings and years of history."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ceportal.demo import load
from ceportal.demo.logins import DEMO_LOGINS


class Command(BaseCommand):
    """Loads the demonstration, or prints whom one can sign in as."""

    help = "Load the demonstration data (DEMO=1 only). Safe to repeat. DEMO_START=2019-11-04: begin on that day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--candidates", type=int, default=load.CANDIDATES, help="how many, besides the logins")
        parser.add_argument("--print-logins", action="store_true", help="print whom one can sign in as, and end")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["print_logins"]:
            self._print_logins()
            return
        began = time.monotonic()
        try:
            loaded = load.load(candidates=options["candidates"], start_on=_start())
        except load.CannotLoad as refusal:
            raise CommandError(str(refusal)) from refusal
        if loaded is not None:
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # the planner knows the tables from the first page on
        if options["verbosity"]:
            self._report(loaded, time.monotonic() - began)

    def _report(self, loaded: load.Loaded | None, seconds: float) -> None:
        if loaded is None:
            self.stdout.write("The demonstration is loaded already.")
            return
        for name, count in sorted(loaded.situations.items()):
            self.stdout.write(f"{count:5d}  {name}")
        for clauses, count in sorted(loaded.refused.items()):
            self.stdout.write(f"{count:5d}  steps refused by {', '.join(clauses)}")
        self.stdout.write(f"{sum(loaded.situations.values())} candidates loaded in {seconds:.0f} seconds.")

    def _print_logins(self) -> None:
        rows = [("who", "e-mail address", "password"), *((each.who, each.email, each.password) for each in DEMO_LOGINS)]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            self.stdout.write("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip())


def _start() -> date | None:
    text = settings.DEMO_START
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CommandError(f"DEMO_START={text} is not a day; write it as 2019-11-04.") from error
