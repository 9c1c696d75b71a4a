"""The credit programme's tasks: they wake up work that rows hold."""

from __future__ import annotations

import structlog
from celery import shared_task

from ceportal.kernel import clock
from credits.services import scans

log = structlog.get_logger(__name__)


@shared_task(name="credits.import_scans")
def import_scans() -> None:
    """Go on with every import of badge scans that is not finished; those that another worker is at are left to it."""
    for scan_import_id in scans.imports_left():
        try:
            scans.run_import(scan_import_id=scan_import_id, now=clock.now())
        except Exception:  # noqa: BLE001 - kept with its row and tried again; the others go on
            log.exception("scan_import_failed", scan_import=scan_import_id)


def wake_scan_imports() -> None:
    """Ask for the imports to go on soon. Without a broker they stay noted, and beat comes by."""
    try:
        import_scans.apply_async(retry=False)
    except import_scans.OperationalError as error:
        log.warning("scan_imports_not_woken", error=str(error))
