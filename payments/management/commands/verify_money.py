"""`manage.py verify_money`: prove that all money adds up, and name the first difference (PAY-04)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from payments import verification
from payments.amounts import amount_text


class Command(BaseCommand):
    """Changes nothing, may run at any time; the exit status is 1 where something does not add up."""

    help = (
        "Compare transfers, orders, payments, refunds, vouchers, invoices and credit notes with each other and name "
        "the first difference. Changes nothing; exits with 1 where something differs."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="name every row that differs")
        parser.add_argument("--json", action="store_true", help="tell it as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        report = verification.verify(every=options["all"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._tell(report)
        if not report.sound:
            raise SystemExit(1)

    def _tell(self, report: verification.Report) -> None:
        self.stdout.write(f"{report.transfers} transfers, {report.orders} orders, {report.papers} papers.")
        for balance in report.balances:
            self.stdout.write(f"  {balance.account}: {amount_text(balance.cents, balance.currency)}")
        if report.sound:
            self.stdout.write(self.style.SUCCESS("No difference: the money adds up."))
            return
        first, *others = report.differences
        self.stdout.write(self.style.ERROR(f"The first difference: {first}"))
        for each in others:
            self.stdout.write(self.style.ERROR(f"Also: {each}"))
