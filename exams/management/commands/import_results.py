"""`manage.py import_results FILE`: record a file of the test partner, however long it is."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ceportal.kernel import clock
from ceportal.kernel.sheets import Unreadable
from exams.services import result_files


class Command(BaseCommand):
    """Records results line by line, and says which do not count. The same file again changes nothing."""

    help = (
        f"Record a CSV or Excel file of exam results; its columns: {', '.join(result_files.COLUMNS)}, of which the "
        "last three may be left out. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would do")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            lines = result_files.record_file(
                content=options["file"].read_bytes(), commit=not options["dry_run"], now=clock.now(), lines_at_most=None
            )
        except OSError as trouble:
            raise CommandError(str(trouble)) from trouble
        except Unreadable as trouble:
            raise CommandError(f"{trouble.sentence % trouble.facts} {trouble.next_step % trouble.facts}") from trouble
        for line in lines:
            for column, sentence in line.said:
                self.stderr.write(f"line {line.number}, {column or line.result_text or 'refused'}: {sentence}")
        taken = sum(line.taken for line in lines)
        disallowed = sum(line.disallowed for line in lines)
        known = sum(line.known for line in lines)
        self.stdout.write(
            f"On record: {taken}, of these disallowed: {disallowed}, known before: {known}. "
            f"Lines not taken: {len(lines) - taken}."
        )
