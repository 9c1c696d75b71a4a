"""Amounts as Stripe's messages and the payment page write them."""

from __future__ import annotations

# Currencies without a smaller unit, as Stripe lists them.
WHOLE_UNITS = frozenset(
    {
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "ugx",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    }
)
SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "cny": "CN¥", "aud": "A$"}
LEAST_AMOUNT = 50


def written(amount: int, currency: str) -> str:
    """$1,234.50 from 123450 and "usd"; the code stands behind where there is no sign."""
    number = f"{amount:,}" if currency in WHOLE_UNITS else f"{amount // 100:,}.{amount % 100:02d}"
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"
