"""The exam day: who may start, who did not appear, when a sitting ends, what the log must say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from candidates.rules import TestingFacts, assess_testing
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book, Policy
from exams.rules.attempts import OpeningFacts, RetakeFacts, assess_opening, assess_retake

# What a government issues with a photograph on it (EXAM-13).
GOVERNMENT_PHOTO = frozenset({"passport", "identity_card", "driving_licence", "residence_permit"})

# Why a booking is not, or no longer, one that somebody is expected with: its clause and what it says.
NOT_AWAITED: Mapping[str, tuple[str, str]] = {
    "held": ("LAB-06", _("The seat is only kept for a while: the whole fee and tax have not been received.")),
    "reserved": ("LAB-06", _("The booking is not paid: the whole fee and tax have not been received.")),
    "released": ("LAB-06", _("The seat was let go, as it was not paid.")),
    "unpaid_cancelled": ("LAB-07", _("The booking was cancelled, as it was not paid in time.")),
    "dropped": ("LAB-15", _("The booking was dropped.")),
    "cancelled": ("LAB-14", _("The booking was cancelled.")),
    "rescheduled": ("RSCH-04", _("The booking was moved to another seat.")),
    "no_show": ("LAB-13", _("The candidate is marked as not appeared.")),
    "sat": ("LAB-12", _("The candidate has arrived already.")),
    "passed": ("LAB-19", _("The result is published already.")),
    "failed": ("LAB-19", _("The result is published already.")),
    "incident": ("INC-02", _("A fault or an event has ended the exam.")),
}


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """What a candidate showed and did at the desk (EXAM-13)."""

    photo_document: str
    second_document: str
    photographed: bool  # with the candidate's consent
    signed: bool


@dataclass(frozen=True, slots=True)
class ArrivalFacts:
    """An arrival as the proctor records it; `recorded_on` is the day by the site's clock."""

    status: str  # of the booking
    exam_on: date
    recorded_on: date
    minutes_late: int
    identity: IdentityFacts
    testing: TestingFacts
    opening: OpeningFacts
    retake: RetakeFacts


def assess_arrival(facts: ArrivalFacts, book: Book) -> Decision:
    """Whether a candidate who has arrived may start: everything it takes, met or not. The exam day's book governs."""
    policy = book.on(facts.exam_on)
    return (
        assess_awaited(facts.status, exam_on=facts.exam_on, recorded_on=facts.recorded_on)
        + Decision((assess_lateness(facts.minutes_late, policy),))
        + assess_identity(facts.identity)
        + assess_testing(facts.testing, policy)
        + assess_opening(facts.opening, book)
        + assess_retake(facts.retake, book)
    )


def assess_awaited(status: str, *, exam_on: date, recorded_on: date) -> Decision:
    """Whether somebody is expected with a booking: it is paid, and its day has come at the site (LAB-06, LAB-12)."""
    clause, why_not = NOT_AWAITED.get(status, ("LAB-06", ""))
    return Decision(
        (
            finding(
                clause,
                status == "paid",
                yes=_("The booking is paid."),
                no=why_not,
                next_step=_("Let the programme look at the booking before anything else is recorded."),
            ),
            finding(
                "LAB-12",
                recorded_on >= exam_on,
                yes=_("The exam day, %(exam_on)s, has come at the site."),
                no=_("The exam day is %(exam_on)s; at the site it is %(recorded_on)s."),
                next_step=_("Record it on the exam day."),
                exam_on=exam_on,
                recorded_on=recorded_on,
            ),
        )
    )


def assess_lateness(minutes_late: int, policy: Policy) -> Finding:
    """How late one may arrive: exactly the limit may start, without extra time (LAB-12)."""
    limit = policy["lab.late_minutes"]
    return finding(
        "LAB-12",
        minutes_late <= limit.value,
        yes=_("Arrived %(minutes)s minutes after the start; up to %(limit)s the exam can begin, without extra time.")
        if minutes_late
        else _("Arrived by the start."),
        no=_("Arrived %(minutes)s minutes after the start; later than %(limit)s the exam cannot begin."),
        next_step=_("It counts as not appeared; a well-documented unavoidable event is a matter for the programme."),
        because=(limit,),
        minutes=minutes_late,
        limit=limit.value,
    )


