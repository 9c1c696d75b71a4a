"""A person in the certification records: entered, linked to a login, reached."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from candidates import rules
from candidates.erasing import marks_of
from candidates.models import Candidate, Case, Sanction
from candidates.services.cases import open_case
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
        _recognise(candidate, now=now)
    return candidate


def _recognise(candidate: Candidate, *, now: datetime) -> None:
    """Put before staff whoever looks like a person barred for good who was erased since (CAND-02, CAND-09)."""
    marks = marks_of(name=candidate.name, born=candidate.born)
    for sanction in Sanction.objects.filter(person_mark__in=marks, status=Sanction.Status.RUNNING):
        open_case(
            key=f"barred_returns:{candidate.id}:{sanction.id}",
            kind=Case.Kind.BARRED_RETURNS,
            clause="CAND-02",
            candidate_id=candidate.id,
            subject=f"candidates.sanction:{sanction.id}",
            facts={},
            now=now,
        )


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
def choose_language(*, candidate_id: int, language: str, now: datetime) -> Candidate:
    """Speak another language to a candidate from now on: pages that have it, and messages (CE-13)."""
    candidate = lock_candidate(candidate_id)
    if candidate.language != language:
        candidate.language = language
        candidate.save(update_fields=["language"])
        emit("candidates.contact_changed", candidate, candidate_id=candidate.id, now=now)
    return candidate
