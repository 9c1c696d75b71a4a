"""The life of certifications: imported, earned, renewed, taken back, and what their dates make of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from candidates import queries, rules
from candidates.models import Candidate, Certification, StatusChange, Term, Track
from candidates.queries import Held
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.calendar import add_months
from ceportal.kernel.outbox import emit


@transaction.atomic
def import_certification(
    *,
    candidate_id: int,
    track_code: str,
    certified_on: date,
    now: datetime,
    term_started_on: date | None = None,
    emeritus_until: date | None = None,
) -> Certification:
    """Enter a certification from the certification records: unbroken from its first day to its running term.

    With `certified_on` on the very day it is earned there and then, and renews others (CERT-06); with an earlier day
    it changes nothing else. `emeritus_until` enters it in Emeritus. Repeating an import changes nothing.
    """
    if certified_on == clock.day_of(now) and emeritus_until is None:
        return earn_certification(
            candidate_id=candidate_id, track_code=track_code, earned_on=certified_on, source="", now=now
        )
    candidate = lock_candidate(candidate_id)
    track = Track.objects.get(code=track_code)
    existing = Certification.objects.filter(candidate=candidate, track=track).first()
    if existing is not None:
        return existing
    starts_on = term_started_on or certified_on
    if emeritus_until is not None:
        starts_on = add_months(emeritus_until, -12)  # EMR-07: a term lasts one year
    certification = _create_certification(candidate, track, certified_on, imported=True)
    Term.objects.create(
        certification=certification,
        kind=Term.Kind.EMERITUS if emeritus_until else Term.Kind.ACTIVE,
        starts_on=starts_on,
        ends_on=emeritus_until,
        renewed_on=starts_on,
        reason=Term.Reason.IMPORTED,
        created_at=now,
    )
    refresh_certifications(
        [certification.id], clause="CERT-01", reason="Imported from the records", now=now, first=True
    )
    certification.refresh_from_db()
    emit("candidates.certification_imported", certification, now=now, track=track_code)
    return certification


@transaction.atomic
def earn_certification(
    *, candidate_id: int, track_code: str, earned_on: date, source: str, now: datetime
) -> Certification:
    """Certify a candidate in a track, or anew where it had lapsed (CERT-04); a valid one is left as it is.

    Emits candidates.certification_earned, upon which the others at its level and below are renewed (CERT-06).
    """
    candidate = lock_candidate(candidate_id)
    catch_up(candidate_id, now=now)
    track = Track.objects.get(code=track_code)
    certification = Certification.objects.filter(candidate=candidate, track=track).first()
    first = certification is None
    if certification is None:
        certification = _create_certification(candidate, track, earned_on, imported=False)
    else:
        (held,) = queries.held_in(Certification.objects.filter(id=certification.id))
        if not held.life.terms:  # its first result was corrected: this is the day it is certified from (EXAM-09)
            certification.first_certified_on = earned_on
            certification.save(update_fields=["first_certified_on"])
        elif held.status_on(earned_on) not in rules.ENDED or earned_on <= held.life.renewed_on:
            return certification
    Term.objects.create(
        certification=certification,
        starts_on=earned_on,
        renewed_on=earned_on,
        reason=Term.Reason.EARNED,
        source=source,
        created_at=now,
    )
    refresh_certifications([certification.id], clause="CERT-04", reason="Earned", now=now, first=first)
    certification.refresh_from_db()
    emit("candidates.certification_earned", certification, now=now, earned_on=earned_on.isoformat(), source=source)
    return certification


def _create_certification(candidate: Candidate, track: Track, certified_on: date, *, imported: bool) -> Certification:
    return Certification.objects.create(
        candidate=candidate,
        track=track,
        number=f"{candidate.number}-{track.code}".upper(),
        first_certified_on=certified_on,
        status=Certification.Status.ACTIVE,
        imported=imported,
    )


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new term for a certification: when it starts, and the requirement date that brought it."""

    held: Held
    starts_on: date
    renewed_on: date
    reason: Term.Reason


