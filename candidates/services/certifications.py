"""The life of certifications: imported, earned, renewed, taken back, and what their dates make of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from candidates import queries, rules
from candidates.models import Candidate, Certification, StatusChange, Term, Track
from candidates.queries import Held
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.calendar import add_months
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK


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
    it changes nothing else. `emeritus_until` enters it in Emeritus, in which it is already (EMR-07). Repeating an
    import changes nothing.
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
    if emeritus_until is not None and term_started_on is None:
        starts_on = _emeritus_since(emeritus_until, on=clock.day_of(now))
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
        [certification.id],
        clause="CERT-01",
        reason=_("Imported from the certification records"),
        now=now,
        first=True,
    )
    _refresh_beside([certification], now=now)
    certification.refresh_from_db()
    emit("candidates.certification_imported", certification, now=now, track=track_code)
    return certification


def _emeritus_since(until: date, *, on: date) -> date:
    """The first day of the year of Emeritus that runs on a day, of terms of one year each (EMR-07)."""
    years = 1
    while add_months(until, -12 * years) > on:
        years += 1
    return add_months(until, -12 * years)


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
    reason = ("CERT-01", _("Earned")) if first else ("CERT-04", _("Earned anew"))
    refresh_certifications([certification.id], clause=reason[0], reason=reason[1], now=now, first=first)
    _refresh_beside([certification], now=now)
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
    """A new term for a certification: when it starts, the requirement date that brought it, and by which clause."""

    held: Held
    starts_on: date
    renewed_on: date
    reason: Term.Reason
    clause: str
    sentence: str  # for the record of changes


def renew_certifications(*, renewals: Sequence[Renewal], source: str, now: datetime) -> list[Held]:
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
    lives = {
        renewal.held.certification.number: renewal.held.life.with_term(
            rules.TermFacts("active", renewal.starts_on, renewal.renewed_on)
        )
        for renewal in renewals
    }
    renewed = [
        Held(
            renewal.held.certification,
            (life := lives[renewal.held.certification.number]).among(
                lives.get(each.number, each) for each in life.beside
            ),
        )
        for renewal in renewals
    ]
    day = clock.day_of(now)
    changes = [
        _change_on(day, held, clause=renewal.clause, reason=renewal.sentence, now=now)
        for held, renewal in zip(renewed, renewals, strict=True)
    ]
    _keep(renewed, changes)
    if any(each.number not in lives for life in lives.values() for each in life.beside):
        _refresh_beside([each.certification for each in renewed], now=now)
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
    withdrawn = list(Certification.objects.filter(id__in=ids).select_related("track"))
    _refresh_beside(withdrawn, now=now)
    return withdrawn


def buy_emeritus_terms(
    *,
    certification_ids: Collection[int],
    starts_on: date,
    ends_on: date,
    bought_on: date,
    source: str,
    now: datetime,
) -> list[Term]:
    """Give certifications of one candidate the Emeritus term that was bought for them (EMR-06, EMR-08).

    The caller has locked the candidate, caught up with the calendar, and decided. It begins when their active status
    ends. Emits candidates.certification_changed for each that it changed.
    """
    terms = Term.objects.bulk_create(
        Term(
            certification_id=certification_id,
            kind=Term.Kind.EMERITUS,
            starts_on=starts_on,
            ends_on=ends_on,
            renewed_on=bought_on,
            reason=Term.Reason.BOUGHT,
            source=source,
            created_at=now,
        )
        for certification_id in certification_ids
    )
    changes = refresh_certifications(certification_ids, clause="EMR-06", reason=_("Emeritus was bought"), now=now)
    for change in changes:
        _tell_changed(change.certification, before=change.before, now=now)
    return terms


def refresh_certifications(
    certification_ids: Iterable[int], *, clause: str, reason: str, now: datetime, first: bool = False
) -> list[StatusChange]:
    """Bring status and dates in line with the terms and the book, keeping every change with its reason.

    The caller holds the candidate's lock and is in a transaction; `first` marks certifications entered just now.
    """
    day = clock.day_of(now)
    held = queries.held_in(Certification.objects.filter(id__in=list(certification_ids)))
    return _keep(held, [_change_on(day, each, clause=clause, reason=reason, now=now, first=first) for each in held])


def _refresh_beside(certifications: Iterable[Certification], *, now: datetime) -> None:
    """Bring what their holder has beside certifications in line with what became of them (EMR-07, EMR-08)."""
    changed = [each for each in certifications if each.track.family in rules.EMERITUS_FAMILIES]
    if not changed:
        return
    beside = Certification.objects.filter(
        candidate_id=changed[0].candidate_id, track__family__in=rules.EMERITUS_FAMILIES
    ).exclude(id__in=[each.id for each in changed])
    ids = list(beside.values_list("id", flat=True))
    if ids:
        reason = _("What its holder has beside it changed")
        for change in refresh_certifications(ids, clause="EMR-08", reason=reason, now=now):
            _tell_changed(change.certification, before=change.before, now=now)


def _tell_changed(certification: Certification, *, before: str, now: datetime) -> None:
    emit("candidates.certification_changed", certification, now=now, before=before, after=certification.status)


def _change_on(
    day: date, held: Held, *, clause: str, reason: str, now: datetime, first: bool = False
) -> StatusChange | None:
    """Give a row the standing of a day; what that changed, or None where it changed nothing that shows."""
    row, standing = held.certification, held.standing_on(day)
    before = (row.status, row.active_ends_on, row.inactive_on)
    row.next_change_on = standing.next_change_on
    row.status = Certification.Status(standing.status)
    row.active_ends_on, row.inactive_on = standing.active_ends_on, standing.inactive_on
    if not first and before == (row.status, row.active_ends_on, row.inactive_on):
        return None
    return StatusChange(
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


def _keep(held: Iterable[Held], changes: Iterable[StatusChange | None]) -> list[StatusChange]:
    """Write the rows as they stand now, and what changed them."""
    rows = [each.certification for each in held]
    Certification.objects.bulk_update(rows, ["status", "active_ends_on", "inactive_on", "next_change_on"])
    return StatusChange.objects.bulk_create(change for change in changes if change is not None)


@transaction.atomic
def follow_calendar(*, candidate_id: int, now: datetime) -> None:
    """Let a candidate's certifications become what their dates say today: suspended, Emeritus, inactive, begun anew.

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
    before = {each.certification.id: each.certification.status for each in due}
    _keep(due, [change for each in due for change in _changes_until(day, each, now=now)])
    for row in (each.certification for each in due):
        _tell_changed(row, before=before[row.id], now=now)
    return queries.held_by(candidate_id)  # what reacted may have renewed some


def catch_up_several(candidate_ids: Iterable[int], *, now: datetime) -> None:
    """As `catch_up`, for several candidates whose locks the caller holds: whom no date has changed costs nothing."""
    due = Certification.objects.filter(candidate_id__in=list(candidate_ids), next_change_on__lte=clock.day_of(now))
    for candidate_id in due.order_by("candidate_id").values_list("candidate_id", flat=True).distinct():
        catch_up(candidate_id, now=now)


def _changes_until(day: date, held: Held, *, now: datetime) -> Iterator[StatusChange | None]:
    """What the dates of a certification made of it, one day after another, however late that is found."""
    row = held.certification
    while row.next_change_on is not None and row.next_change_on <= day:
        on = row.next_change_on
        clause, reason = rules.reason_on(BOOK, held.life, on)
        yield _change_on(on, held, clause=clause, reason=reason, now=now)
