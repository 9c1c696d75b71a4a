"""What the pages of a change show: what becomes of the voucher, and the quote line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy

import payments.queries
from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from exams import booking_queries as queries
from exams import change_queries
from exams.booking_reading import minutes_until
from exams.clocks import Clocks, clocks_of
from exams.models import Booking, Reschedule
from exams.rules.changes import CHARGED, COVERED, LOST, REFUNDED, QuoteLine
from payments.models import Voucher
from payments.queries import Standing

ASKED_FOR_HERE = {"LAB-02", "RSCH-06"}  # the form asks for what is missing of them
WHAT = {
    "old_fee": gettext_lazy("Fee of the booking you leave"),
    "old_tax": gettext_lazy("Tax of the booking you leave"),
    "new_fee": gettext_lazy("Fee of the new seat"),
    "new_tax": gettext_lazy("Tax of the new seat"),
    "late_fee": gettext_lazy("Fee for a late change"),
    "late_tax": gettext_lazy("Tax on it"),
}
EFFECT = {
    CHARGED: gettext_lazy("charged to your card"),
    REFUNDED: gettext_lazy("comes back to your card"),
    COVERED: gettext_lazy("paid by the voucher"),
    LOST: gettext_lazy("is lost with the voucher"),
}


@dataclass(frozen=True, slots=True)
class MovingVoucher:
    """What becomes of the voucher that paid the booking left (RSCH-05, RSCH-06)."""

    voucher: Voucher | None
    comes_along: bool

    @property
    def expired(self) -> bool:
        return self.voucher is not None and not self.comes_along


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote in words."""

    what: str
    effect: str
    kind: str
    cents: int
    clause: str


@dataclass(frozen=True, slots=True)
class QuotePage:
    """A quoted change: from where to where, what it costs, how long the seat is kept."""

    change: Reschedule
    leaves: Clocks
    takes: Clocks
    lines: tuple[Line, ...]
    open: bool
    kept_until: Clocks | None
    minutes_left: int
    why: Explanation
    standing: Standing | None

    @property
    def balance_cents(self) -> int:
        """What the change costs in all: charged less given back; negative where more comes back."""
        return self.change.charge_cents - self.change.refund_cents

    @property
    def returned_in_all_cents(self) -> int:
        """What comes back in all, where more comes back than is charged."""
        return max(0, -self.balance_cents)


def own_change(candidate: Candidate, change_id: int) -> Reschedule:
    """A candidate's own change; Reschedule.DoesNotExist for anybody else's."""
    change = Reschedule.objects.filter(old__candidate=candidate).only("id").get(id=change_id)
    return change_queries.reschedule_with_places(change.pk)


def moving_voucher(booking: Booking, *, now: datetime) -> MovingVoucher:
    """The voucher that paid a booking, and whether it comes along on the day of the change."""
    voucher = change_queries.voucher_on(booking)
    return MovingVoucher(voucher, voucher is not None and clock.day_of(now) <= voucher.expires_on)


def quote_page(change: Reschedule, *, now: datetime) -> QuotePage:
    """Everything that the page of a quote shows."""
    held_until = change.new.held_until
    still_open = change.status == Reschedule.Status.QUOTED and held_until is not None and now < held_until
    standing = None
    if change.order is not None:
        order = payments.queries.order_for_owner(candidate=change.old.candidate, number=change.order.number)
        standing = payments.queries.standing_of(order, now=now)
    return QuotePage(
        change=change,
        leaves=_starts(change.old),
        takes=_starts(change.new),
        lines=tuple(_line(each) for each in change_queries.lines_of(change)),
        open=still_open,
        kept_until=_clocks(change.new, held_until) if held_until else None,
        minutes_left=minutes_until(held_until, now=now),
        why=explain(Decision.from_json(change.decision)),
        standing=standing,
    )


def _line(line: QuoteLine) -> Line:
    return Line(str(WHAT[line.what]), str(EFFECT[line.effect]), line.effect, line.cents, line.clause)


def _starts(booking: Booking) -> Clocks:
    return _clocks(booking, queries.starts_at(booking))


def _clocks(booking: Booking, moment: datetime) -> Clocks:
    return clocks_of(moment, booking.seat.sitting.site.time_zone, booking.candidate.time_zone)
