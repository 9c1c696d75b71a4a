"""Whether somebody can wait for a seat, and take the one that is offered (LAB-15). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class WishFacts:
    """A wish to be told when a seat opens. `today` is the latest day at its sites."""

    sites: int
    first_on: date
    last_on: date
    today: date
    waits_already: bool  # in this track


def assess_wish(facts: WishFacts) -> Decision:
    """Whether somebody can wait for a seat (LAB-15)."""
    return Decision(
        (
            finding(
                "LAB-15",
                facts.sites > 0,
                yes=_("You wait for seats at sites you chose."),
                no=_("No site is chosen."),
                next_step=_("Choose one site at least."),
            ),
            finding(
                "LAB-15",
                facts.first_on <= facts.last_on and facts.last_on > facts.today,
                yes=_("A day of those you chose is still to come."),
                no=_("None of the days from %(first_on)s to %(last_on)s is to come."),
                next_step=_("Choose later days, the first before the last."),
                first_on=facts.first_on,
                last_on=facts.last_on,
            ),
            finding(
                "LAB-15",
                not facts.waits_already,
                yes=_("You do not wait in this track yet."),
                no=_("You wait for a seat in this track already."),
                next_step=_("Take back that wish first."),
            ),
        )
    )


def assess_offer(*, kept: bool) -> Decision:
    """Whether an offered seat can still be taken."""
    return Decision(
        (
            finding(
                "LAB-15",
                kept,
                yes=_("The seat is kept for you."),
                no=_("The seat was kept for you for a while only, and that is over."),
                next_step=_("Ask to be told of the next one."),
            ),
        )
    )
