"""`python -m ceportal.openapi` writes docs/api/openapi.yaml.

With `--check` it only says where the committed schema is stale, or where it breaks a client of the one last released;
`--release` makes the present schema the one that clients rely on.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import yaml

from ceportal.openapi.breaking import breaks

ROOT = Path(__file__).resolve().parents[2]
PRESENT, RELEASED = "docs/api/openapi.yaml", "docs/api/released.yaml"


def written() -> str:
    """The schema as the views say it. CommandError where they say it incompletely."""
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ceportal.settings")
    django.setup()
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return out.getvalue()


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0 where the committed schema is true and breaks nobody."""
    parser = ArgumentParser(prog="python -m ceportal.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--release", action="store_true", help="let clients rely on the present schema")
    asked = parser.parse_args(arguments)
    schema = written()
    if asked.release:
        (root / RELEASED).write_text(schema, encoding="utf-8")
    if not asked.check:
        (root / PRESENT).write_text(schema, encoding="utf-8")
    problems = breaks(yaml.safe_load((root / RELEASED).read_text()), yaml.safe_load(schema))
    if (root / PRESENT).read_text() != schema:
        problems.append(f"{PRESENT} is stale: run `make schema`.")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
