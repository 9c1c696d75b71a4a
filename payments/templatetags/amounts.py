"""Filters for money in templates."""

from __future__ import annotations

from decimal import Decimal

from django import template

from ceportal.kernel.money import CURRENCY
from payments.amounts import amount_text, percent_text

register = template.Library()


@register.filter
def money(cents: int | None, currency: str = CURRENCY) -> str:
    """Cents as people read them; nothing where there is no amount."""
    return "" if cents is None else amount_text(cents, currency)


@register.filter
def percent(rate: Decimal | None) -> str:
    """A rate in percent as people read it."""
    return "" if rate is None else percent_text(rate)
