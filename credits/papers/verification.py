"""The ledger, recomputed: every balance and every seal from the entries, and the first difference in plain words.

Nothing is written, and nothing is believed that can be worked out again. Questions are asked of the whole ledger at
once, or row after row in order; memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from ceportal.kernel import clock, signatures
from ceportal.kernel.models import NightlyRun
from credits.files.canonical import LINE, NOTHING_BEFORE, DayHash, mark_of, numbers_in
from credits.models import Entry, Grant, Seal
from credits.papers.ledger_checks import CHECKS, Difference
from credits.services.seals import KIND, ROWS_AT_ONCE, signed_content

# The first seal that is late enough and reaches far enough covers an entry (credits.services.seals).
COVERED = f"""
SELECT seal.day, entry.id, {LINE}
FROM credits_entry entry
LEFT JOIN LATERAL (
    SELECT day FROM credits_seal
    WHERE day >= (entry.written_at AT TIME ZONE %(zone)s)::date AND known_to >= entry.id
    ORDER BY day LIMIT 1
) seal ON true
WHERE %(day)s IS NULL OR seal.day = %(day)s
ORDER BY seal.day, entry.id
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and the first difference of each kind; none where the ledger is sound."""

    entries: int
    grants: int
    seals: int
    unsealed: int  # entries that no seal covers yet
    sealed_to: date | None
    sha256: str  # of the last seal: whoever has kept it can tell that the past was not written anew
    differences: tuple[Difference, ...]

    @property
    def sound(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """For machines; days as text."""
        told = {**asdict(self), "sound": self.sound, "sealed_to": str(self.sealed_to) if self.sealed_to else None}
        return told | {"differences": [asdict(each) for each in self.differences]}


def verify() -> Report:
    """Recompute everything, as it stands at one moment: what is written meanwhile is not looked at."""
    with _one_moment():
        walk = SealWalk()
        walk.go()
        found = [walk.difference] if walk.difference else []
        found += [each for check in CHECKS for each in check.first()]
        last = Seal.objects.order_by("-day").defer("marks").first()
        return Report(
            entries=walk.entries,
            grants=Grant.objects.count(),
            seals=walk.seals,
            unsealed=walk.unsealed,
            sealed_to=last.day if last else None,
            sha256=last.sha256 if last else NOTHING_BEFORE,
            differences=tuple(found),
        )


@contextmanager
def _one_moment() -> Iterator[None]:
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SET LOCAL work_mem = '64MB'")  # what a question may sort before it goes to the disk
        yield


class SealWalk:
    """One walk over all entries, seal by seal; it remembers the first difference and how much it has seen."""

    def __init__(self) -> None:
        self.entries = self.seals = self.unsealed = 0
        self.difference: Difference | None = None

    def go(self) -> None:
        """Compare each seal with the entries that it covers, in the order of the chain."""
        days = groupby(self._covered(), key=lambda row: row[0])
        following = next(days, None)
        previous = NOTHING_BEFORE
        for seal in Seal.objects.order_by("day").defer("marks").iterator(ROWS_AT_ONCE):
            self.seals += 1
            again = DayHash(seal.day, seal.previous)
            if following is not None and following[0] == seal.day:
                for _day, number, line in following[1]:
                    again.add(number, line)
                following = next(days, None)
            self.entries += again.entries
            if self.difference is None:
                self.difference = _compare(seal, again, previous)
            previous = seal.sha256
        if following is not None:  # the rest has no seal
            self._count_unsealed(following[1])

    def _covered(self) -> Iterator[tuple[date | None, int, str]]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(COVERED, {"zone": settings.PROGRAMME_TIME_ZONE, "day": None})
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows

    def _count_unsealed(self, rows: Iterator[tuple[date | None, int, str]]) -> None:
        """Entries of today wait for their night; those before a night that is finished should have their seal."""
        self.unsealed = sum(1 for _row in rows)
        self.entries += self.unsealed
        night = NightlyRun.objects.order_by("-day").values_list("day", flat=True).first()
        if night is None or self.difference is not None:
            return
        last = Seal.objects.order_by("-day").values_list("day", flat=True).first()
        overdue = Entry.objects.filter(written_at__lt=clock.at(night, 0))
        if last is not None:
            overdue = overdue.filter(written_at__gte=clock.at(last + timedelta(days=1), 0))
        if (entry := overdue.order_by("id").first()) is not None:
            day = clock.day_of(entry.written_at)
            self.difference = Difference(
                "seals",
                f"entry {entry.id}",
                f"Entry {entry.id}, written on {day}, has no seal, though the night of {night} is finished: the end of "
                "the chain is missing, or the entry was put in as if it were older.",
                f"a seal of {day} or later",
                f"the last seal is of {last}" if last else "no seal at all",
            )


def _compare(seal: Seal, again: DayHash, previous: str) -> Difference | None:
    """What is wrong with a seal, by the rows; None where nothing is."""
    subject, name = f"seal of {seal.day}", f"The seal of {seal.day}"
    signed = signatures.read(seal.signature)
    if signed is None or signed.kind != KIND:
        return Difference("seals", subject, f"{name} does not carry a signature of this portal.", "one", "none")
    for field, sealed in signed.content.items():
        if (found := signed_content(seal)[field]) != sealed:
            what = f"{name} was changed: its {field.replace('_', ' ')} is not what was signed."
            return Difference("seals", subject, what, str(sealed), str(found))
    if seal.previous != previous:
        what = f"{name} does not follow the one before it: a seal between them is missing, or that one was made anew."
        return Difference("seals", subject, what, seal.previous, previous)
    if again.sha256 != seal.sha256:
        return _find_entry(seal) or Difference(
            "seals", subject, f"The entries written until {seal.day} are not those that were sealed.",
            f"{seal.entries} entries with the hash {seal.sha256}", f"{again.entries} with {again.sha256}",
        )  # fmt: skip
    if (seal.entries, seal.first_entry_id, seal.last_entry_id) != (again.entries, again.first, again.last):
        what = f"{name} names other entries than those it covers."
        expected = f"{again.entries} entries from {again.first} to {again.last}"
        found = f"{seal.entries} from {seal.first_entry_id} to {seal.last_entry_id}"
        return Difference("seals", subject, what, expected, found)
    return None


def _find_entry(seal: Seal) -> Difference | None:
    """The first entry that is not as it was sealed, by the marks that were kept of each."""
    sealed = dict(numbers_in(bytes(Seal.objects.values_list("marks", flat=True).get(pk=seal.pk))))
    lines: dict[int, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(COVERED, {"zone": settings.PROGRAMME_TIME_ZONE, "day": seal.day})
        for _day, number, line in cursor.fetchall():
            if sealed.get(number) == mark_of(number, line):
                del sealed[number]
            else:
                lines[number] = line
    first = min([*sealed, *lines], default=None)
    if first is None:
        return None
    subject = f"entry {first}"
    if first not in lines:
        what = f"Entry {first} is missing among those written until {seal.day}: it was removed, or its moment changed."
        return Difference("seals", subject, what, "the entry that was sealed", "no entry")
    if first not in sealed:
        what = f"Entry {first} was not there when {seal.day} was sealed: it was put in afterwards."
        return Difference("seals", subject, what, "no entry", lines[first])
    what = f"Entry {first} was changed after {seal.day} was sealed."
    return Difference("seals", subject, what, "the entry that was sealed", lines[first])
