"""Jobs: bulks of rows, done by a worker chunk by chunk; each chunk's effect and outcomes are one transaction.

What does a chunk of a kind of job is named in `ceportal.events.JOBS`: `run_chunk(job, rows, first_row=, now=)` gives
one outcome a row, `{"status": "accepted" | "repeated" | "refused" | "wrong", ...}`. A worker that dies leaves whole
chunks; the sweep lets another go on after them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from ceportal.kernel.collecting import in_bulk
from ceportal.kernel.locks import holding
from ceportal.kernel.outbox import emit
from ceportal.kernel.tasks import wake
from ceportal.partner_api.callers import Caller
from ceportal.partner_api.models import Job, JobChunk

Outcome = dict[str, Any]
RunChunk = Callable[..., list[Outcome]]

MOST_ROWS = 10_000
CHUNK_ROWS = 500
MOST_FAILURES = 3  # of one chunk, one after another
LEFT_AFTER = timedelta(minutes=1)
WRITTEN_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

log = structlog.get_logger(__name__)


def start_job(
    *,
    caller: Caller,
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    now: datetime,
    about: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> Job:
    """Keep the rows and let a worker do them after the commit.

    ValidationError for no rows, for more than 10,000, and for what cannot be kept.

    Whom a chunk locks waits until it is done: the more a row asks for, the fewer `chunk_rows` are right.
    """
    if not rows or len(rows) > MOST_ROWS:
        raise ValidationError(
            {"rows": _("Send between 1 and %(most)d rows at a time.") % {"most": MOST_ROWS}},
        )
    if not _can_be_kept(rows):
        raise ValidationError({"rows": _("They hold a NUL, half a character, or a number that is not finite.")})
    assert caller.application is not None  # people have no scope for bulks
    job = Job.objects.create(
        application=caller.application,
        kind=kind,
        about=dict(about or {}),
        dry_run=dry_run,
        rows_total=len(rows),
        created_at=now,
        progressed_at=now,
    )
    JobChunk.objects.bulk_create(
        JobChunk(job=job, first_row=first + 1, rows=list(rows[first : first + chunk_rows]))
        for first in range(0, len(rows), chunk_rows)
    )
    transaction.on_commit(lambda: _wake(job.pk))
    return job


def _can_be_kept(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the database takes them: of what JSON allows it refuses a little."""
    try:
        written = json.dumps(rows, allow_nan=False, ensure_ascii=False)
        written.encode()  # half a pair of surrogates is no character
    except ValueError:
        return False
    return WRITTEN_NUL.search(written) is None


def run_job(*, job_id: int, clock: Callable[[], datetime]) -> None:
    """Do what is left of a job. A second worker that comes by meanwhile leaves it to the first."""
    with holding(f"partner_api.job.{job_id}") as held, in_bulk():
        while held and _run_next_chunk(job_id=job_id, now=clock()):
            pass


def wake_left_jobs(*, now: datetime) -> int:
    """Wake the jobs that nobody has worked on for a minute; how many there were."""
    left = Job.objects.filter(
        status__in=[Job.Status.WAITING, Job.Status.RUNNING], progressed_at__lte=now - LEFT_AFTER
    ).values_list("pk", flat=True)
    for job_id in left:
        _wake(job_id)
    return len(left)


def _wake(job_id: int) -> None:
    from ceportal.partner_api.tasks import run_job as task

    wake(task, job_id)


def _run_next_chunk(*, job_id: int, now: datetime) -> bool:
    """Whether there may be more to do."""
    try:
        with transaction.atomic():
            return _do_chunk(job_id=job_id, now=now)
    except Exception as error:  # noqa: BLE001 - a fault in one chunk is told in the job, which is tried again
        log.warning("job_chunk_failed", job=job_id, error=f"{type(error).__name__}: {error}")
        return _note_failure(job_id=job_id, error=f"{type(error).__name__}: {error}", now=now)


def _do_chunk(*, job_id: int, now: datetime) -> bool:
    job = Job.objects.select_for_update().select_related("application__responsible").get(pk=job_id)
    chunk = job.chunks.filter(outcomes__isnull=True).first()
    if job.status in {Job.Status.DONE, Job.Status.FAILED}:
        return False
    if chunk is not None:
        chunk.outcomes = _outcomes(job, chunk, now=now)
        chunk.save(update_fields=["outcomes"])
        job.counts = dict(Counter(job.counts) + Counter(each["status"] for each in chunk.outcomes))
        job.rows_done += len(chunk.outcomes)
    job.failures = 0
    job.progressed_at = now
    finished = job.rows_done == job.rows_total
    job.status = Job.Status.DONE if finished else Job.Status.RUNNING
    job.finished_at = now if finished else None
    job.save(update_fields=["counts", "rows_done", "failures", "progressed_at", "status", "finished_at"])
    if finished:
        _tell_finished(job, now=now)
    return not finished


def _tell_finished(job: Job, *, now: datetime) -> None:
    emit("partner_api.job_finished", job, now=now, status=job.status, counts=job.counts)


def _outcomes(job: Job, chunk: JobChunk, *, now: datetime) -> list[Outcome]:
    run_chunk: RunChunk = import_string(import_string("ceportal.events.JOBS")[job.kind])
    with transaction.atomic():
        outcomes = run_chunk(job, chunk.rows, first_row=chunk.first_row, now=now)
        if job.dry_run:
            transaction.set_rollback(True)
    assert len(outcomes) == len(chunk.rows)
    return outcomes


@transaction.atomic
def _note_failure(*, job_id: int, error: str, now: datetime) -> bool:
    job = Job.objects.select_for_update().get(pk=job_id)
    job.failures += 1
    job.last_error = error[:1000]
    job.progressed_at = now
    if job.failures >= MOST_FAILURES:
        job.status, job.finished_at = Job.Status.FAILED, now
    job.save(update_fields=["failures", "last_error", "progressed_at", "status", "finished_at"])
    if job.status == Job.Status.FAILED:
        _tell_finished(job, now=now)
    return False
