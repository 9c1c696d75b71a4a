"""A copy of everything held about a candidate: asked for, written by a worker, kept for some days (CAND-09)."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse

from candidates.exporting import write_archive
from candidates.models import DataRequest
from candidates.services.notices import compose_notice
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from ceportal.kernel.removals import remove_after_commit

IN_MEMORY_BYTES = 4 * 1024 * 1024


@transaction.atomic
def ask_for_export(*, candidate_id: int, now: datetime) -> DataRequest:
    """Ask for a copy of everything; while one is being made, asking again is the same request (CAND-09).

    Emits candidates.export_requested, upon which a worker makes it.
    """
    candidate = lock_candidate(candidate_id)
    waiting = candidate.data_requests.filter(kind=DataRequest.Kind.EXPORT, status=DataRequest.Status.WAITING).first()
    if waiting is not None:
        return waiting
    request = DataRequest.objects.create(
        candidate=candidate,
        kind=DataRequest.Kind.EXPORT,
        file=f"exports/{secrets.token_hex(16)}.zip",
        asked_at=now,
    )
    emit("candidates.export_requested", request, now=now)
    return request


def on_export_requested(event: Event, now: datetime) -> None:
    """Receiver of the relay: make the copy that was asked for."""
    make_export(request_id=event.subject_id, now=now)


@transaction.atomic
def make_export(*, request_id: int, now: datetime) -> DataRequest:
    """Write the archive, tell the candidate where it is and for how long; an earlier copy goes (CAND-09).

    Once made it is left as it is. Whoever begins again after a failure writes the same file. Emits
    candidates.export_made.
    """
    candidate = lock_candidate(DataRequest.objects.values_list("candidate_id", flat=True).get(id=request_id))
    request = DataRequest.objects.select_for_update(no_key=True).get(id=request_id)
    if request.status != DataRequest.Status.WAITING:
        return request
    for earlier in candidate.data_requests.filter(status=DataRequest.Status.READY):
        _expire(earlier, now=now)
    name = str(request.file)
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as target:
        write_archive(target, candidate, now=now)
        request.size_bytes = target.tell()
        target.seek(0)
        request.sha256 = hashlib.file_digest(target, "sha256").hexdigest()
        target.seek(0)
        default_storage.delete(name)  # what a killed worker left
        default_storage.save(name, File(target))
    # The book of the day the copy was made governs how long it is kept.
    kept = BOOK.on(clock.day_of(now))["privacy.export_days"].value
    request.status, request.ended_at = DataRequest.Status.READY, now
    request.expires_on = clock.day_of(now) + timedelta(days=kept)
    request.save()
    emit("candidates.export_made", request, now=now)
    compose_notice(
        candidate=candidate,
        kind="export_ready",
        key=f"export_ready:{request.pk}",
        context={"request": request, "address": settings.BASE_URL + reverse("candidates:privacy")},
        now=now,
    )
    return request


@transaction.atomic
def expire_export(*, request_id: int, now: datetime) -> bool:
    """Remove a copy whose last day has passed; False where it has not, or is gone already."""
    lock_candidate(DataRequest.objects.values_list("candidate_id", flat=True).get(id=request_id))
    request = DataRequest.objects.select_for_update(no_key=True).get(id=request_id)
    if request.status != DataRequest.Status.READY or not has_expired(request, now=now):
        return False
    _expire(request, now=now)
    return True


def has_expired(request: DataRequest, *, now: datetime) -> bool:
    """Whether the last day on which a copy can be downloaded has passed."""
    return request.expires_on is not None and request.expires_on < clock.day_of(now)


def _expire(request: DataRequest, *, now: datetime) -> None:
    remove_after_commit([str(request.file)], because="export expired", now=now)
    request.status, request.ended_at, request.file = DataRequest.Status.EXPIRED, now, ""
    request.save(update_fields=["status", "ended_at", "file"])
