"""`make bench`: measures on a PostgreSQL of its own, prints what it found as ratios, and is gone.

`python -m ceportal.bench rosters` makes one of the measurements alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from ceportal.devstack.postgres import Cluster
from ceportal.devstack.processes import CannotStart

if TYPE_CHECKING:
    from ceportal.bench.measure import Measure


def main() -> None:
    """Measure and print; the exit status says only whether everything ran, never whether it was fast."""
    signal.signal(signal.SIGTERM, _leave)
    folder = Path(tempfile.mkdtemp(prefix="ceportal-bench-"))
    folder.chmod(0o711)
    try:
        cluster = Cluster(folder / "postgres", log=folder / "postgres.log", say=lambda _line: None)
        service = cluster.start()
        try:
            cluster.create_database()
            os.environ |= {"DATABASE_URL": cluster.url(), "DEBUG": "1", "LOG_LEVEL": "WARNING"}
            os.environ["DJANGO_SETTINGS_MODULE"] = "ceportal.settings"
            import django

            django.setup()
            _measure(cluster, folder)
        finally:
            service.stop()
    except CannotStart as problem:
        raise SystemExit(str(problem)) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(cluster: Cluster, folder: Path) -> None:
    """Build the data, measure, and print a line each; models can be imported only now."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from ceportal.bench import expiry, fixture, proof, reads, rosters, scans

    settings.DEBUG = False  # it keeps every statement in memory
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET autovacuum = off")  # it would come in the middle of a turn
        cursor.execute("SELECT pg_reload_conf()")
    measurements: dict[str, Callable[[], list[Measure]]] = {
        "expiry": lambda: expiry.run(fixture.Size()),
        "proof": proof.run,
        "scans": scans.run,
        "reads": lambda: reads.run(var=folder),
        "rosters": lambda: rosters.run(cluster, var=folder),
    }
    for measure in [measurements[name] for name in sys.argv[1:]] or measurements.values():
        for each in measure():
            ratio = f"{each.ratio:8.2f} x" if each.ratio is not None else ""
            print(f"{each.name:<42}{each.value:>14,.0f} {each.unit:<14}{ratio}  {each.promise}".rstrip(), flush=True)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(1)


if __name__ == "__main__":
    main()
