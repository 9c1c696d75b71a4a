"""Whether a booking can be changed to another seat, what that costs, and what comes back (RSCH-01 to RSCH-07). Pure.

The *booking left* is given up for the new one. A *quote* says line by line what is charged, what comes back, and what
is lost; amounts in cents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ceportal.kernel import money
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from exams.rules.booking import in_dollars

UNPAID = frozenset({"held", "reserved"})
CHARGED, REFUNDED, COVERED, LOST = "charged", "refunded", "covered", "lost"  # by card; by voucher; not given back


@dataclass(frozen=True, slots=True)
class LeavingFacts:
    """The booking to be left. `today` is the day at its own site (RSCH-01)."""

    status: str
    exam_on: date
    today: date
    elsewhere: bool | None  # the new seat is at another site or on another day; None: none is chosen yet
    by_remedy: bool = False  # an incident's remedy makes the change free (INC-03)


def is_late(facts: LeavingFacts, policy: Policy) -> bool:
    """Whether the change bears the fee: fewer days ahead than are free (RSCH-02); the action day's policy."""
    ahead = (facts.exam_on - facts.today).days
    return not facts.by_remedy and bool(ahead < policy["lab.free_reschedule_days"].value)


def last_free_day(exam_on: date, policy: Policy) -> date:
    """The last day at the site of the booking left on which a change is free (RSCH-01)."""
    return exam_on - timedelta(days=policy["lab.free_reschedule_days"].value)


def last_day_to_change(exam_on: date, policy: Policy) -> date:
    """The last day at the site of the booking left on which it can be changed: the fourth before (RSCH-03)."""
    return exam_on - timedelta(days=policy["lab.reschedule_closes_days"].value + 1)


def assess_leaving(facts: LeavingFacts, policy: Policy) -> Decision:
    """Whether a booking can be left for another seat: a paid one, in time, or one whose incident has its remedy.

    Whether its invoice is issued does not matter (LAB-11).
    """
    stands = Finding("INC-03", True, _("The change is the remedy for the incident: it charges and refunds nothing."))
    if not facts.by_remedy:
        stands = finding(
            "RSCH-01",
            facts.status == "paid" or facts.status in UNPAID,
            yes=_("The booking stands."),
            no=_("The booking no longer stands, so it cannot be changed."),
            next_step=_("Book another seat."),
        )
    return Decision(
        (
            finding(
                "RSCH-07",
                facts.status not in UNPAID,
                yes=_("The booking is not an unpaid one."),
                no=_("The booking is not paid yet; an unpaid one is not changed."),
                next_step=_("Drop it, which costs nothing, and book again."),
            ),
            stands,
            *(() if facts.elsewhere is None or facts.by_remedy else (_elsewhere(facts.elsewhere),)),
            *(() if facts.by_remedy else (_in_time(facts, policy), _fee_or_free(facts, policy))),
        )
    )


def _elsewhere(elsewhere: bool) -> Finding:
    return finding(
        "RSCH-01",
        elsewhere,
        yes=_("The new seat is at another site or on another day."),
        no=_("The new seat is at the same site on the same day."),
        next_step=_("Choose another site or day."),
    )


def _in_time(facts: LeavingFacts, policy: Policy) -> Finding:
    last = last_day_to_change(facts.exam_on, policy)
    return finding(
        "RSCH-03",
        facts.today <= last,
        yes=_("The booking can be changed until %(last_on)s, by the clock of its site."),
        no=_("The booking could be changed until %(last_on)s; that day is over at its site."),
        next_step=_("Take the exam as booked. Cancelling forfeits what was paid."),
        because=(policy["lab.reschedule_closes_days"],),
        last_on=last,
    )


def _fee_or_free(facts: LeavingFacts, policy: Policy) -> Finding:
    free, fee = policy["lab.free_reschedule_days"], policy["lab.reschedule_fee"]
    ahead = (facts.exam_on - facts.today).days
    if is_late(facts, policy):
        amounts = {"days": ahead, "amount": in_dollars(money.cents(fee.value))}
        return Finding(
            "RSCH-02",
            True,
            _("The exam is %(days)s days ahead: the change costs USD %(amount)s plus tax, which never come back."),
            amounts,
            (free, fee),
        )
    return Finding("RSCH-01", True, _("The exam is %(days)s days ahead: the change is free."), {"days": ahead}, (free,))


# ── The voucher ───────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """What a voucher has to do with the change. `expires_on`: of the one that paid the booking left, if one did."""

    expires_on: date | None = None
    day: date = date.min  # of the change, by which it is judged (VCH-02)
    another_given: bool = False  # the candidate gives another for the new seat
    instead_by_card: bool = False  # the candidate asks to pay by card in place of one that expired (RSCH-06)

    @property
    def comes_along(self) -> bool:
        """Whether the voucher that paid the booking left pays the new one (RSCH-05)."""
        return self.expires_on is not None and self.day <= self.expires_on

    @property
    def pays(self) -> bool:
        """Whether a voucher pays the new fee."""
        return self.comes_along or self.another_given


