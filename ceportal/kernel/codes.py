"""Codes that people write down and type: in groups, without letters that look or sound like others."""

from __future__ import annotations

import secrets
import unicodedata

LETTERS = "ACDEFGHJKMNPQRTWXY34679"  # no 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B, U and V
GROUP = 4


def random_code(groups: int) -> str:
    """A code that nobody can guess, of so many groups of four letters: "K7QM-4XWA-9PRC"."""
    return code_of(secrets.token_bytes(32), groups)


def code_of(secret: bytes, groups: int) -> str:
    """The code that a secret stands for; the same one every time. The secret has bytes to spare for its letters."""
    number, letters = int.from_bytes(secret, "big"), []
    for _position in range(groups * GROUP):
        number, letter = divmod(number, len(LETTERS))
        letters.append(LETTERS[letter])
    return _grouped("".join(letters))


def normalised(typed: str) -> str:
    """What was typed as a code is written: capitals, in groups, whatever stood between them; also full-width."""
    letters = "".join(each for each in unicodedata.normalize("NFKC", typed).upper() if each.isalnum())
    return _grouped(letters)


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))