def assess_identity(facts: IdentityFacts) -> Decision:
    """Two identity documents, one a government's with a photograph; a photograph and a signature (EXAM-13)."""
    return Decision(
        (
            finding(
                "EXAM-13",
                facts.photo_document in GOVERNMENT_PHOTO,
                yes=_("A government photo identity was shown."),
                no=_("No government photo identity was shown."),
                next_step=_("Ask for a passport, a national identity card, a driving licence or a residence permit."),
            ),
            finding(
                "EXAM-13",
                bool(facts.second_document) and facts.second_document != facts.photo_document,
                yes=_("A second, different document was shown."),
                no=_("No second document was shown, different from the first."),
                next_step=_("Ask for another signed document with the candidate's name."),
            ),
            finding(
                "EXAM-13",
                facts.photographed,
                yes=_("The candidate agreed to be photographed, and was."),
                no=_("The candidate was not photographed."),
                next_step=_("Without consent to the photograph the exam cannot begin."),
            ),
            finding(
                "EXAM-13",
                facts.signed,
                yes=_("The candidate signed."),
                no=_("The candidate did not sign."),
                next_step=_("Without the signature the exam cannot begin."),
            ),
        )
    )


# ── The end of a sitting ──────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ClosingFacts:
    """What closing a sitting depends on."""

    starts_at: datetime
    now: datetime
    awaited: int  # paid bookings of those who have not arrived
    faults_running: int


def assess_closing(facts: ClosingFacts, policy: Policy) -> Decision:
    """Whether a sitting can be closed: nobody can arrive in time any more, no fault lasts (LAB-12, INC-01).

    Whoever has not arrived is then marked as not appeared (LAB-13).
    """
    limit = policy["lab.late_minutes"]
    until = facts.starts_at + timedelta(minutes=limit.value)
    begun = facts.now >= facts.starts_at
    return Decision(
        (
            finding(
                "LAB-12",
                begun and (facts.awaited == 0 or facts.now > until),
                yes=_("Nobody who is expected can arrive in time any more."),
                no=_("Until %(limit)s minutes after the start those expected may arrive; still expected: %(awaited)s.")
                if begun
                else _("The sitting has not begun."),
                next_step=_("Close it when the time for arrivals is over."),
                because=(limit,),
                limit=limit.value,
                awaited=facts.awaited,
            ),
            finding(
                "INC-01",
                facts.faults_running == 0,
                yes=_("No fault lasts."),
                no=_("The clock of a fault is still running; faults that last: %(faults)s."),
                next_step=_("Say first how each of them ended."),
                faults=facts.faults_running,
            ),
        )
    )


def session_ends_at(starts_at: datetime, lost_minutes: int, policy: Policy) -> datetime:
    """When a lab is over: so many hours after the start of its sitting (LAB-18), and the time lost to faults (INC-01).

    Whoever comes late has no extra time (LAB-12).
    """
    return starts_at + timedelta(hours=policy["lab.max_hours"].value, minutes=lost_minutes)


# ── The log ───────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class EntryFacts:
    """A line of the log as the proctor writes it."""

    kind: str
    minutes: int | None
    text: str
    about_candidate: bool
    sitting_closed: bool
    exam_on: date
    recorded_on: date


def assess_entry(facts: EntryFacts, policy: Policy) -> Decision:
    """Whether a line can be written into the log, which is never changed afterwards (LAB-18)."""
    longest = policy["lab.break_minutes"]
    long_break = facts.kind == "break" and (facts.minutes or 0) > longest.value
    said = bool(facts.text.strip())
    return Decision(
        (
            finding(
                "LAB-18",
                not facts.sitting_closed and facts.recorded_on >= facts.exam_on,
                yes=_("The sitting's log is open."),
                no=_("The sitting's log is not open.")
                if facts.sitting_closed
                else _("The sitting's day has not come."),
                next_step=_("Tell the programme what else there is to say about the sitting.")
                if facts.sitting_closed
                else _("Write it down on the exam day."),
            ),
            finding(
                "LAB-18",
                facts.kind != "break" or (facts.about_candidate and bool(facts.minutes)),
                yes=_("It is said who took a break and how long it was.")
                if facts.kind == "break"
                else _("It is no break."),
                no=_("A break is somebody's, and lasts some minutes."),
                next_step=_("Say who took it and how many minutes it was."),
            ),
            finding(
                "LAB-18",
                said or not long_break,
                yes=_("A break of more than %(longest)s minutes has its reason.")
                if long_break
                else _("No reason is asked for."),
                no=_("A break of more than %(longest)s minutes needs a reason."),
                next_step=_("Write down why the candidate was away for so long."),
                because=(longest,),
                longest=longest.value,
            ),
            finding(
                "LAB-18",
                said or facts.kind != "note",
                yes=_("The entry says something."),
                no=_("A note without words says nothing."),
                next_step=_("Write down what happened."),
            ),
            finding(
                "LAB-18",
                facts.about_candidate or facts.kind != "dictionary",
                yes=_("It is said whose it is."),
                no=_("A dictionary is somebody's."),
                next_step=_("Choose the candidate who brought it."),
            ),
        )
    )
