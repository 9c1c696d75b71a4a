"""Files of badge scans, handed in by organisers and recorded step by step (LIVE-01 to LIVE-08, CE-10).

The row of an import is the truth about the work. A step records some people's scans and says so in one transaction, so
whoever is killed leaves whole steps behind, and the next worker goes on after them. All scans may come twice: recording
them again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F

from ceportal.kernel.collecting import in_bulk
from ceportal.kernel.locks import holding
from ceportal.kernel.outbox import emit
from credits.files.scan_files import ScansRead, read_scans
from credits.models import ScanImport
from credits.services.attendance import Assessor, Reported, record_attendances

Status = ScanImport.Status
LARGEST_BYTES = 50 * 1024 * 1024
SCANS_A_STEP = 1000  # so that nobody's page waits for longer than a moment
PROBLEMS_KEPT = 1000
FAILURES_AT_MOST = 5
LOCK = "credits.scan_import"


class OvertakenError(Exception):
    """Another worker has recorded the same people meanwhile."""


@transaction.atomic
def request_import(*, name: str, content: bytes, user_id: int | None, now: datetime) -> ScanImport:
    """Keep a file of badge scans to be recorded; ValueError for one above the size that can be taken."""
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"{name} is larger than {LARGEST_BYTES} bytes.")
    row = ScanImport(original_name=name[-200:], size_bytes=len(content), uploaded_by_id=user_id, uploaded_at=now)
    row.file.save(f"scans-{now:%Y%m%d}.csv", ContentFile(content), save=False)
    row.save()
    emit("credits.scan_import_requested", row, now=now, name=row.original_name)
    return row


def run_import(*, scan_import_id: int, now: datetime, tell: Callable[[ScanImport], object] = lambda _row: None) -> bool:
    """Record what is left of an import; False where another worker is at it. `tell` hears of every step.

    An error is kept with the row, and the work is tried again from where it stopped, some times.
    """
    with holding(f"{LOCK}:{scan_import_id}") as held:
        if not held:
            return False
        try:
            for row in steps(scan_import_id=scan_import_id, now=now):
                tell(row)
        except Exception as error:
            _keep_failure(scan_import_id, error)
            raise
    return True


def imports_left() -> list[int]:
    """The imports that are not finished, oldest first."""
    left = ScanImport.objects.filter(status__in=[Status.WAITING, Status.RUNNING]).order_by("id")
    return list(left.values_list("id", flat=True))


@transaction.atomic
def try_again(*, scan_import_id: int) -> None:
    """Let an import that failed for good go on from where it stopped."""
    ScanImport.objects.filter(id=scan_import_id, status=Status.FAILED).update(status=Status.WAITING, failures=0)


def steps(*, scan_import_id: int, now: datetime) -> Iterator[ScanImport]:
    """Record an import step by step, each in a transaction of its own; the row as it stands after each."""
    row = ScanImport.objects.get(id=scan_import_id)
    if row.status not in {Status.WAITING, Status.RUNNING}:
        return
    with row.file.open("rb") as file:
        read = read_scans(file.read())
    _begin(row, read)
    assessor = Assessor(now, reported_by_id=row.uploaded_by_id)
    with in_bulk():  # what was read stays to the end
        for last, reported in _in_steps(read, after=row.done_to):
            _record(row, reported, done_to=last, assessor=assessor, now=now)
            yield row
    _finish(row, now=now)
    yield row


def _begin(row: ScanImport, read: ScansRead) -> None:
    """Write down what was read, the first time."""
    if row.rows is None:
        row.rows, row.problem_count = read.rows, len(read.problems)
        row.problems = [each.as_json() for each in read.problems[:PROBLEMS_KEPT]]
    row.status = Status.RUNNING
    row.save(update_fields=["rows", "problem_count", "problems", "status"])


def _in_steps(read: ScansRead, *, after: int) -> Iterator[tuple[int, list[Reported]]]:
    """People in the order of their ids, with their scans, as many as make a step; with the last one's id."""
    reported: list[Reported] = []
    people = sorted(candidate_id for candidate_id in read.by_candidate if candidate_id > after)
    for candidate_id in people:
        reported += read.by_candidate[candidate_id]
        if len(reported) >= SCANS_A_STEP or candidate_id == people[-1]:
            yield candidate_id, reported
            reported = []


@transaction.atomic
def _record(row: ScanImport, reported: list[Reported], *, done_to: int, assessor: Assessor, now: datetime) -> None:
    recorded = record_attendances(reported=reported, now=now, assessor=assessor)
    kept = ScanImport.objects.filter(id=row.id, done_to=row.done_to).update(
        done_to=done_to,
        rows_done=F("rows_done") + len(reported),
        earning=F("earning") + recorded.earning,
        refused=F("refused") + recorded.refused,
        unchanged=F("unchanged") + recorded.unchanged,
        failures=0,
        last_error="",
    )
    if not kept:
        raise OvertakenError(f"Another worker is at the import {row.id}.")
    row.refresh_from_db(fields=["done_to", "rows_done", "earning", "refused", "unchanged"])


@transaction.atomic
def _finish(row: ScanImport, *, now: datetime) -> None:
    row.status, row.finished_at = Status.DONE, now
    row.save(update_fields=["status", "finished_at"])
    emit(
        "credits.scans_imported",
        row,
        now=now,
        earning=row.earning,
        refused=row.refused,
        unchanged=row.unchanged,
        problems=row.problem_count,
    )


def _keep_failure(scan_import_id: int, error: Exception) -> None:
    row = ScanImport.objects.get(id=scan_import_id)
    row.failures += 1
    row.last_error = f"{type(error).__name__}: {error}"[:1000]
    row.status = Status.FAILED if row.failures >= FAILURES_AT_MOST else Status.WAITING
    row.save(update_fields=["failures", "last_error", "status"])
