"""`python -m ceportal.clauses` writes docs/clauses.md; with `--check` it only says what is wrong with it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from ceportal.clauses import table
from ceportal.kernel.policy import BOOK

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0 where every clause is enforced, proved, and where the document says."""
    parser = ArgumentParser(prog="python -m ceportal.clauses", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args(arguments).check:
        (root / table.DOCUMENT).write_text(table.render(root, BOOK.clauses), encoding="utf-8")
    found = table.problems(root, BOOK.clauses)
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
