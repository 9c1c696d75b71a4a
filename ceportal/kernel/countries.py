"""The countries that an address or a bill can name, by their ISO 3166-1 codes of two letters."""

from __future__ import annotations

from pathlib import Path

_LINES = (Path(__file__).parent / "countries.tsv").read_text("utf-8").splitlines()
COUNTRIES: tuple[tuple[str, str], ...] = tuple((code, name) for code, name in (line.split("\t") for line in _LINES))
_NAMES = dict(COUNTRIES)


def country_name(code: str) -> str:
    """The name of a country; an unknown code stands for itself."""
    return _NAMES.get(code, code)
