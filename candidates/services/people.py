"""A person in the certification records: entered, linked to a login, reached, and what they accept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from candidates import queries, rules
from candidates.models import Acceptance, Agreement, Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


def lock_candidate(candidate_id: int) -> Candidate:
    """The candidate's row, locked: first in every service that changes what belongs to a candidate."""
    return Candidate.objects.select_for_update(no_key=True).get(id=candidate_id)


def lock_candidates(candidate_ids: Iterable[int]) -> list[Candidate]:
    """Several candidates' rows, locked in the order of their ids, in which whoever locks several does."""
    rows = Candidate.objects.select_for_update(no_key=True).filter(id__in=list(candidate_ids))
    return list(rows.order_by("id"))


@transaction.atomic
def register_candidate(
    *,
    number: str,
    name: str,
    born: date,
    country: str,
    email: str,
    now: datetime,
    region: str = "",
    time_zone: str = "UTC",
    language: str = "en",
) -> Candidate:
    """Enter a person in the certification records; the number identifies, so a repetition gives the same record."""
    candidate, created = Candidate.objects.get_or_create(
        number=number,
        defaults={
            "name": name,
            "born": born,
            "country": country,
            "region": region,
            "email": email,
            "time_zone": time_zone,
            "language": language,
            "created_at": now,
        },
    )
    if created:
        emit("candidates.candidate_registered", candidate, candidate_id=candidate.id, now=now)
    return candidate


@transaction.atomic
def link_candidate(*, user_id: int, number: str, born: date, now: datetime) -> Candidate:
    """Link a login to the candidate's record with this number and birth date, or refuse (CAND-09)."""
    record = Candidate.objects.select_for_update(no_key=True).filter(number=number.strip().upper(), born=born).first()
    own = Candidate.objects.filter(user_id=user_id).first()
    require(
        rules.assess_link(
            rules.LinkFacts(
                found=record is not None,
                free=record is None or record.user_id in {None, user_id},
                user_free=own is None or own == record,
            )
        )
    )
    assert record is not None
    if record.user_id is None:
        record.user_id = user_id
        record.save(update_fields=["user"])
        emit("candidates.candidate_linked", record, candidate_id=record.id, now=now)
    return record


@transaction.atomic
def accept_agreement(
    *,
    candidate_id: int,
    kind: str,
    ip_address: str | None,
    now: datetime,
    version: str | None = None,
    accepted_on: date | None = None,
) -> Acceptance:
    """Record the acceptance of the version in force, with its moment and address (CE-05); once a version.

    `accepted_on` is the day of an acceptance that is told later (CAND-01): the version of that day is meant, and its
    moment is the end of it. Agreement.DoesNotExist where `version` is not the one in force: the text on the screen was
    replaced meanwhile.
    """
    lock_candidate(candidate_id)
    today = clock.day_of(now)
    agreement = queries.current_agreement(kind, accepted_on or today)
    if agreement is None or (version is not None and agreement.version != version):
        raise Agreement.DoesNotExist(kind)
    accepted_at = now if accepted_on in {None, today} else clock.end_of(accepted_on)
    acceptance, created = Acceptance.objects.get_or_create(
        candidate_id=candidate_id,
        agreement=agreement,
        defaults={"accepted_at": accepted_at, "ip_address": ip_address},
    )
    if created:
        emit("candidates.agreement_accepted", acceptance, now=now, kind=kind, version=agreement.version)
    return acceptance
