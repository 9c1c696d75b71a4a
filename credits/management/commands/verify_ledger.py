"""`manage.py verify_ledger`: recompute every balance and every seal, and name the first difference (CR-07)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from credits.papers import verification


class Command(BaseCommand):
    """Changes nothing, may run at any time; the exit status is 1 where the ledger is not what its entries say."""

    help = (
        "Recompute every balance and every daily seal of the ledger from its entries and name the first difference. "
        "Changes nothing; exits with 1 where something differs."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="tell it as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        report = verification.verify()
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._tell(report)
        if not report.sound:
            raise SystemExit(1)

    def _tell(self, report: verification.Report) -> None:
        self.stdout.write(f"{report.entries} entries, {report.grants} grants, {report.seals} seals.")
        if report.sealed_to:
            waiting = f"; {report.unsealed} entries written since wait for theirs" if report.unsealed else ""
            self.stdout.write(f"The last seal is of {report.sealed_to}{waiting}:\n{report.sha256}")
        else:
            self.stdout.write("Nothing is sealed yet.")
        if report.sound:
            self.stdout.write(self.style.SUCCESS("No difference: the ledger is what its entries say."))
            return
        first, *others = report.differences
        self.stdout.write(self.style.ERROR(f"The first difference: {first}"))
        for each in others:
            self.stdout.write(self.style.ERROR(f"Also: {each}"))
