"""What dates make due for certifications: suspension, lapse, re-dating, reminders."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import QuerySet

from candidates import services
from candidates.models import Candidate, Certification, DataRequest, Sanction
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.kernel.sweeping import on_each


def follow_calendar(*, now: datetime) -> int:
    """Let every certification become what its dates say; one transaction a candidate, so it can be killed anywhere."""
    day = clock.day_of(now)
    due = (
        Certification.objects.filter(next_change_on__lte=day)
        .order_by("candidate_id")
        .values_list("candidate_id", flat=True)
        .distinct()
    )

    def follow(candidate_id: int) -> int:
        services.follow_calendar(candidate_id=candidate_id, now=now)
        return 1

    return on_each(due, follow)


def end_sanctions(*, now: datetime) -> int:
    """Let every sanction end whose last day has come (CAND-02); one transaction each."""
    due = Sanction.objects.filter(status=Sanction.Status.RUNNING, ends_on__lte=clock.day_of(now)).order_by("id")

    def end(sanction_id: int) -> int:
        services.end_sanction(sanction_id=sanction_id, now=now)
        return 1

    return on_each(due.values_list("id", flat=True), end)


def expire_exports(*, now: datetime) -> int:
    """Remove the copies of data whose last day has passed (CAND-09); one transaction each."""
    due = DataRequest.objects.filter(status=DataRequest.Status.READY, expires_on__lt=clock.day_of(now)).order_by("id")
    return on_each(due.values_list("id", flat=True), lambda key: services.expire_export(request_id=key, now=now))


def carry_out_erasures(*, now: datetime) -> int:
    """Erase whoever asked for it, where the day has come (CAND-09); one transaction each. Those that were erased."""
    waiting = DataRequest.objects.filter(
        kind=DataRequest.Kind.ERASURE, status=DataRequest.Status.WAITING, due_on__lte=clock.day_of(now)
    )

    def erase(request_id: int) -> int:
        return services.erase_candidate(request_id=request_id, now=now).status == DataRequest.Status.DONE

    return on_each(waiting.order_by("id").values_list("id", flat=True), erase)


def send_lapse_notices(*, now: datetime) -> int:
    """Write today's reminders of coming lapses and notices of those that happened (CERT-03).

    One message a person, kind and day, naming every certification concerned.
    """
    day = clock.day_of(now)
    # The reminder day governs: today.
    ladder = BOOK.on(day)["cert.reminder_days"].value
    coming = {day + timedelta(days=days): days for days in ladder}
    written = _write_lapse_notices(
        Certification.objects.filter(status="active", active_ends_on__in=coming),
        kind="lapse_reminder",
        now=now,
    )
    return written + _write_lapse_notices(
        # Not where Emeritus or Lifetime follows.
        Certification.objects.filter(status__in=["suspended", "grace", "inactive"], active_ends_on=day),
        kind="lapsed",
        now=now,
    )


def _write_lapse_notices(certifications: QuerySet[Certification], *, kind: str, now: datetime) -> int:
    day = clock.day_of(now)
    rows = certifications.select_related("candidate", "track").order_by("candidate_id", "active_ends_on")
    written = 0
    for candidate_id, group in groupby(rows, key=lambda row: row.candidate_id):
        with transaction.atomic():
            candidate = Candidate.objects.get(id=candidate_id)
            notice = services.compose_notice(
                candidate=candidate,
                kind=kind,
                key=f"{kind}:{candidate_id}:{day}",
                context={"certifications": list(group), "day": day},
                now=now,
            )
        written += notice is not None
    return written
