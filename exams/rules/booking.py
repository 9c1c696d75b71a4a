"""Whether a lab seat can be booked, and what can become of a booking. Pure.

A *seat* is asked for at a *place*: a site on a day, with its kit. What the place asks, what the lab asks and what the
candidate must bring are judged together, for booking and for rescheduling alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from candidates.rules import TestingFacts, assess_testing
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book, Policy
from exams.rules.attempts import OpeningFacts, RetakeFacts, assess_offered, assess_opening, assess_retake

# What may follow what; the diagram of the state machine.
TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "held": ("reserved", "paid", "released"),
    "reserved": ("paid", "unpaid_cancelled", "dropped"),
    "paid": ("rescheduled", "cancelled", "sat", "no_show", "incident"),
    "released": (),
    "unpaid_cancelled": (),
    "dropped": (),
    "cancelled": (),
    "rescheduled": (),
    "no_show": ("incident",),  # an unavoidable event that prevented it, found later (INC-04)
    "sat": ("passed", "failed", "incident"),
    "passed": ("failed",),  # corrected (EXAM-09)
    "failed": ("passed",),  # re-read or corrected (RRD-04, EXAM-09)
    "incident": ("rescheduled",),  # its remedy (INC-03)
}
FIXED, OWN_EQUIPMENT, KIT = "fixed", "mobile_byod", "mobile_kit"


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """Where and when a seat is asked for. `asked_on` is the day of the asking by the site's clock."""

    site: str
    mobile: bool
    kit: str  # a key of lab.fee
    day: date
    asked_on: date
    sitting: bool  # the site holds one that day and offers it
    open_to_track: bool
    free_seats: int
    contended: bool = False  # the last ones are being taken by others at this moment


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """All that a seat depends on, for the exam day, whether it is booked or moved to."""

    track: str
    place: PlaceFacts
    testing: TestingFacts
    retake: RetakeFacts
    opening: OpeningFacts
    agreement_accepted: bool
    recording_accepted: bool
    lab: str  # its number
    retires_on: date | None = None


@dataclass(frozen=True, slots=True)
class NoShowFacts:
    """The last exam to which the candidate did not appear; `asked_on` by the clock of its site."""

    day: date
    asked_on: date


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """A seat to be booked, and what stands beside it."""

    seat: SeatFacts
    standing_on: date | None = None  # the exam day of the booking held for the track
    held_on: date | None = None  # the exam day of a seat kept for the candidate for a while
    no_show: NoShowFacts | None = None


def kit_for(*, mobile: bool, asked: str = "") -> str:
    """The equipment of a seat: the candidate's own at a mobile site unless said otherwise (LAB-17)."""
    return asked or (OWN_EQUIPMENT if mobile else FIXED)


def last_day_to_pay(day: date, policy: Policy) -> date:
    """The last day, to its end at the site, on which a booking of an exam day is paid; the booking day's policy."""
    return day - timedelta(days=policy["lab.payment_due_days"].value)


def assess_booking(facts: BookingFacts, book: Book) -> Decision:
    """Everything a booking depends on, met or not."""
    return (
        assess_alone(facts)
        + Decision(_no_block(facts.no_show, book))
        + assess_seat(facts.seat, book)
        + Decision((_payment_terms(facts.seat.place, book),))
    )


def assess_alone(facts: BookingFacts) -> Decision:
    """A candidate holds one booking a track (LAB-01)."""
    return Decision((_one_per_track(facts),))


def assess_seat(facts: SeatFacts, book: Book) -> Decision:
    """What a seat asks, booked or moved to (RSCH-01): each rule by the book of the day that governs it."""
    place = facts.place
    return (
        assess_testing(facts.testing, book.on(place.day))  # the law is that of the exam day
        + Decision((_agreement(facts), _recording(facts)))
        + assess_opening(facts.opening, book)
        + assess_offered(exam=facts.lab, retires_on=facts.retires_on, exam_on=place.day)
        + assess_retake(facts.retake, book)
        + assess_place(place)
    )


