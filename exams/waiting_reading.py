"""What the pages of the waiting list show: each wish with what becomes of it, and the seat that is offered (LAB-15)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from exams import booking_queries as queries
from exams import lab_reading
from exams.clocks import Clocks, clocks_of
from exams.lab_reading import SeatPage
from exams.models import Booking, WaitingWish
from exams.rules.booking import FIXED
from exams.services import waiting

Status = WaitingWish.Status
OPEN = waiting.OPEN
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """The seat that is kept for somebody who waits: until when by both clocks, and everything that booking it asks."""

    booking: Booking
    kept_until: Clocks | None  # None once it is not kept any more
    time_left: str
    seat: SeatPage

    @property
    def kept(self) -> bool:
        """Whether it can still be taken."""
        return bool(self.time_left)


@dataclass(frozen=True, slots=True)
class WishPage:
    """A wish: what is waited for, how it stands, and the seat that is offered."""

    wish: WaitingWish
    offer: Offer | None
    offer_hours: int  # for how long a seat is kept

    @property
    def open(self) -> bool:
        """Whether it stands."""
        return self.wish.status in OPEN


def wishes_of(candidate: Candidate) -> QuerySet[WaitingWish]:
    """A candidate's wishes with what they name, the latest first."""
    wishes = WaitingWish.objects.filter(candidate=candidate).select_related(
        "track", "candidate", "offer__seat__sitting__site"
    )
    return wishes.prefetch_related("sites").order_by("-asked_at", "-id")


def open_wishes(candidate: Candidate) -> list[WaitingWish]:
    """Those that stand, a seat that is kept before those that wait."""
    return sorted(wishes_of(candidate).filter(status__in=OPEN), key=lambda wish: wish.status != Status.OFFERED)


def past_wishes(candidate: Candidate) -> QuerySet[WaitingWish]:
    """Those that have come to something, the latest first."""
    return wishes_of(candidate).exclude(status__in=OPEN)


def own_wish(candidate: Candidate, wish_id: int) -> WaitingWish:
    """A candidate's own wish; WaitingWish.DoesNotExist for anybody else's."""
    return wishes_of(candidate).get(id=wish_id)


def same_wish(
    candidate: Candidate, *, track_code: str, site_codes: Collection[str], first_day: date, last_day: date, kit: str
) -> WaitingWish | None:
    """The wish that stands and asks for just this; None where none does."""
    standing = wishes_of(candidate).filter(
        status__in=OPEN, track__code=track_code, first_day=first_day, last_day=last_day, kit=kit or FIXED
    )
    return next((wish for wish in standing if {site.code for site in wish.sites.all()} == set(site_codes)), None)


def wish_page(wish: WaitingWish, *, now: datetime) -> WishPage:
    """Everything that the page of a wish shows."""
    # The book of today governs what would be offered today.
    hours: int = BOOK.on(clock.day_of(now))["lab.offer_hours"].value
    return WishPage(wish, _offer(wish, now=now) if wish.status == Status.OFFERED else None, hours)


def _offer(wish: WaitingWish, *, now: datetime) -> Offer:
    assert wish.offer_id is not None  # offered
    booking = queries.booking_with_place(wish.offer_id)
    site, day = booking.seat.sitting.site, booking.seat.sitting.day
    decision = waiting.assess_accepting(wish, booking, now=now)
    page = lab_reading.page_of_seat(wish.candidate, wish.track, site, day, decision, now=now)
    until = booking.held_until
    return Offer(
        booking=booking,
        kept_until=clocks_of(until, site.time_zone, wish.candidate.time_zone) if until else None,
        time_left=time_left(until, now=now),
        seat=replace(page, prices=tuple(price for price in page.prices if price.kit == booking.kit)),
    )


def time_left(until: datetime | None, *, now: datetime) -> str:
    """How long it is until a moment, begun minutes included: "1 hour and 43 minutes"; empty where it is past."""
    if until is None or until <= now:
        return ""
    hours, minutes = divmod(-(-(until - now) // MINUTE), 60)
    parts = [
        ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours} if hours else "",
        ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes} if minutes else "",
    ]
    return _(" and ").join(part for part in parts if part)
