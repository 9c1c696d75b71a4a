"""Files that go: asked for in the transaction that no longer needs them, removed after its commit, once and for all.

A file cannot be taken back, so nothing is removed before the row that says so is committed. What a killed process
left is removed by the nightly sweep.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.core.files.storage import default_storage
from django.db import transaction

from ceportal.kernel.models import FileToRemove

log = structlog.get_logger(__name__)


def remove_after_commit(names: Iterable[str], *, because: str, now: datetime) -> None:
    """Ask for stored files to be removed; asking twice is asking once. RuntimeError outside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Files are removed by the transaction that no longer needs them.")
    asked = [FileToRemove(name=name, because=because, asked_at=now) for name in names if name]
    FileToRemove.objects.bulk_create(asked, ignore_conflicts=True)
    if asked:
        transaction.on_commit(lambda: remove_waiting(now=now), robust=True)


def remove_waiting(*, now: datetime) -> int:
    """Remove every file that was asked for; one that is gone already counts. What fails is tried again tonight."""
    removed = 0
    for row in FileToRemove.objects.filter(removed_at__isnull=True).order_by("id"):
        try:
            default_storage.delete(row.name)
        except OSError as error:
            row.last_error = f"{type(error).__name__}: {error}"[:1000]
            log.warning("file_not_removed", file=row.pk, error=row.last_error)
        else:
            row.removed_at, row.last_error = now, ""
            removed += 1
        row.save(update_fields=["removed_at", "last_error"])
    return removed
