"""A roster's file, read into lines of cells as any table is; what cannot be read is refused with its clause (CE-10).

Pure: bytes in, lines out. What the lines say is looked at by credits.rules.rosters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ceportal.kernel import sheets
from ceportal.kernel.decisions import Decision, Finding, Refused
from ceportal.kernel.sheets import Line


def unreadable(sentence: str, next_step: str = "", **facts: Any) -> Refused:
    """The refusal of a file as a whole (CE-10)."""
    return Refused(Decision((Finding("CE-10", met=False, sentence=sentence, facts=facts, next_step=next_step),)))


@contextmanager
def refusing_as_a_whole() -> Iterator[None]:
    """What makes a table unreadable within it refuses the roster (CE-10)."""
    try:
        yield
    except sheets.Unreadable as trouble:
        raise unreadable(trouble.sentence, trouble.next_step, **trouble.facts) from trouble


def read_lines(content: bytes) -> list[Line]:
    """The lines of the file that are not empty, the names of the columns first. Refused where it cannot be read."""
    with refusing_as_a_whole():
        return sheets.read_lines(content)