def assess_place(place: PlaceFacts) -> Decision:
    """What the site itself asks: a day to come (LAB-06), its kind of equipment (LAB-17), a seat (LAB-15)."""
    return Decision(
        (
            finding(
                "LAB-06",
                place.asked_on < place.day,
                yes=_("The exam day, %(exam_on)s, is still to come at the site."),
                no=_("No seat is booked for today or the past; at the site it is %(asked_on)s."),
                next_step=_("Choose a later day."),
                exam_on=place.day,
                asked_on=place.asked_on,
            ),
            finding(
                "LAB-17",
                (place.kit != FIXED) == place.mobile,
                yes=_("The site has the equipment you chose.")
                if place.kit != OWN_EQUIPMENT
                else _("You bring your own equipment."),
                no=_("Equipment is chosen at mobile sites only."),
                next_step=_("Choose a mobile site, or leave the choice of equipment out."),
            ),
            _free_seat(place),
        )
    )


def _free_seat(place: PlaceFacts) -> Finding:
    if not place.sitting:
        no = _("%(site)s holds no labs on %(exam_on)s.")
    elif not place.open_to_track:
        no = _("The sitting of %(exam_on)s at %(site)s is not open to this track.")
    elif place.contended:
        no = _("Others are taking the last seats of %(exam_on)s at %(site)s at this moment.")
    else:
        no = _("All seats of %(exam_on)s at %(site)s are taken.")
    return finding(
        "LAB-15",
        place.sitting and place.open_to_track and place.free_seats > 0 and not place.contended,
        yes=_("A seat is free on %(exam_on)s at %(site)s."),
        no=no,
        next_step=_("Try again in a moment.")
        if place.contended
        else _("Choose another day or site, or ask to be told when a seat opens."),
        site=place.site,
        exam_on=place.day,
    )


def _one_per_track(facts: BookingFacts) -> Finding:
    standing = facts.standing_on or facts.held_on
    if facts.standing_on:
        no = _("You have a booking in this track on %(standing_on)s.")
        next_step = _("Change that booking, or drop it first.")
    else:
        no = _("A seat in this track is kept for you on %(standing_on)s.")
        next_step = _("Take that seat, or let it go first.")
    return finding(
        "LAB-01",
        standing is None,
        yes=_("You hold no other booking in this track."),
        no=no,
        next_step=next_step,
        standing_on=standing,
    )


def _no_block(no_show: NoShowFacts | None, book: Book) -> tuple[Finding, ...]:
    """After a no-show nothing is booked for some days; said only where there was one."""
    if no_show is None:
        return ()
    days = book.on(no_show.day)["lab.no_show_block_days"]
    opens_on = no_show.day + timedelta(days=days.value + 1)
    return (
        finding(
            "LAB-13",
            no_show.asked_on >= opens_on,
            yes=_("The wait after the exam of %(no_show_on)s, to which you did not appear, is over."),
            no=_("You did not appear to the exam of %(no_show_on)s; for %(days)s days nothing can be booked."),
            next_step=_("You can book again from %(opens_on)s."),
            because=(days,),
            no_show_on=no_show.day,
            opens_on=opens_on,
            days=days.value,
        ),
    )


def _agreement(facts: SeatFacts) -> Finding:
    return finding(
        "LAB-02",
        facts.agreement_accepted,
        yes=_("You have signed the candidate agreement in force (CAND-01)."),
        no=_("The candidate agreement in force is not signed (CAND-01)."),
        next_step=_("Read and sign it with the booking."),
    )


def _recording(facts: SeatFacts) -> Finding:
    return finding(
        "LAB-02",
        facts.recording_accepted,
        yes=_("You have accepted to be recorded on camera."),
        no=_("Recording on camera is not accepted, and no lab is held unwatched."),
        next_step=_("Accept it with the booking."),
    )


def _payment_terms(place: PlaceFacts, book: Book) -> Finding:
    """By when it is paid; said, never refused: who books later pays at once, and that is seen to (LAB-06)."""
    policy = book.on(place.asked_on)  # the booking day's governs
    due = last_day_to_pay(place.day, policy)
    later = place.asked_on > due
    return Finding(
        "LAB-06",
        True,
        _("The last day to pay was %(pay_by_on)s, so it is paid at once.")
        if later
        else _("It is paid until the end of %(pay_by_on)s at the site."),
        {"pay_by_on": due},
        (policy["lab.payment_due_days"],),
    )


def in_dollars(cents: int) -> str:
    """An amount as decisions say it: "1,936.00"."""
    return f"{cents / 100:,.2f}"
