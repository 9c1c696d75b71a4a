"""`manage.py reconcile_money`: compare a day's money with the card service's balance, now (PAY-04)."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ceportal.kernel import clock
from payments import services
from payments.amounts import amount_text
from payments.models import Reconciliation, ReconciliationDifference


class Command(BaseCommand):
    """May run at any time and again for the same day; the exit status is 1 where something differs."""

    help = (
        "Compare orders, transfers and the card service's balance for one day, and what differed before. Keeps each "
        "difference, opens a case for it, and exits with 1 where there is any."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD; yesterday where it is not given")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = clock.now()
        today = clock.day_of(now)
        day = options["day"] or today - timedelta(days=1)
        if day > today:
            raise CommandError("That day has not begun yet.")
        try:
            run = services.reconcile_day(day=day, now=now)
        except services.CardServiceUnavailable as silent:
            raise CommandError(f"The card service does not answer; nothing was changed. {silent}") from silent
        self._tell(run)
        if run.differing:
            raise SystemExit(1)

    def _tell(self, run: Reconciliation) -> None:
        self.stdout.write(f"{run.day}: {run.compared} compared, {run.on_their_way} of them on their way.")
        sums = {
            "charged": run.charged_cents,
            "refunded": run.refunded_cents,
            "disputed": run.disputed_cents,
            "fees of the card service": run.fees_cents,
            "paid out": run.paid_out_cents,
        }
        for name, cents in sums.items():
            self.stdout.write(f"  {name}: {amount_text(cents, run.currency)}")
        for each in ReconciliationDifference.objects.filter(seen_by=run, seen_at=run.ran_at).order_by("id"):
            told, posted, stripe = each.told_cents, each.posted_cents, each.stripe_cents
            self.stdout.write(
                self.style.ERROR(
                    f"{each.subject}: {each.get_kind_display()}. Here {_cents(told)}, posted {_cents(posted)}, "
                    f"at the card service {_cents(stripe)}."
                )
            )
        if not run.differing:
            self.stdout.write(self.style.SUCCESS("No difference."))


def _cents(cents: int | None) -> str:
    return "nothing" if cents is None else f"{cents} cents"
