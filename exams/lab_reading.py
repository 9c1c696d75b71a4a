"""What the pages of labs show about a seat: what it depends on, what it costs, by when it is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from candidates.models import Agreement, Candidate, Track, Words
from candidates.queries import current_agreement, has_accepted_current
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from ceportal.kernel.wording import days_text
from exams import booking_queries as queries
from exams.clocks import Clocks, clocks_of
from exams.models import Booking, Exam, Site, SitePrice, Sitting
from exams.rules import booking as rules
from exams.rules import rereads as reread_rules
from exams.services import rereads
from exams.services.bookings import terms_of_payment
from exams.site_time import day_at, moment_of
from payments.rules import PricedLine, explain_tax, price_line

TEXTS = (Agreement.Kind.AGREEMENT, Agreement.Kind.RECORDING)
ASKED_FOR_HERE = "LAB-02"  # the form asks for what is missing of it


@dataclass(frozen=True, slots=True)
class MissingText:
    """A text in force that is to be accepted, in the words that the candidate reads."""

    agreement: Agreement
    words: Words


@dataclass(frozen=True, slots=True)
class KitPrice:
    """What a seat costs with an equipment, tax included, and why."""

    kit: str
    label: str
    line: PricedLine
    why: Explanation


@dataclass(frozen=True, slots=True)
class SeatPage:
    """A seat that somebody looks at: when and where, what it depends on, what it costs, by when it is paid."""

    site: Site
    day: date
    track: Track
    lab: Exam | None
    starts: Clocks | None  # None where the site holds no lab on that day
    decision: Explanation
    possible: bool  # but for the texts, which the form asks for
    seat_missing: bool
    prices: tuple[KitPrice, ...]
    pay_before: datetime | None  # None: paid at once
    pay_until: date | None  # the last day to pay, at the site
    missing: tuple[MissingText, ...]


def seat_page(candidate: Candidate, track: Track, site: Site, day: date, *, kit: str, now: datetime) -> SeatPage:
    """A seat of a site on a day as it stands for a candidate, by the rule that decides about it."""
    chosen = rules.kit_for(mobile=site.kind == Site.Kind.MOBILE, asked=kit)
    place = queries.place_facts(site, day, track, kit=chosen, now=now)
    wanted = queries.seat_facts(candidate, track, place, held_in=site.country, accepts=False, now=now)
    decision = rules.assess_booking(queries.booking_facts(candidate, track, wanted, now=now), BOOK)
    return page_of_seat(candidate, track, site, day, decision, now=now)


def page_of_seat(
    candidate: Candidate, track: Track, site: Site, day: date, decision: Decision, *, now: datetime
) -> SeatPage:
    """The same for a decision that is there already: of a change, of a refusal."""
    terms = terms_of_payment(site, day, now=now)
    pay_before = terms.get("pay_before")
    assert pay_before is None or isinstance(pay_before, datetime)
    unmet = set(decision.clauses_unmet)
    # The book of the booking day governs, by the site's clock.
    last_day = rules.last_day_to_pay(day, BOOK.on(day_at(now, site.time_zone)))
    return SeatPage(
        site=site,
        day=day,
        track=track,
        lab=queries.lab_of(track),
        starts=_starts(candidate, site, day),
        decision=explain(decision),
        possible=unmet <= {ASKED_FOR_HERE},
        seat_missing="LAB-15" in unmet,
        prices=prices_of(site, now=now),
        pay_before=pay_before,
        pay_until=last_day if pay_before else None,
        missing=missing_texts(candidate, now=now),
    )


def prices_of(site: Site, *, now: datetime) -> tuple[KitPrice, ...]:
    """What a seat of a site costs now, tax included: at a mobile site with either equipment (LAB-04, LAB-17)."""
    mobile = (SitePrice.Kit.BRING_YOUR_OWN, SitePrice.Kit.KIT)
    kits = mobile if site.kind == Site.Kind.MOBILE else (SitePrice.Kit.FIXED,)
    return tuple(_priced(site, kit, now) for kit in kits)


def _priced(site: Site, kit: SitePrice.Kit, now: datetime) -> KitPrice:
    day = clock.day_of(now)
    price = queries.price_of(site, kit, day)
    policy = BOOK.on(day)  # the price and the tax are those of the day of payment
    line = price_line(
        description=site.name, net_cents=price.net_cents, country="", served_in=site.country, policy=policy
    )
    why = Decision((price.why,)) + explain_tax(site.country, policy, at_place=True)
    return KitPrice(kit.value, str(kit.label), line, explain(why))


def missing_texts(candidate: Candidate, *, now: datetime) -> tuple[MissingText, ...]:
    """The texts in force that a booking asks for and that the candidate has not accepted (LAB-02)."""
    today = clock.day_of(now)
    missing = [kind for kind in TEXTS if not has_accepted_current(candidate, kind, today)]
    texts = [current_agreement(kind, today) for kind in missing]
    return tuple(MissingText(text, text.words_in(candidate.language)) for text in texts if text is not None)


def _starts(candidate: Candidate, site: Site, day: date) -> Clocks | None:
    sitting = Sitting.objects.filter(site=site, day=day, withdrawn_at=None).first()
    if sitting is None:
        return None
    return clocks_of(moment_of(day, sitting.starts_at, site.time_zone), site.time_zone, candidate.time_zone)


# ── The home of labs ──────────────────────────────────────────────────────────────────────────────
def track_to_show(candidate: Candidate) -> Track | None:
    """The track that somebody most likely asks about: the last booked, else that of the last written pass."""
    booked = Booking.objects.filter(candidate=candidate).select_related("track").order_by("-booked_at").first()
    if booked is not None:
        return booked.track
    labs = Exam.objects.filter(kind=Exam.Kind.EXPERT_LAB, earns__isnull=False).select_related("earns")
    opened = labs.filter(
        opened_by__attempts__candidate=candidate,
        opened_by__attempts__result="pass",
        opened_by__attempts__attempt__isnull=True,
    )
    lab = (
        opened.order_by("-opened_by__attempts__taken_on", "earns__name").first() or labs.order_by("earns__name").first()
    )
    return lab.earns if lab else None


@dataclass(frozen=True, slots=True)
class MayBook:
    """What stands in the way of booking a track's lab wherever a seat is free, and the first exam day waits leave."""

    why: Explanation
    first_day: date
    must_wait: bool  # for longer than until tomorrow


def may_book(candidate: Candidate, track: Track, *, now: datetime) -> MayBook:
    """What stands in the way of booking a track's lab, wherever a seat is free."""
    first_day = queries.first_exam_day(candidate, track, now=now)
    why = explain(queries.may_book_for(candidate, track, first_day, now=now))
    return MayBook(why, first_day, must_wait=first_day > clock.day_of(now) + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Rereadable:
    """A failed lab that can be read once more, and until when that can be asked for, at its site."""

    booking: Booking
    until: date
    until_text: str


def rereadable(candidate: Candidate, *, now: datetime) -> Rereadable | None:
    """The lab failed last, where it can still be asked for to be read once more (RRD-01)."""
    failed = queries.bookings_of(candidate).filter(status=Booking.Status.FAILED, reread=None)
    booking = failed.order_by("-seat__sitting__day").first()
    if booking is None or not rereads.assess_request(booking, now=now).granted:
        return None
    day = booking.seat.sitting.day
    until = reread_rules.last_day_to_ask(day, BOOK.on(day))  # the exam day's book governs
    return Rereadable(booking, until, days_text(until, day_at(now, booking.seat.sitting.site.time_zone)))
