"""Voucher codes: random, in groups, without letters that look or sound like others."""

from __future__ import annotations

from ceportal.kernel.codes import LETTERS, normalised, random_code

__all__ = ["LETTERS", "new_code", "normalised"]

GROUPS = 3


def new_code() -> str:
    """A code that nobody can guess: twelve letters, of 23 each, "K7QM-4XWA-9PRC"."""
    return random_code(GROUPS)
