"""`manage.py scenario PATH...`: tell policy scenarios and say what did not hold."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ceportal.devstack.processes import CannotStart
from ceportal.scenarios.reading import Unreadable, files_of, read_file
from ceportal.scenarios.report import Told, as_json, line, summary
from ceportal.scenarios.running import Failure, Result, tell
from ceportal.scenarios.scenario import Scenario
from ceportal.scenarios.scratch import scratch_database


class Command(BaseCommand):
    """Tells scenarios in a scratch database; exit status 0 only if every check holds."""

    help = "Tell policy scenarios (docs/scenarios.md) in a scratch database. Needs nothing running."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders of files")
        parser.add_argument("--json", action="store_true", help="print the results as JSON")
        parser.add_argument(
            "--keep-going",
            action="store_true",
            help="after a step that failed go on with the same scenario, to find everything else that fails in it",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        found = [(path, each) for path, problem in files_of(options["paths"]) for each in _scenarios(path, problem)]
        all_told: list[Told] = []
        if any(isinstance(each, Scenario) for _path, each in found):
            try:
                with scratch_database():
                    self._tell(found, all_told, options)
            except CannotStart as problem:
                raise CommandError(str(problem)) from problem
        else:
            self._tell(found, all_told, options)
        self.stdout.write(as_json(all_told) if options["json"] else summary(all_told))
        if not all(told.result.passed for told in all_told):
            sys.exit(1)

    def _tell(self, found: list[tuple[Path, Scenario | Unreadable]], all_told: list[Told], options: Any) -> None:
        for path, each in found:
            result = tell(each, keep_going=options["keep_going"]) if isinstance(each, Scenario) else _faulty(each)
            all_told.append(Told(str(path), result))
            if not options["json"]:
                self.stdout.write(line(all_told[-1]))
                self.stdout.flush()


def _scenarios(path: Path, problem: str) -> list[Scenario | Unreadable]:
    return [Unreadable(path.name, 1, ((1, problem),))] if problem else read_file(path)


def _faulty(unreadable: Unreadable) -> Result:
    failures = tuple(Failure(number, None, "it cannot be read", "", fault) for number, fault in unreadable.faults)
    return Result(unreadable.name, unreadable.line, (), failures)
