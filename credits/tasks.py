"""Tasks of the credit programme: imports of badge scans, and rosters that are too long for a page to wait for.

They wake up work that rows hold.
"""

from __future__ import annotations

import structlog
from celery import shared_task

from ceportal.kernel import clock
from ceportal.kernel.collecting import in_bulk
from ceportal.kernel.tasks import wake
from credits.models import Roster
from credits.services import rosters, scans

log = structlog.get_logger(__name__)

LINES_AT_A_TIME = 500  # whose people nobody else changes meanwhile: for half a second
# What a page waits for: about half a second.
CHECKED_AT_ONCE = 500
REPORTED_AT_ONCE = 20


@shared_task(name="credits.import_scans")
def import_scans() -> None:
    """Go on with every import of badge scans that is not finished; those that another worker is at are left to it."""
    for scan_import_id in scans.imports_left():
        try:
            scans.run_import(scan_import_id=scan_import_id, now=clock.now())
        except Exception:  # kept with its row and tried again; the others go on
            log.exception("scan_import_failed", scan_import=scan_import_id)


def wake_scan_imports() -> None:
    """Ask for the imports to go on soon. Without a broker they stay noted, and beat comes by."""
    wake(import_scans)


@shared_task(name="credits.work_on_roster")
def work_on_roster(roster_id: int) -> None:
    """Check or report a roster to its end."""
    with in_bulk():
        while rosters.work_on(roster_id=roster_id, now=clock.now(), at_most=LINES_AT_A_TIME):
            continue


@shared_task(name="credits.work_on_rosters")
def work_on_rosters() -> None:
    """Go on with what somebody began and nobody works on any more."""
    for roster_id in rosters.left_alone(now=clock.now()).values_list("id", flat=True):
        work_on_roster.delay(roster_id)


def go_on_with(roster: Roster) -> None:
    """Do what is to be done on a roster: at once where that takes no time, else by a worker."""
    at_once = CHECKED_AT_ONCE if roster.status == Roster.Status.CHECKING else REPORTED_AT_ONCE
    if roster.rows.count() <= at_once:
        work_on_roster(roster.id)
    else:
        wake(work_on_roster, roster.id)
