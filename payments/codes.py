"""Voucher codes: random, in groups, without letters that look or sound like others."""

from __future__ import annotations

import secrets
import unicodedata

LETTERS = "ACDEFGHJKMNPQRTWXY34679"  # no 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B, U and V
GROUPS, GROUP = 3, 4


def new_code() -> str:
    """A code that nobody can guess: twelve letters, of 23 each, "K7QM-4XWA-9PRC"."""
    letters = "".join(secrets.choice(LETTERS) for _position in range(GROUPS * GROUP))
    return _grouped(letters)


def normalised(typed: str) -> str:
    """What was typed as a code is written: capitals, in groups, whatever stood between them; also full-width."""
    letters = "".join(each for each in unicodedata.normalize("NFKC", typed).upper() if each.isalnum())
    return _grouped(letters)


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))
