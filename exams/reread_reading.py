"""What a booking's page shows of a re-read: until when it can be asked for, what it costs, how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import payments.queries
from ceportal.kernel import clock
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from ceportal.kernel.wording import days_text
from exams.clocks import Clocks, clocks_of
from exams.models import Booking, Reread
from exams.rules import rereads as reread_rules
from exams.services import rereads
from exams.site_time import day_at, end_of
from payments.models import Order
from payments.queries import Standing
from payments.rules import PricedLine, explain_tax, price_line

Status = Reread.Status
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class RereadPart:
    """A re-read as it stands: one that can or cannot be asked for, one that waits for its fee, one under way or done.

    `asking` is None while one was asked for; `paying` is None unless its fee is awaited.
    """

    reread: Reread | None
    asking: Explanation | None
    until: date  # the last day to ask, at the site
    until_text: str
    until_clocks: Clocks  # the moment at which that day is over
    line: PricedLine
    why: Explanation
    order: Order | None
    standing: Standing | None
    paying: Explanation | None
    pay_until: Clocks | None
    pay_last_day: date | None

    @property
    def can_be_asked_for(self) -> bool:
        return self.asking is not None and self.asking.granted

    @property
    def can_be_paid(self) -> bool:
        return self.paying is not None and self.paying.granted


def reread_part(booking: Booking, *, now: datetime) -> RereadPart | None:
    """What a booking's page says of a re-read (RRD-01 to RRD-05); None where the question does not arise."""
    reread = Reread.objects.select_related("order").filter(booking=booking).first()
    if booking.status != Booking.Status.FAILED and reread is None:
        return None
    sitting = booking.seat.sitting
    zone, own_zone = sitting.site.time_zone, booking.candidate.time_zone
    awaited = reread is None or reread.status == Status.LAPSED
    until = reread_rules.last_day_to_ask(sitting.day, BOOK.on(sitting.day))  # the exam day's book governs
    line, why = _priced(booking, now=now)
    order = _order_of(booking, reread)
    paying = rereads.assess_paying(reread, now=now) if reread and reread.status == Status.REQUESTED else None
    pay_before = order.pay_before if order else None
    return RereadPart(
        reread=reread,
        asking=explain(rereads.assess_request(booking, now=now)) if awaited else None,
        until=until,
        until_text=days_text(until, day_at(now, zone)),
        until_clocks=clocks_of(end_of(until, zone), zone, own_zone),
        line=line,
        why=why,
        order=order,
        standing=payments.queries.standing_of(order, now=now) if order else None,
        paying=explain(paying) if paying else None,
        pay_until=clocks_of(pay_before, zone, own_zone) if pay_before else None,
        pay_last_day=day_at(pay_before - INSTANT, zone) if pay_before else None,
    )


def _priced(booking: Booking, *, now: datetime) -> tuple[PricedLine, Explanation]:
    """What one that is paid now costs, with the tax of the site, and why (RRD-03, PAY-01)."""
    (line,), why = rereads.priced(booking, now=now)
    country = booking.seat.sitting.site.country
    policy = BOOK.on(clock.day_of(now))  # the fee and the tax are those of the day of payment
    priced = price_line(
        description=line.description, net_cents=line.net_cents, country="", served_in=country, policy=policy
    )
    return priced, explain(why + explain_tax(country, policy, at_place=True))


def _order_of(booking: Booking, reread: Reread | None) -> Order | None:
    if reread is None or reread.order is None:
        return None
    return payments.queries.order_for_owner(candidate=booking.candidate, number=reread.order.number)
