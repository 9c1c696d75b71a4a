"""The exam day at a site: who arrives, who does not appear, the log, and the end of the sitting."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates.models import Agreement
from candidates.queries import current_agreement, has_accepted_current
from candidates.services import accept_agreement, lock_candidates
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Refused, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import desk_queries as queries
from exams.models import FREED, Booking, CheckIn, Incident, LogEntry, Sitting
from exams.rules import desk as rules
from exams.rules.desk import IdentityFacts
from exams.services.holds import withdraw_quotes
from exams.services.states import lock_booking, move_to
from exams.site_time import day_at
from payments.models import OrderLine
from payments.services import forfeit_fee

Kind = LogEntry.Kind


def check_in(
    *, booking_id: int, minutes_late: int, identity: IdentityFacts, proctor_id: int | None, now: datetime
) -> CheckIn:
    """Let a candidate who has arrived start, or refuse and say why. Repeated, it changes nothing.

    Judged for the exam day: the booking is paid, the documents are in order (EXAM-13), the written exam still opens the
    lab (LAB-03), the candidate may be tested and the waits are over. The minutes recorded count, not the moment of
    recording; beyond the limit the exam cannot begin, and the booking counts as not appeared (LAB-12, LAB-13), also
    though this refuses. The signature accepts the agreement and the recording in force (CAND-01, LAB-02). Emits
    exams.checked_in, or exams.no_show.
    """
    arrived = _arrive(booking_id, minutes_late, identity, proctor_id=proctor_id, now=now)
    if isinstance(arrived, Decision):
        raise Refused(arrived)  # outside the transaction, which keeps who came too late
    return arrived


@transaction.atomic
def _arrive(
    booking_id: int, minutes_late: int, identity: IdentityFacts, *, proctor_id: int | None, now: datetime
) -> CheckIn | Decision:
    booking = lock_booking(booking_id)
    before = CheckIn.objects.filter(booking=booking).first()
    if before is not None:
        return before
    facts = queries.arrival_facts(booking, minutes_late=minutes_late, identity=identity, now=now)
    decision = rules.assess_arrival(facts, BOOK)
    if not decision.granted:
        awaited = rules.assess_awaited(booking.status, exam_on=facts.exam_on, recorded_on=facts.recorded_on)
        if awaited.granted and not rules.assess_lateness(minutes_late, BOOK.on(facts.exam_on)).met:
            _miss(booking, decision, minutes_late=minutes_late, proctor_id=proctor_id, now=now)
        return decision
    withdraw_quotes(booking, now=now)
    for kind in (Agreement.Kind.AGREEMENT, Agreement.Kind.RECORDING):
        _accept(booking, kind, now=now)
    arrival = CheckIn.objects.create(
        booking=booking,
        minutes_late=minutes_late,
        photo_document=identity.photo_document,
        second_document=identity.second_document,
        photographed=identity.photographed,
        signed=identity.signed,
        decision=decision.as_json(),
        recorded_by_id=proctor_id,
        recorded_at=now,
    )
    move_to(booking, Booking.Status.SAT, now=now)
    write_log(booking.seat.sitting, Kind.STARTED, booking=booking, minutes=minutes_late, proctor_id=proctor_id, now=now)
    emit(
        "exams.checked_in",
        arrival,
        now=now,
        candidate_id=booking.candidate_id,
        booking=booking.pk,
        track=booking.track.code,
        minutes_late=minutes_late,
    )
    return arrival


@transaction.atomic
def mark_absent(*, booking_id: int, proctor_id: int | None, now: datetime) -> Booking:
    """Mark a candidate as not appeared: all that was paid is forfeited (LAB-13). Marked before, nothing changes.

    Refused for a booking that nobody is expected with, and before its day. Emits exams.no_show.
    """
    booking = lock_booking(booking_id)
    if booking.status == Booking.Status.NO_SHOW:
        return booking
    on = queries.day_at_site(booking, now)
    decision = rules.assess_awaited(booking.status, exam_on=booking.seat.sitting.day, recorded_on=on)
    _miss(booking, require(decision), proctor_id=proctor_id, now=now)
    return booking


@transaction.atomic
def close_sitting(*, sitting_id: int, proctor_id: int, now: datetime) -> Sitting:
    """End a sitting; whoever is expected and has not arrived did not appear (LAB-13). Closed before, nothing changes.

    Refused while somebody may still arrive in time (LAB-12) and while the clock of a fault is running (INC-01). Emits
    exams.no_show for each, and exams.sitting_closed.
    """
    expected = Booking.objects.filter(seat__sitting_id=sitting_id, status=queries.AWAITED)
    lock_candidates(expected.values_list("candidate_id", flat=True))
    sitting = Sitting.objects.select_for_update(no_key=True, of=("self",)).select_related("site").get(id=sitting_id)
    if sitting.closed_at is not None:
        return sitting
    missed = [lock_booking(pk) for pk in expected.order_by("candidate_id", "id").values_list("pk", flat=True)]
    # The clock of a booking that was left meanwhile keeps nobody here.
    running = Incident.objects.filter(booking__seat__sitting=sitting, ended_at=None).exclude(booking__status__in=FREED)
    facts = rules.ClosingFacts(queries.starts_at(sitting), now, awaited=len(missed), faults_running=running.count())
    decision = require(rules.assess_closing(facts, BOOK.on(sitting.day)))  # the exam day's book governs
    for booking in missed:
        _miss(booking, decision, proctor_id=proctor_id, now=now)
    sitting.closed_at, sitting.closed_by_id = now, proctor_id
    sitting.save(update_fields=["closed_at", "closed_by"])
    write_log(sitting, Kind.ENDED, proctor_id=proctor_id, now=now)
    emit("exams.sitting_closed", sitting, now=now, site=sitting.site.code, missed=len(missed))
    return sitting


@transaction.atomic
def add_log_entry(
    *,
    sitting_id: int,
    booking_id: int | None,
    kind: str,
    minutes: int | None = None,
    text: str = "",
    proctor_id: int,
    now: datetime,
) -> LogEntry:
    """Write a break, a dictionary that was checked, or a note into the log of a sitting (LAB-18).

    Refused without the reason of a long break, without words in a note, and once the sitting is closed.
    """
    sitting = Sitting.objects.select_for_update(no_key=True, of=("self",)).select_related("site").get(id=sitting_id)
    booking = Booking.objects.get(id=booking_id, seat__sitting=sitting) if booking_id else None
    facts = rules.EntryFacts(
        kind=kind,
        minutes=minutes,
        text=text,
        about_candidate=booking is not None,
        sitting_closed=sitting.closed_at is not None,
        exam_on=sitting.day,
        recorded_on=day_at(now, sitting.site.time_zone),
    )
    require(rules.assess_entry(facts, BOOK.on(sitting.day)))  # the exam day's book governs
    return write_log(sitting, kind, booking=booking, minutes=minutes, text=text, proctor_id=proctor_id, now=now)


def write_log(
    sitting: Sitting,
    kind: str,
    *,
    booking: Booking | None = None,
    minutes: int | None = None,
    text: str = "",
    proctor_id: int | None,
    now: datetime,
) -> LogEntry:
    """Write a line that follows from something else into the log; the caller has decided."""
    return LogEntry.objects.create(
        sitting=sitting,
        booking=booking,
        kind=kind,
        minutes=minutes,
        text=text.strip(),
        recorded_by_id=proctor_id,
        recorded_at=now,
    )


def _miss(
    booking: Booking, decision: Decision, *, minutes_late: int | None = None, proctor_id: int | None, now: datetime
) -> None:
    """Let a booking be one whose candidate did not appear, or too late (LAB-13); the caller holds its lock."""
    withdraw_quotes(booking, now=now)
    move_to(booking, Booking.Status.NO_SHOW, now=now)
    if booking.order_id is not None:
        forfeit_fee(order_id=booking.order_id, kinds={OrderLine.Kind.LAB_FEE}, now=now)
    write_log(booking.seat.sitting, Kind.MISSED, booking=booking, minutes=minutes_late, proctor_id=proctor_id, now=now)
    emit(
        "exams.no_show",
        booking,
        now=now,
        track=booking.track.code,
        minutes_late=minutes_late,
        decision=decision.as_json(),
    )


def _accept(booking: Booking, kind: str, *, now: datetime) -> None:
    """Record that a text in force was accepted at the desk, unless it was before."""
    today = clock.day_of(now)
    if current_agreement(kind, today) and not has_accepted_current(booking.candidate, kind, today):
        accept_agreement(candidate_id=booking.candidate_id, kind=kind, ip_address=None, now=now)
