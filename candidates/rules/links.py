"""Whether a login may take over a candidate's record."""

from __future__ import annotations

from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What linking a login to a candidate's record depends on."""

    found: bool  # number and birth date belong to the same record
    free: bool  # that record has no login yet, or this very one
    user_free: bool  # this login has no record yet, or this very one


def assess_link(facts: LinkFacts) -> Decision:
    """Whether a login may take over a candidate's record. A record taken by another looks like one not found."""
    return Decision(
        (
            finding(
                "CAND-09",
                facts.user_free,
                yes=_("Your login has no other candidate record."),
                no=_("Your login is already linked to a candidate record."),
                next_step=_("Write to the programme if the linked record is not yours."),
            ),
            finding(
                "CAND-09",
                facts.found and facts.free,
                yes=_("The number and the date of birth belong to a record without a login."),
                no=_("No record without a login has this number and date of birth."),
                next_step=_("Check the number on your certificate and the date of birth you registered with."),
            ),
        )
    )
