"""Emeritus as the certification records know it."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from candidates.models import Term
from candidates.services import import_certification
from ceportal.kernel.outbox import emit
from emeritus.models import EmeritusRecord


@transaction.atomic
def import_emeritus(
    *,
    candidate_id: int,
    track_code: str,
    certified_on: date,
    until: date,
    route: str = EmeritusRecord.Route.RECERTIFY,
    origin: str = EmeritusRecord.Origin.PURCHASE,
    now: datetime,
    since: date | None = None,
) -> EmeritusRecord:
    """Enter a certification in Emeritus up to a day, with its way back to active and its origin (CE-04).

    Without `since` it is in Emeritus from the anniversary before `now`, however far ahead the day lies. Repeating an
    import changes nothing. Term.DoesNotExist where the certification is on record without that term.
    """
    certification = import_certification(
        candidate_id=candidate_id,
        track_code=track_code,
        certified_on=certified_on,
        term_started_on=since,
        emeritus_until=until,
        now=now,
    )
    term = Term.objects.get(
        certification=certification, kind=Term.Kind.EMERITUS, ends_on=until, withdrawn_at__isnull=True
    )
    record, created = EmeritusRecord.objects.get_or_create(
        term=term,
        defaults={"certification": certification, "route": route, "origin": origin, "created_at": now},
    )
    if created:
        emit(
            "emeritus.term_imported",
            record,
            candidate_id=candidate_id,
            now=now,
            until=until.isoformat(),
            route=route,
            origin=origin,
        )
    return record
