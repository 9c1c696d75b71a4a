"""Reads of sittings and bookings: what is free, what a seat costs, and the facts that the rules of booking judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from candidates import queries as candidates
from candidates.models import Candidate, Track
from ceportal.kernel import clock, money
from ceportal.kernel.decisions import Decision, Finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import BOOK
from exams import offers, queries
from exams.models import FREED, LIVE, Booking, Exam, Seat, Site, SitePrice
from exams.rules import booking as rules
from exams.rules.attempts import OpeningFacts, RetakeFacts, assess_retake
from exams.site_time import day_at, moment_of

WITH_PLACE = ("candidate", "track", "exam", "seat__sitting__site", "order")


# ── Sittings and seats ────────────────────────────────────────────────────────────────────────────
def lab_of(track: Track) -> Exam | None:
    """The lab or practical that earns a track's certification."""
    return Exam.objects.select_related("opened_by").filter(kind=Exam.Kind.EXPERT_LAB, earns=track).first()


def free_seats(sitting_id: int) -> QuerySet[Seat]:
    """The seats of a sitting that no booking has, as of this statement."""
    taken = Booking.objects.filter(seat=OuterRef("pk")).exclude(status__in=FREED)
    return Seat.objects.filter(~Exists(taken), sitting_id=sitting_id).order_by("number")


# ── Prices ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Price:
    """What a seat costs before tax, in cents, and why."""

    net_cents: int
    why: Finding


def price_of(site: Site, kit: str, day: date) -> Price:
    """The price of a seat on a day of payment: the site's own in force, else the book's (LAB-04)."""
    own = SitePrice.objects.filter(site=site, kit=kit, since__lte=day).order_by("-since").first()
    if own is not None:
        facts = {"site": site.name, "amount": rules.in_dollars(own.net_cents), "since_on": own.since}
        why = Finding(
            "LAB-04", True, _("A seat at %(site)s costs USD %(amount)s before tax since %(since_on)s."), facts
        )
        return Price(own.net_cents, why)
    fee = BOOK.on(day)["lab.fee"]
    cents = money.cents(fee.for_key(kit))
    because = replace(fee, value={kit: fee.for_key(kit)})
    facts = {"site": site.name, "amount": rules.in_dollars(cents)}
    return Price(
        cents, Finding("LAB-04", True, _("A seat at %(site)s costs USD %(amount)s before tax."), facts, (because,))
    )


# ── Bookings ──────────────────────────────────────────────────────────────────────────────────────
def booking_with_place(booking_id: int) -> Booking:
    """A booking with all that says whose, where and when."""
    return Booking.objects.select_related(*WITH_PLACE).get(id=booking_id)


def bookings_of(candidate: Candidate) -> QuerySet[Booking]:
    """A candidate's bookings with their places, the latest first."""
    return Booking.objects.select_related(*WITH_PLACE).filter(candidate=candidate)


def starts_at(booking: Booking) -> datetime:
    """The moment at which a booking's sitting starts (LAB-12)."""
    sitting = booking.seat.sitting
    return moment_of(sitting.day, sitting.starts_at, sitting.site.time_zone)


# ── Facts ─────────────────────────────────────────────────────────────────────────────────────────
def place_facts(site: Site, day: date, track: Track, *, kit: str, now: datetime) -> rules.PlaceFacts:
    """What the place has to say about a seat."""
    sitting = offers.sitting_on(site.pk, day)
    return rules.PlaceFacts(
        site=site.name,
        mobile=site.kind == Site.Kind.MOBILE,
        kit=kit,
        day=day,
        asked_on=day_at(now, site.time_zone),
        sitting=sitting is not None,
        open_to_track=sitting is not None
        and offers.sittings_offered().filter(offers.open_to(track.pk), pk=sitting.pk).exists(),
        free_seats=free_seats(sitting.pk).count() if sitting else 0,
    )


