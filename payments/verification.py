"""All money, proved: transfers, orders, payments, refunds, vouchers and papers against each other (PAY-04).

Nothing is written, and nothing is believed that follows from other rows. What the card service says is compared
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction

from payments.models import CreditNote, Invoice, Order, Transfer
from payments.money_checks import ORDERS, TRANSFERS, Difference
from payments.paper_checks import PAPERS
from payments.queries import Balance, balances

CHECKS = (*ORDERS, *TRANSFERS, *PAPERS)


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, how the accounts stand, and the first difference of each kind, or every one."""

    transfers: int
    orders: int
    papers: int
    balances: tuple[Balance, ...]
    differences: tuple[Difference, ...]

    @property
    def sound(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "sound": self.sound}


def verify(*, every: bool = False) -> Report:
    """Ask everything, as it stands at one moment: what is written meanwhile is not looked at."""
    with _one_moment():
        return Report(
            transfers=Transfer.objects.count(),
            orders=Order.objects.count(),
            papers=Invoice.objects.count() + CreditNote.objects.count(),
            balances=tuple(balances()),
            differences=tuple(each for check in CHECKS for each in check.differences(every=every)),
        )


@contextmanager
def _one_moment() -> Iterator[None]:
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
