"""Amounts as people read them: the currency's code and the number as their language writes it."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

from ceportal.kernel.money import CURRENCY

NO_BREAK = "\N{NO-BREAK SPACE}"


def amount_text(cents: int, currency: str = CURRENCY) -> str:
    """Cents in words for people: "USD 1,600.00" in English."""
    return f"{currency}{NO_BREAK}{number_format(Decimal(cents) / 100, 2, force_grouping=True)}"


def percent_text(percent: Decimal | float) -> str:
    """A rate without idle zeros: "21 %", "8.1 %"."""
    plain = Decimal(str(percent)).normalize()
    places = max(0, -int(plain.as_tuple().exponent))
    return f"{number_format(plain, places)}{NO_BREAK}%"
