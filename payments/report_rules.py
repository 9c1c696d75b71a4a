"""What the transfers of a period come to, for people who keep accounts. Pure: sums of transfers in, tables out.

Every figure is a sum of transfers (docs/money.md), so the tables, the balances and verify_money cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import gettext_noop as _
from payments.transfer_rules import CARD, REVENUE, TAX, kind_of


@dataclass(frozen=True, slots=True)
class Moved:
    """Transfers alike within a month: what they are between, whether they take others back, and their sum."""

    month: date  # its first day
    debit: str
    credit: str
    cause: str
    takes_back: bool
    currency: str
    cents: int


Placed = tuple[tuple[str, ...], int]  # what a sum is about, and which figure of that row it adds to


@dataclass(frozen=True, slots=True)
class Report:
    """A kind of table. `labels` head what a row is about, `amounts` its figures; `place` says where a sum belongs.

    The first `gains` figures less those after them are the last one: what is left.
    """

    name: str
    title: str
    says: str
    labels: tuple[str, ...]
    amounts: tuple[str, ...]
    place: Callable[[Moved], Placed | None]
    gains: int = 1


@dataclass(frozen=True, slots=True)
class Figures:
    """A row, or the total of a currency: what it is about and its amounts in cents."""

    about: tuple[str, ...]
    currency: str
    cents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A report with its rows, and a total for each currency."""

    report: Report
    rows: tuple[Figures, ...]
    totals: tuple[Figures, ...]


def table(report: Report, moved: Iterable[Moved]) -> Table:
    """Fill a report with what moved."""
    found: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for each in moved:
        placed = report.place(each)
        if placed is not None:
            about, figure = placed
            found.setdefault((about, each.currency), [0] * len(report.amounts))[figure] += each.cents
    for figures in found.values():
        figures[-1] = sum(figures[: report.gains]) - sum(figures[report.gains : -1])
    rows = tuple(Figures(about, currency, tuple(figures)) for (about, currency), figures in sorted(found.items()))
    return Table(report, rows, _totals(rows))


def _totals(rows: tuple[Figures, ...]) -> tuple[Figures, ...]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        before = sums.get(row.currency, [0] * len(row.cents))
        sums[row.currency] = [one + more for one, more in zip(before, row.cents, strict=True)]
    return tuple(Figures((), currency, tuple(cents)) for currency, cents in sorted(sums.items()))


# ── What belongs where ────────────────────────────────────────────────────────────────────────────
def _account(each: Moved, kind: str) -> str | None:
    """The account of a kind that is moved to or from, by what follows the colon; None where neither is of it."""
    return next((name.partition(":")[2] for name in (each.debit, each.credit) if kind_of(name) == kind), None)


def _month(each: Moved) -> str:
    return f"{each.month:%Y-%m}"


def _revenue(each: Moved) -> Placed | None:
    kind = _account(each, REVENUE)
    if kind is None:
        return None
    if each.cause == "forfeit":
        return (kind,), 2 if each.takes_back else 4
    if each.takes_back:
        return (kind,), 3
    return (kind,), 1 if each.cause == "voucher" else 0


def _tax(each: Moved) -> Placed | None:
    country = _account(each, TAX)
    return None if country is None else ((_month(each), country), int(each.takes_back))


def _forfeits(each: Moved) -> Placed | None:
    kind = _account(each, REVENUE)
    return None if kind is None or each.cause != "forfeit" else ((kind,), int(each.takes_back))


def _refunds(each: Moved) -> Placed | None:
    back = each.cause == "refund" and CARD in {each.debit, each.credit}
    return ((_month(each),), int(each.takes_back)) if back else None


REPORTS = (
    Report(
        "revenue",
        _("Revenue by kind"),
        _("Net of tax. What a voucher paid counts as the fee it stands for (LAB-10)."),
        (_("Kind"),),
        (_("Paid by card"), _("Paid by voucher"), _("No longer forfeited"), _("Taken back"), _("Forfeited"), _("Left")),
        _revenue,
        gains=3,
    ),
    Report(
        "tax",
        _("Tax by country and month"),
        _("By the place of service or the billing country (PAY-01)."),
        (_("Month"), _("Country")),
        (_("Charged"), _("Taken back"), _("Owed")),
        _tax,
    ),
    Report(
        "forfeits",
        _("Forfeits"),
        _("Fees kept though nothing was given for them (LAB-13, LAB-14, RSCH-06)."),
        (_("Kind"),),
        (_("Forfeited"), _("No longer forfeited"), _("Kept")),
        _forfeits,
    ),
    Report(
        "refunds",
        _("Refunds"),
        _("What arrived at cards, on the day it did (PAY-03, PAY-04)."),
        (_("Month"),),
        (_("Arrived"), _("Sent back by banks"), _("Given back")),
        _refunds,
    ),
)