def renew_certifications(*, renewals: Sequence[Renewal], clause: str, source: str, now: datetime) -> list[Held]:
    """Give certifications of one candidate their new terms, and return them with the lives they now have.

    The caller has locked the candidate, read the lives since, and decided.
    """
    Term.objects.bulk_create(
        Term(
            certification=renewal.held.certification,
            starts_on=renewal.starts_on,
            renewed_on=renewal.renewed_on,
            reason=renewal.reason,
            source=source,
            created_at=now,
        )
        for renewal in renewals
    )
    renewed = [
        Held(
            renewal.held.certification,
            renewal.held.life.with_term(rules.TermFacts("active", renewal.starts_on, renewal.renewed_on)),
        )
        for renewal in renewals
    ]
    _keep_standing(renewed, clause=clause, reason="Renewed", now=now)
    return renewed


def withdraw_terms(*, candidate_id: int, source: str, clause: str, reason: str, now: datetime) -> list[Certification]:
    """Take back the terms that something brought, so that the lives are again what they were; whose they were.

    The caller holds the candidate's lock. A certification left without any term is inactive from its first day
    (EXAM-09).
    """
    terms = Term.objects.filter(certification__candidate_id=candidate_id, source=source, withdrawn_at__isnull=True)
    ids = list(terms.values_list("certification_id", flat=True))
    terms.update(withdrawn_at=now)
    refresh_certifications(ids, clause=clause, reason=reason, now=now)
    return list(Certification.objects.filter(id__in=ids).select_related("track"))


def refresh_certifications(
    certification_ids: Iterable[int], *, clause: str, reason: str, now: datetime, first: bool = False
) -> list[StatusChange]:
    """Bring status and dates in line with the terms and the book, keeping every change with its reason.

    The caller holds the candidate's lock and is in a transaction; `first` marks certifications entered just now.
    """
    held = queries.held_in(Certification.objects.filter(id__in=list(certification_ids)))
    return _keep_standing(held, clause=clause, reason=reason, now=now, first=first)


def _keep_standing(
    certifications: Iterable[Held], *, clause: str, reason: str, now: datetime, first: bool = False
) -> list[StatusChange]:
    day = clock.day_of(now)
    rows: list[Certification] = []
    changes: list[StatusChange] = []
    for held in certifications:
        row, standing = held.certification, held.standing_on(day)
        before = (row.status, row.active_ends_on, row.inactive_on)
        row.next_change_on = standing.next_change_on
        row.status = Certification.Status(standing.status)
        row.active_ends_on, row.inactive_on = standing.active_ends_on, standing.inactive_on
        rows.append(row)
        if first or before != (row.status, row.active_ends_on, row.inactive_on):
            changes.append(
                StatusChange(
                    certification=row,
                    effective_on=day,
                    before="" if first else before[0],
                    after=row.status,
                    active_ends_on=row.active_ends_on,
                    inactive_on=row.inactive_on,
                    clause=clause,
                    reason=reason,
                    made_at=now,
                )
            )
    Certification.objects.bulk_update(rows, ["status", "active_ends_on", "inactive_on", "next_change_on"])
    StatusChange.objects.bulk_create(changes)
    return changes


@transaction.atomic
def follow_calendar(*, candidate_id: int, now: datetime) -> None:
    """Let a candidate's certifications become what their dates say today: suspended, inactive, re-dated, begun anew.

    Emits candidates.certification_changed for each that was due, whether its status changed or only its dates.
    """
    lock_candidate(candidate_id)
    catch_up(candidate_id, now=now)


def catch_up(candidate_id: int, *, now: datetime) -> list[Held]:
    """As `follow_calendar`, for callers that must not depend on whether tonight's sweep has run; what is held then.

    The caller holds the candidate's lock and is in a transaction.
    """
    day = clock.day_of(now)
    held = queries.held_by(candidate_id)
    due = [each for each in held if each.certification.next_change_on and each.certification.next_change_on <= day]
    if not due:
        return held
    changes = _keep_standing(due, clause="CERT-01", reason="By its dates", now=now)
    before = {change.certification_id: change.before for change in changes}
    for row in (each.certification for each in due):
        emit(
            "candidates.certification_changed",
            row,
            now=now,
            before=before.get(row.id, row.status),
            after=row.status,
        )
    return queries.held_by(candidate_id)  # what reacted may have renewed some
