"""Who can have met a path by credits at all (CE-07): among thousands whose credits changed, few have to be judged.

Pure.
"""

from __future__ import annotations

from collections.abc import Set

from ceportal.kernel.policy import Book


def fewest_credits(book: Book, levels: Set[str], *, exams_passed: bool) -> int:
    """The fewest credits that any path of any day asks a holder of these levels for; with less none can be met by them.

    Without an exam passed, paths that need one are out of reach. 0 where no path asks for credits.
    """
    asked = (
        path["credits"]
        for _day, by_level in book.series["recert.paths"].values
        for level in levels
        for path in by_level.get(level, ())
        if path.get("credits") and (exams_passed or not path.get("exams"))
    )
    return min(asked, default=0)