def assess_voucher(facts: VoucherFacts) -> Decision:
    """What becomes of the voucher that paid: it comes along while it is valid, else it is lost (RSCH-05, RSCH-06)."""
    if facts.expires_on is None:
        return Decision(())
    if facts.comes_along:
        other = finding(
            "LAB-10",
            not facts.another_given,
            yes=_("No other voucher is needed."),
            no=_("The voucher that paid the booking comes along, so no other is needed."),
            next_step=_("Leave out the code."),
        )
        moves = Finding(
            "RSCH-05",
            True,
            _("The voucher is valid until %(expires_on)s and comes along."),
            {"expires_on": facts.expires_on},
        )
        return Decision((moves, other))
    return Decision(
        (
            finding(
                "RSCH-06",
                facts.another_given or facts.instead_by_card,
                yes=_("The voucher expired at the end of %(expires_on)s: the fee it paid is lost, its tax comes back."),
                no=_("The voucher that paid the booking expired at the end of %(expires_on)s and cannot come along."),
                next_step=_("Pay the new booking by card; the fee that the voucher paid is then lost."),
                expires_on=facts.expires_on,
            ),
        )
    )


# ── The money ─────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line of a quote: what it is for, what happens with it, and by which clause."""

    what: str  # old_fee, old_tax, new_fee, new_tax, late_fee, late_tax
    effect: str
    cents: int
    clause: str

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "effect": self.effect, "cents": self.cents, "clause": self.clause}


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change charges and gives back."""

    lines: tuple[QuoteLine, ...]

    @property
    def charge_cents(self) -> int:
        return sum(line.cents for line in self.lines if line.effect == CHARGED)

    @property
    def refund_cents(self) -> int:
        return sum(line.cents for line in self.lines if line.effect == REFUNDED)

    def as_json(self) -> list[dict[str, Any]]:
        return [line.as_json() for line in self.lines]


@dataclass(frozen=True, slots=True)
class MoneyFacts:
    """What was paid for the booking left, and what the new seat costs. `tax_percent` is that of the new site."""

    old_fee_cents: int
    old_covered_cents: int  # of the old fee, by a voucher
    old_tax_cents: int
    new_fee_cents: int
    tax_percent: Decimal
    late_fee_cents: int = 0  # 0: the change is free
    voucher_pays: bool = False
    voucher_comes_along: bool = False


def quote_change(facts: MoneyFacts) -> Quote:
    """Fee and tax of the booking left come back, those of the new seat are charged; tax is rounded line by line.

    What an expired voucher paid is lost (RSCH-06). The fee for a late change bears the new site's tax (RSCH-02).
    """
    by_card = facts.old_fee_cents - facts.old_covered_cents
    lost = 0 if facts.voucher_comes_along else facts.old_covered_cents
    paying = COVERED if facts.voucher_pays else CHARGED
    clause = "RSCH-05" if facts.voucher_comes_along else "RSCH-04"
    lines = (
        QuoteLine("old_fee", REFUNDED, by_card, "RSCH-04"),
        QuoteLine("old_fee", LOST, lost, "RSCH-06"),
        QuoteLine("old_tax", REFUNDED, facts.old_tax_cents, clause),
        QuoteLine("new_fee", paying, facts.new_fee_cents, clause),
        QuoteLine("new_tax", CHARGED, money.tax_cents(facts.new_fee_cents, facts.tax_percent), clause),
        QuoteLine("late_fee", CHARGED, facts.late_fee_cents, "RSCH-02"),
        QuoteLine("late_tax", CHARGED, money.tax_cents(facts.late_fee_cents, facts.tax_percent), "RSCH-02"),
    )
    return Quote(tuple(line for line in lines if line.cents))


# ── Making it ─────────────────────────────────────────────────────────────────────────────────────
def assess_making(*, quoted: bool, in_time: bool, charge_cents: int, charge_now_cents: int, held: bool) -> Decision:
    """Whether a quoted change can still be made as it was quoted; `held`: the site still holds the new sitting."""
    return Decision(
        (
            finding(
                "RSCH-04",
                quoted and in_time,
                yes=_("The new seat is kept for you."),
                no=_("The new seat was kept for a while only, and that is over. Your booking is as it was."),
                next_step=_("Ask for a new quote."),
            ),
            finding(
                "LAB-15",
                held,
                yes=_("The site holds the sitting."),
                no=_("The site is closed on that day now. Your booking is as it was."),
                next_step=_("Ask for a quote of another day or site."),
            ),
            finding(
                "LAB-04",
                charge_now_cents == charge_cents,
                yes=_("The price is the one that was quoted."),
                no=_("The price has changed since: USD %(now)s are to be paid, and USD %(quoted)s were quoted."),
                next_step=_("Ask for a new quote."),
                now=in_dollars(charge_now_cents),
                quoted=in_dollars(charge_cents),
            ),
        )
    )


def assess_paid(lines: Iterable[QuoteLine]) -> Decision:
    """What of a change is still to be charged, clause by clause: it is made when all of it is (RSCH-04)."""
    due: dict[str, int] = {}
    for line in lines:
        if line.effect == CHARGED:
            due[line.clause] = due.get(line.clause, 0) + line.cents
    return Decision(
        tuple(
            finding(
                clause,
                cents == 0,
                yes=_("Nothing is to be paid."),
                no=_("USD %(amount)s are to be paid by card at once."),
                next_step=_("Pay by card; until then your booking stays as it is."),
                amount=in_dollars(cents),
            )
            for clause, cents in due.items()
        )
    )