def seat_facts(
    candidate: Candidate, track: Track, place: rules.PlaceFacts, *, held_in: str, accepts: bool, now: datetime
) -> rules.SeatFacts:
    """What a seat depends on; `accepts`: the agreement and recording are accepted with it (LAB-02)."""
    lab, today = lab_of(track), clock.day_of(now)
    return rules.SeatFacts(
        track=track.code,
        lab=lab.number if lab else "",
        place=place,
        testing=candidates.testing_facts(candidate.pk, exam_on=place.day, held_in=held_in),
        opening=queries.opening_facts(candidate.pk, lab, exam_on=place.day)
        if lab
        else OpeningFacts("", None, place.day),
        retake=_retake_facts(candidate, lab, exam_on=place.day, booked_on=place.asked_on),
        agreement_accepted=accepts or candidates.has_accepted_current(candidate, "agreement", today),
        recording_accepted=accepts or candidates.has_accepted_current(candidate, "recording", today),
        retires_on=lab.retires_on if lab else None,
    )


def booking_facts(
    candidate: Candidate, track: Track, seat: rules.SeatFacts, *, now: datetime, leaving: Booking | None = None
) -> rules.BookingFacts:
    """A seat, and what stands beside it (LAB-01, LAB-13); a booking that is left for it does not."""
    standing = Booking.objects.filter(candidate=candidate, track=track).select_related("seat__sitting")
    if leaving is not None:
        standing = standing.exclude(pk=leaving.pk)
    live = standing.filter(status__in=LIVE).first()
    held = standing.filter(status=Booking.Status.HELD).first()
    return rules.BookingFacts(
        seat=seat,
        standing_on=live.seat.sitting.day if live else None,
        held_on=held.seat.sitting.day if held else None,
        no_show=_last_no_show(candidate, now=now),
    )


def first_exam_day(candidate: Candidate, track: Track, *, now: datetime) -> date:
    """The first exam day that waits after earlier results leave open, tomorrow at the earliest (EXAM-04, LAB-06)."""
    today = clock.day_of(now)
    day = today + timedelta(days=1)
    retake = _retake_facts(candidate, lab_of(track), exam_on=day, booked_on=today)
    waits = [each.facts.get("opens_on") for each in assess_retake(retake, BOOK).unmet if each.clause == "EXAM-04"]
    days: list[date] = [day, *(opens_on for opens_on in waits if opens_on)]
    return max(days)


def may_book(candidate: Candidate, track: Track, *, now: datetime) -> Decision:
    """Whether a seat of a track could be booked on the first day that waits leave open, wherever one is free."""
    return may_book_for(candidate, track, first_exam_day(candidate, track, now=now), now=now)


def may_book_between(candidate: Candidate, track: Track, first_on: date, last_on: date, *, now: datetime) -> Decision:
    """The same for the first day of some that waits leave open, or the last of them where they leave none."""
    day = max(first_exam_day(candidate, track, now=now), first_on)
    return may_book_for(candidate, track, min(day, last_on), now=now)


def may_book_for(candidate: Candidate, track: Track, day: date, *, now: datetime) -> Decision:
    """Whether a seat of a track could be booked for a day; what depends on the place is left out: seats, country."""
    today = clock.day_of(now)
    place = rules.PlaceFacts(
        site="", mobile=False, kit=rules.FIXED, day=day, asked_on=today, sitting=True, open_to_track=True, free_seats=1
    )
    seat = seat_facts(candidate, track, place, held_in="", accepts=True, now=now)
    decision = rules.assess_booking(booking_facts(candidate, track, seat, now=now), BOOK)
    return Decision(tuple(each for each in decision.findings if each.clause not in {"LAB-06", "LAB-15", "LAB-17"}))


def _retake_facts(candidate: Candidate, lab: Exam | None, *, exam_on: date, booked_on: date) -> RetakeFacts:
    if lab is None:
        return RetakeFacts(exam="", kind=Exam.Kind.EXPERT_LAB, exam_on=exam_on)
    return queries.retake_facts(candidate.pk, lab, exam_on=exam_on, booked_on=booked_on)


def _last_no_show(candidate: Candidate, *, now: datetime) -> rules.NoShowFacts | None:
    missed = Booking.objects.filter(candidate=candidate, status=Booking.Status.NO_SHOW)
    last = missed.select_related("seat__sitting__site").order_by("-seat__sitting__day").first()
    if last is None:
        return None
    sitting = last.seat.sitting
    return rules.NoShowFacts(day=sitting.day, asked_on=day_at(now, sitting.site.time_zone))
