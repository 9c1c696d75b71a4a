"""Which accounts a movement of money is between, and how much of it. Pure: values in, movements out.

A *movement* debits one account and credits another by the same cents, so that all balances together are always zero.
The chart of accounts, and what each cause moves, stands in docs/money.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

# ── The chart of accounts ─────────────────────────────────────────────────────────────────────────
CANDIDATE = "candidate"  # what the candidate of the order owes; negative: what is owed to them
CARD = "card"  # what the card service took and has not given back
VOUCHER = "voucher"  # what vouchers pay for in place of money
FORFEITS = "forfeits"  # fees kept though nothing was given for them (LAB-13, LAB-14, RSCH-06)
DISPUTES = "disputes"  # what banks took back by disputes, until people settle it
REVENUE, TAX = "revenue", "tax"  # revenue:KIND of a line, tax:COUNTRY
ACCOUNT = r"(candidate|card|voucher|forfeits|disputes|revenue:[a-z_]+|tax:[A-Z]{2})"

# What each cause debits and credits, by the part of the account's name before the colon; a reversal the other way.
MOVES: Mapping[str, frozenset[tuple[str, str]]] = {
    "payment": frozenset({(CARD, CANDIDATE)}),
    "sale": frozenset({(CANDIDATE, REVENUE), (CANDIDATE, TAX)}),
    "voucher": frozenset({(VOUCHER, REVENUE)}),
    "refund": frozenset({(CANDIDATE, CARD)}),
    "forfeit": frozenset({(REVENUE, FORFEITS)}),
    "dispute": frozenset({(DISPUTES, CARD)}),
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Cents that are debited to one account and credited to another. `line_id`: the order's line it is about."""

    debit: str
    credit: str
    amount_cents: int
    cause: str
    line_id: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether its cause moves money between accounts of these kinds at all."""
        return (kind_of(self.debit), kind_of(self.credit)) in MOVES.get(self.cause, frozenset())


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of an order that is complete. Amounts in cents; `covered_cents` is what a voucher pays of the net."""

    id: int
    kind: str
    tax_country: str
    net_cents: int
    covered_cents: int
    tax_cents: int


def revenue_of(kind: str) -> str:
    """The account of what lines of a kind bring in."""
    return f"{REVENUE}:{kind}"


def tax_of(country: str) -> str:
    """The account of what is owed to a country as tax (PAY-01)."""
    return f"{TAX}:{country}"


def kind_of(account: str) -> str:
    """What an account is one of: "revenue" of "revenue:lab_fee"."""
    return account.partition(":")[0]


def is_account(name: str) -> bool:
    """Whether the chart has an account of this name."""
    return re.fullmatch(ACCOUNT, name) is not None


# ── What moves ────────────────────────────────────────────────────────────────────────────────────
def payment(amount_cents: int) -> Movement:
    """A card paid."""
    return Movement(CARD, CANDIDATE, amount_cents, "payment")


def refund(amount_cents: int) -> Movement:
    """Money arrived back at a card."""
    return Movement(CANDIDATE, CARD, amount_cents, "refund")


def dispute(amount_cents: int) -> Movement:
    """A bank took back what a card paid; whether the candidate owes it again is for people."""
    return Movement(DISPUTES, CARD, amount_cents, "dispute")


def sale(lines: Iterable[SoldLine]) -> list[Movement]:
    """What the lines of an order bring in once it is complete: what the candidate bears, tax, what a voucher bears.

    The tax is on the whole net and always the candidate's, whoever pays the net (LAB-10). What comes to nothing is no
    movement.
    """
    found = []
    for line in lines:
        revenue = revenue_of(line.kind)
        found += [
            Movement(CANDIDATE, revenue, line.net_cents - line.covered_cents, "sale", line.id),
            Movement(CANDIDATE, tax_of(line.tax_country), line.tax_cents, "sale", line.id),
            Movement(VOUCHER, revenue, line.covered_cents, "voucher", line.id),
        ]
    return [each for each in found if each.amount_cents]


def forfeit(standing: Iterable[Movement]) -> list[Movement]:
    """What of some lines is kept for nothing: their revenue as it stands, line by line; the tax stays the country's.

    `standing`: the movements of the lines that were not taken back. What is forfeited already is not again.
    """
    kept: dict[tuple[int | None, str], int] = {}
    for each in standing:
        for account, cents in ((each.credit, each.amount_cents), (each.debit, -each.amount_cents)):
            if kind_of(account) == REVENUE:
                place = (each.line_id, account)
                kept[place] = kept.get(place, 0) + cents
    return [Movement(account, FORFEITS, cents, "forfeit", line) for (line, account), cents in kept.items() if cents > 0]


def reversal(movement: Movement) -> Movement:
    """The same the other way: what takes a movement back."""
    return replace(movement, debit=movement.credit, credit=movement.debit)
