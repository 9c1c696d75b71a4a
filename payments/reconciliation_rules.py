"""Where the portal's money and the card service's are not the same. Pure: what both say in, what differs out.

What is compared is one payment, refund or dispute at a time, with all that ever moved because of it: what its order or
its own row says, what its transfers say, and what the card service's balance says. A day only chooses what is compared,
so that nothing that begins on one day and arrives on another is a false alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ceportal.kernel.decisions import gettext_noop as _

# Two ledgers are never written in the same moment: what moved later than this is compared by the next run.
SETTLES_WITHIN = timedelta(hours=1)


class Kind(StrEnum):
    """What a difference is; `ON_ITS_WAY` is none yet."""

    ON_ITS_WAY = "on_its_way"
    MISSING_THERE = "missing_there"
    MISSING_HERE = "missing_here"
    AMOUNT = "amount"
    STATE = "state"
    POSTING = "posting"
    FEE = "fee"


# What a person does about each.
NEXT_STEPS: Mapping[Kind, str] = {
    Kind.MISSING_THERE: _(
        "Look for it on the card service's pages. Money that was never taken is not money paid: decide whether what "
        "was paid for stands, and ask for the money again where it does."
    ),
    Kind.MISSING_HERE: _(
        "Look it up by its key on the card service's pages. A refund made there by hand is brought in by requesting "
        "the same here; a payment that is not for the programme is given back there."
    ),
    Kind.AMOUNT: _("Compare the order with the charge on the card service's pages. Give back what was taken too much."),
    Kind.STATE: _(
        "Ask the card service on the page of the payment. Of a refund or a dispute its own pages say what happened; "
        "have an engineer follow it up here."
    ),
    Kind.POSTING: _("Run verify_money, and have an engineer look at how the transfers of this order came about."),
    Kind.FEE: _("Compare the fee on the card service's pages with its price list, and ask its support."),
}


@dataclass(frozen=True, slots=True)
class Ours:
    """What the portal has of a payment, refund or dispute, in cents that came to the card's account; below zero, went.

    `told_cents` follows from the order or from the row itself, `posted_cents` from transfers. `awaited_cents` is what
    it comes to once it has arrived, where that is awaited. `moved_at`: when the portal last wrote of it.
    """

    told_cents: int
    posted_cents: int
    currency: str
    moved_at: datetime | None = None
    awaited_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the card service's balance has of it: the sum of its movements, before fees."""

    cents: int
    currencies: frozenset[str]
    fee_cents: int
    fees_told_cents: int
    moved_at: datetime


def summed(movements: Iterable[tuple[int, str, int, int, datetime]]) -> Theirs | None:
    """Movements of one source, each (cents, currency, fee, what the fee is made of, when), as one; None of none."""
    found = list(movements)
    if not found:
        return None
    return Theirs(
        cents=sum(cents for cents, *_rest in found),
        currencies=frozenset(currency for _cents, currency, *_rest in found),
        fee_cents=sum(fee for _cents, _currency, fee, _told, _at in found),
        fees_told_cents=sum(told for _cents, _currency, _fee, told, _at in found),
        moved_at=max(at for *_rest, at in found),
    )


def compare(ours: Ours | None, theirs: Theirs | None, *, now: datetime) -> Kind | None:
    """What differs, or None. `ours` is None for what the portal does not know at all."""
    found = _difference(ours, theirs)
    if found is None:
        return Kind.ON_ITS_WAY if ours and ours.awaited_cents is not None else None
    moments = (ours.moved_at if ours else None, theirs.moved_at if theirs else None)
    recent = any(moment is not None and moment > now - SETTLES_WITHIN for moment in moments)
    return Kind.ON_ITS_WAY if recent else found


def _difference(ours: Ours | None, theirs: Theirs | None) -> Kind | None:
    if ours is None:
        return Kind.MISSING_HERE if theirs else None
    agreed = {ours.told_cents, ours.awaited_cents}
    if theirs is None:
        found = None if 0 in agreed else Kind.MISSING_THERE
    elif theirs.cents not in agreed:
        found = Kind.AMOUNT if theirs.cents and ours.told_cents else Kind.STATE
    elif theirs.currencies != {ours.currency}:
        found = Kind.AMOUNT
    else:
        found = None if theirs.fee_cents == theirs.fees_told_cents else Kind.FEE
    # Money that differs comes before how it is posted, and that before a fee.
    posted_otherwise = ours.posted_cents != ours.told_cents
    return Kind.POSTING if posted_otherwise and found in {None, Kind.FEE} else found
