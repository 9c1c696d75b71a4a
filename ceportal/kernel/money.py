"""Money: integer cents and a currency code. Tax is rounded half up per line (LAB-04)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CURRENCY = "USD"  # the policy book's money is USD before tax


def cents(dollars: float | Decimal) -> int:
    """The book's whole or fractional dollars as cents."""
    return int((Decimal(str(dollars)) * 100).to_integral_value(rounding=ROUND_HALF_UP))


def tax_cents(net_cents: int, percent: float | Decimal) -> int:
    """Tax on a net amount, rounded half up to whole cents."""
    return int((Decimal(net_cents) * Decimal(str(percent)) / 100).to_integral_value(rounding=ROUND_HALF_UP))
