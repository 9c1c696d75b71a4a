"""`manage.py load_reference`: bring the reference data into the database, as often as one likes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ceportal import reference


class Command(BaseCommand):
    """Loads tracks, exams, sites, the first catalog and the agreements."""

    help = "Load the reference data: tracks, exams, sites, the first catalog, agreements. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        done = reference.load()
        if not options["quiet"]:
            counts = ", ".join(f"{done[outcome]} {outcome}" for outcome in ("created", "changed", "kept"))
            self.stdout.write(f"Reference data: {counts}.")
