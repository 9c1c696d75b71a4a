"""`manage.py import_scans FILE`: record a file of badge scans, with its progress on the screen."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ceportal.kernel import clock
from ceportal.kernel.tables import Problem
from credits.files.scan_files import COLUMNS, OPTIONAL
from credits.models import ScanImport
from credits.services import scans


class Command(BaseCommand):
    """Records a file of badge scans. Interrupted, it goes on in a worker; the same file again changes nothing."""

    help = (
        f"Record a CSV file of badge scans; columns: {', '.join(COLUMNS)}, and where a session was held several times "
        f"{' and '.join(OPTIONAL)}. Interrupted, it goes on in a worker. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            content = path.read_bytes()
            row = scans.request_import(name=path.name, content=content, user_id=None, now=clock.now())
        except (OSError, ValueError) as trouble:
            raise CommandError(str(trouble)) from trouble
        if not scans.run_import(scan_import_id=row.id, now=clock.now(), tell=self._progress):
            raise CommandError("A worker has begun with the file already; its page tells how far it has come.")
        row.refresh_from_db()
        self._report(row, verbosity=options["verbosity"])

    def _progress(self, row: ScanImport) -> None:
        self.stderr.write(f"{row.rows_done} of {row.rows} rows")

    def _report(self, row: ScanImport, *, verbosity: int) -> None:
        if verbosity:
            for raw in row.problems:
                problem = Problem(**raw)
                self.stderr.write(f"{problem.place}: {problem.text}")
            if row.problem_count > len(row.problems):
                self.stderr.write(f"... and {row.problem_count - len(row.problems)} rows more.")
        self.stdout.write(
            f"{row.earning} attendances earn, {row.refused} earn nothing, {row.unchanged} were known; "
            f"{row.problem_count} rows were not taken."
        )
