"""What of money stands in the way of an erasure (CAND-09)."""

from __future__ import annotations

from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class MoneyFacts:
    """Money of a person that is on its way."""

    paying: bool  # a card page is open
    refunds: bool  # asked for, or failed
    to_invoice: bool  # paid, and the invoice is due in some days (PAY-02)


def assess_erasure(facts: MoneyFacts) -> Decision:
    """Money on its way arrives first. What nobody is paying at this moment is cancelled by the erasure."""
    return Decision(
        (
            finding(
                "CAND-09",
                not facts.paying,
                yes=_("No payment is under way."),
                no=_("A payment by card is under way."),
                next_step=_("Finish it, or wait until its page has closed."),
            ),
            finding(
                "CAND-09",
                not facts.refunds,
                yes=_("No money is on its way back to you."),
                no=_("Money is on its way back to you, and could not be followed up without your name."),
                next_step=_("Wait until it has arrived; write to the programme if it does not."),
            ),
            finding(
                "CAND-09",
                not facts.to_invoice,
                yes=_("Everything paid is invoiced."),
                no=_("An invoice of what you paid is still to come, and must name you."),
                next_step=_("Wait until you have it; that takes a few business days."),
            ),
        )
    )
