"""What can be done with a booking that was made: paid, dropped, cancelled. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from candidates.rules import BarFacts, assess_bar
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from exams.rules.booking import in_dollars

PAID_FOR = frozenset({"paid", "rescheduled", "cancelled", "sat", "no_show", "passed", "failed", "incident"})


@dataclass(frozen=True, slots=True)
class PayingFacts:
    """A booking about to be paid. `in_time`: the moment from which it cannot be paid has not come."""

    status: str
    in_time: bool
    exam_on: date
    last_day_on: date | None  # to pay; None for one that is paid at once
    bar: BarFacts | None = None
    kept_for: str = ""  # of a seat that is kept: "waiting" and "reschedule" are no bookings yet


def assess_paying(facts: PayingFacts) -> Decision:
    """Whether a booking can be paid: while it stands unpaid, in time, and no sanction bars it."""
    return assess_bar(facts.bar, for_exams=True) + Decision(
        (_not_paid_yet(facts), _in_time_to_pay(facts), _to_be_paid(facts), *_booked(facts))
    )


def _not_paid_yet(facts: PayingFacts) -> Finding:
    return finding(
        "PAY-04",
        facts.status not in PAID_FOR,
        yes=_("The booking has not been paid."),
        no=_("The booking was paid; money is never taken twice for the same thing."),
    )


def _in_time_to_pay(facts: PayingFacts) -> Finding:
    if facts.last_day_on is None:
        late = facts.status == "released" or (facts.status == "held" and not facts.in_time)
        return finding(
            "LAB-06",
            not late,
            yes=_("The seat is kept while you pay."),
            no=_("The seat was kept for a while only, and that is over."),
            next_step=_("Book again, where a seat is free."),
        )
    late = facts.status == "unpaid_cancelled" or (facts.status == "reserved" and not facts.in_time)
    return finding(
        "LAB-07",
        not late,
        yes=_("The last day to pay is %(last_day_on)s, to its end at the site."),
        no=_("The last day to pay was %(last_day_on)s; the booking is cancelled."),
        next_step=_("Book again, where a seat is free. The same day cannot be guaranteed."),
        last_day_on=facts.last_day_on,
    )


def _to_be_paid(facts: PayingFacts) -> Finding:
    return finding(
        "LAB-15",
        facts.status != "dropped",
        yes=_("The booking was not dropped."),
        no=_("The booking was dropped; nothing is owed for it."),
        next_step=_("Book again, where a seat is free."),
    )


def _booked(facts: PayingFacts) -> tuple[Finding, ...]:
    """A seat that is only offered or quoted is not paid; said only of one."""
    if facts.status != "held" or facts.kept_for not in {"waiting", "reschedule"}:
        return ()
    if facts.kept_for == "waiting":
        no, next_step = _("The seat is offered to you and not booked yet."), _("Take the offer first.")
    else:
        no, next_step = _("The seat is kept for a change of booking."), _("Confirm the change; it is paid with it.")
    return (Finding("LAB-15" if facts.kept_for == "waiting" else "RSCH-04", False, no, next_step=next_step),)


def assess_dropping(status: str) -> Decision:
    """An unpaid booking is dropped without cost (LAB-15); a paid one is not dropped (LAB-14)."""
    paid = status in PAID_FOR
    return Decision(
        (
            finding(
                "LAB-14",
                not paid,
                yes=_("The booking has not been paid."),
                no=_("The booking was paid, and only unpaid ones are dropped."),
                next_step=_("Change it to another day or site. Cancelling it forfeits all that was paid."),
            ),
            finding(
                "LAB-15",
                paid or status in {"held", "reserved"},
                yes=_("Dropping it costs nothing."),
                no=_("The booking no longer stands."),
                next_step=_("Book again, where a seat is free."),
            ),
        )
    )


def assess_confirming(status: str) -> Decision:
    """Whether a booking's confirmation is sent again: of one that is paid and to come (LAB-12)."""
    unpaid = status in {"held", "reserved"}
    return Decision(
        (
            finding(
                "LAB-12",
                status == "paid",
                yes=_("The booking is paid and to come, and confirmed with its start time and address."),
                no=_("The booking is not paid, so that there is nothing to confirm yet.")
                if unpaid
                else _("The booking is not to come any more, so that there is nothing to confirm."),
                next_step=_("Pay it; the confirmation follows by itself.")
                if unpaid
                else _("Look at the booking: what it has come to stands there."),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class CancellingFacts:
    """A booking to be cancelled, and what was paid for it. Amounts in cents."""

    status: str
    exam_on: date
    begun: bool  # the sitting has started
    card_cents: int = 0
    voucher_cents: int = 0  # what a voucher covers


def assess_cancelling(facts: CancellingFacts) -> Decision:
    """Cancelling a paid booking forfeits all that was paid; how much is said in money (LAB-14)."""
    unpaid = facts.status in {"held", "reserved"}
    forfeits = [
        Finding(
            "LAB-14",
            True,
            _("What was paid by card is forfeited: USD %(amount)s."),
            {"amount": in_dollars(facts.card_cents)},
        ),
        Finding(
            "LAB-14",
            True,
            _("The voucher that paid the fee of USD %(amount)s is forfeited; it cannot be used again."),
            {"amount": in_dollars(facts.voucher_cents)},
        ),
    ]
    lost = [each for each, cents in zip(forfeits, (facts.card_cents, facts.voucher_cents), strict=True) if cents]
    return Decision(
        (
            finding(
                "LAB-15",
                not unpaid,
                yes=_("The booking is not an unpaid one."),
                no=_("The booking is not paid; it is dropped, without cost."),
                next_step=_("Drop it instead."),
            ),
            finding(
                "LAB-14",
                unpaid or facts.status == "paid",
                yes=_("The booking stands and can be cancelled."),
                no=_("The booking no longer stands."),
            ),
            finding(
                "LAB-13",
                facts.status != "paid" or not facts.begun,
                yes=_("The sitting has not begun."),
                no=_("The sitting of %(exam_on)s has begun; who does not appear is a no-show."),
                next_step=_("Tell the site."),
                exam_on=facts.exam_on,
            ),
            *lost,
        )
    )
