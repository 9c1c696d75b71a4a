"""Faults during a lab and unavoidable events: their clock, what they do to the exam, and the remedy for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates.models import Case
from candidates.services import open_case
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import desk_queries as queries
from exams.models import FREED, Booking, CheckIn, Incident, LogEntry, Remedy
from exams.rules import incidents as rules
from exams.services.exam_day import write_log
from exams.services.holds import withdraw_quotes
from exams.services.states import lock_booking, move_to
from payments.models import Voucher
from payments.services import issue_voucher, restore_fee

LOG_LENGTH = 500  # of a line of the log; the incident itself keeps all of its words


@transaction.atomic
def begin_incident(
    *, booking_id: int, unavoidable: bool = False, description: str = "", proctor_id: int | None, now: datetime
) -> Incident:
    """Start the clock of a fault (INC-01), or of an unavoidable event that disturbs the exam (INC-04).

    Refused where nothing can be disturbed, while another clock is running, and for an event without words. Emits
    exams.incident_begun.
    """
    booking = lock_booking(booking_id)
    decision = _assess(booking, unavoidable=unavoidable, description=description, now=now)
    incident = Incident.objects.create(
        booking=booking,
        began_at=now.replace(second=0, microsecond=0),
        unavoidable=unavoidable,
        description=description.strip(),
        decision=decision.as_json(),
        recorded_by_id=proctor_id,
        recorded_at=now,
    )
    _log(booking, incident, said=description, proctor_id=proctor_id, now=now)
    _tell("exams.incident_begun", incident, now=now)
    return incident


@transaction.atomic
def end_incident(
    *,
    incident_id: int,
    too_long: bool = False,
    caused_by_candidate: bool | None = None,
    modules_passed: bool | None = None,
    description: str = "",
    proctor_id: int | None,
    now: datetime,
) -> Incident:
    """Stop a clock: the session is longer by the whole minutes lost (INC-01), or the exam is over (INC-02).

    `too_long` says that it will take the limit or more, as far as one can see. A clock that was stopped stays so. What
    the candidate has cancelled or changed meanwhile stays so, too, and no exam is ended. Emits what `record_incident`
    emits.
    """
    booking = lock_booking(Incident.objects.values_list("booking_id", flat=True).get(id=incident_id))
    incident = Incident.objects.select_for_update(no_key=True).get(id=incident_id)
    if incident.ended_at is not None:
        return incident
    incident.ended_at = now
    policy = BOOK.on(booking.seat.sitting.day)  # the book of the exam day governs
    incident.minutes = rules.minutes_on_clock(incident.began_at, now, policy)
    incident.too_long = too_long
    if description.strip():
        incident.description = "\n".join(filter(None, [incident.description, description.strip()]))
    incident.caused_by_candidate, incident.modules_passed = caused_by_candidate, modules_passed
    _conclude(booking, incident, said=description, proctor_id=proctor_id, now=now)
    return incident


@transaction.atomic
def record_incident(
    *,
    booking_id: int,
    minutes: int | None,
    too_long: bool = False,
    unavoidable: bool = False,
    description: str = "",
    caused_by_candidate: bool | None = None,
    modules_passed: bool | None = None,
    proctor_id: int | None,
    now: datetime,
) -> Incident:
    """Record a fault or an unavoidable event that is over, or that prevents the exam (`too_long`).

    Each is judged by itself: under the limit the session is longer by exactly its minutes (INC-01); with the limit or
    more the exam is over, a case is opened, and no attempt counts (INC-02, INC-04). Refused as `begin_incident` says.
    Emits exams.session_extended, or exams.lab_ended_by_incident.
    """
    if minutes is None and not too_long:
        raise ValueError("An incident that is over took some minutes, or prevents the exam.")
    booking = lock_booking(booking_id)
    _assess(booking, unavoidable=unavoidable, description=description, now=now)
    incident = Incident(
        booking=booking,
        began_at=now - (minutes or 0) * rules.MINUTE,
        ended_at=now,
        minutes=minutes,
        too_long=too_long,
        unavoidable=unavoidable,
        description=description.strip(),
        caused_by_candidate=caused_by_candidate,
        modules_passed=modules_passed,
        recorded_by_id=proctor_id,
        recorded_at=now,
    )
    _conclude(booking, incident, said=description, proctor_id=proctor_id, now=now)
    return incident


@transaction.atomic
def complete_incident(
    *,
    incident_id: int,
    caused_by_candidate: bool | None,
    modules_passed: bool | None,
    description: str,
    staff_id: int | None,
    now: datetime,
) -> Incident:
    """Record what a remedy depends on and the desk could not know (INC-03). Emits exams.incident_completed."""
    lock_booking(Incident.objects.values_list("booking_id", flat=True).get(id=incident_id))
    incident = (
        Incident.objects.select_for_update(no_key=True, of=("self",)).select_related("booking").get(id=incident_id)
    )
    incident.caused_by_candidate, incident.modules_passed = caused_by_candidate, modules_passed
    incident.description = description.strip()
    incident.save(update_fields=["caused_by_candidate", "modules_passed", "description"])
    _tell(
        "exams.incident_completed",
        incident,
        now=now,
        caused_by_candidate=caused_by_candidate,
        modules_passed=modules_passed,
        by=staff_id,
    )
    return incident


# ── Remedies ──────────────────────────────────────────────────────────────────────────────────────
def assess_remedy(booking: Booking) -> Decision:
    """Whether a booking gets a remedy, and why not where it does not (INC-03, INC-04)."""
    incident = queries.deciding_incident(booking)
    granted = Remedy.objects.filter(booking=booking).exists()
    return rules.assess_remedy(
        rules.RemedyFacts(
            loss=queries.loss_of(incident) if incident else None,
            documented=incident is not None and bool(incident.description),
            caused_by_candidate=incident.caused_by_candidate if incident else None,
            begun=CheckIn.objects.filter(booking=booking).exists(),
            left=booking.status in FREED and not granted,
            modules_passed=incident.modules_passed if incident else None,
            granted=granted,
        ),
        BOOK.on(booking.seat.sitting.day),  # the book of the exam day governs
    )


@transaction.atomic
def grant_remedy(*, booking_id: int, kind: str, staff_id: int | None, now: datetime) -> Remedy:
    """Grant a free reschedule or a voucher for an exam that a fault or an event ended; never money (INC-03).

    The voucher is valid for one year. Refused for a fault that a longer session made up for (INC-01), where one of the
    conditions is not met or not recorded, and the second time (INC-03). Emits exams.remedy_granted.
    """
    booking = lock_booking(booking_id)
    decision = require(assess_remedy(booking))
    today = clock.day_of(now)
    voucher = None
    if kind == Remedy.Kind.VOUCHER:
        voucher = issue_voucher(
            candidate_id=booking.candidate_id,
            expires_on=rules.voucher_expires_on(today, BOOK.on(today)),
            origin=Voucher.Origin.REMEDY,
            issued_by_id=staff_id,
            now=now,
        )
    remedy = Remedy.objects.create(
        booking=booking,
        kind=kind,
        voucher=voucher,
        decision=decision.as_json(),
        granted_by_id=staff_id,
        granted_at=now,
    )
    emit("exams.remedy_granted", remedy, now=now, candidate_id=booking.candidate_id, booking=booking.pk, kind=kind)
    return remedy


# ── Parts ─────────────────────────────────────────────────────────────────────────────────────────
def _assess(booking: Booking, *, unavoidable: bool, description: str, now: datetime) -> Decision:
    return require(
        rules.assess_incident(
            rules.IncidentFacts(
                status=booking.status,
                unavoidable=unavoidable,
                described=bool(description.strip()),
                exam_on=booking.seat.sitting.day,
                recorded_on=queries.day_at_site(booking, now),
                one_running=queries.running_fault(booking.pk) is not None,
            )
        )
    )


def _conclude(booking: Booking, incident: Incident, *, said: str, proctor_id: int | None, now: datetime) -> None:
    """Write how a fault or event ended, and let the exam be longer or over; the caller holds the booking's lock."""
    policy = BOOK.on(booking.seat.sitting.day)  # the book of the exam day governs
    loss = queries.loss_of(incident)
    decision = rules.explain_loss(loss, policy)
    incident.decision = decision.as_json()
    incident.save()
    _log(booking, incident, said=said, proctor_id=proctor_id, now=now)
    if not rules.ends_lab(loss, policy):
        _tell("exams.session_extended", incident, now=now, minutes=incident.minutes)
        return
    if booking.status in FREED:  # left while the clock was running: there is no exam to be ended
        _tell("exams.incident_ended_without_exam", incident, now=now, minutes=incident.minutes)
        return
    withdraw_quotes(booking, now=now)
    if booking.status == Booking.Status.NO_SHOW and booking.order_id is not None:  # it was prevented (INC-04)
        restore_fee(order_id=booking.order_id, now=now)
    move_to(booking, Booking.Status.INCIDENT, now=now)
    open_case(
        key=f"lab_incident:{booking.pk}",
        kind=Case.Kind.LAB_INCIDENT,
        clause="INC-04" if incident.unavoidable else "INC-02",
        candidate_id=booking.candidate_id,
        subject=f"exams.booking:{booking.pk}",
        facts={"decision": decision.as_json(), "records": [f"exams.incident:{incident.pk}"]},
        now=now,
    )
    _tell("exams.lab_ended_by_incident", incident, now=now, minutes=incident.minutes)


def _log(booking: Booking, incident: Incident, *, said: str, proctor_id: int | None, now: datetime) -> None:
    write_log(
        booking.seat.sitting,
        LogEntry.Kind.FAULT,
        booking=booking,
        minutes=incident.minutes,
        text=said[:LOG_LENGTH],
        proctor_id=proctor_id,
        now=now,
    )


def _tell(topic: str, incident: Incident, *, now: datetime, **payload: object) -> None:
    emit(topic, incident, now=now, candidate_id=incident.booking.candidate_id, booking=incident.booking_id, **payload)
