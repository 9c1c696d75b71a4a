"""Whether somebody can be erased: nothing that concerns them may be under way (CAND-09)."""

from __future__ import annotations

from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _

ERASURE = "CAND-09"


@dataclass(frozen=True, slots=True)
class ErasureFacts:
    """What bears on the erasure of a person, as far as their record goes."""

    looked_into: bool  # an open case, or a sanction that was proposed: which of them is nobody's to know
    sanction_for_a_while: bool  # one that ends, or can be lifted, runs
    appeal_open: bool  # a sanction can be appealed still, or the appeal waits
    acts_for_others: bool  # as staff, or for a channel partner


def assess_erasure(facts: ErasureFacts) -> Decision:
    """What stands in the way of an erasure, and what to do about it.

    A permanent sanction does not: its record is kept, as integrity requires (CAND-09, CAND-02).
    """
    return Decision(
        (
            finding(
                ERASURE,
                not facts.looked_into,
                yes=_("Nothing about you is being looked into."),
                no=_("Something about you is being looked into, and its record is needed until that is decided."),
                next_step=_("Wait until the programme has decided it; you are told of what concerns you."),
            ),
            finding(
                ERASURE,
                not facts.sanction_for_a_while,
                yes=_("No sanction of limited time runs."),
                no=_("A sanction runs that may end. Until then its record must name whom it bars."),
                next_step=_("Wait until it ends or is lifted, then ask again."),
            ),
            finding(
                ERASURE,
                not facts.appeal_open,
                yes=_("No sanction can be appealed any more."),
                no=_("A sanction can still be appealed, or your appeal waits; erased, you could not be heard."),
                next_step=_("Wait for the decision, or until the last day to appeal has passed."),
            ),
            finding(
                ERASURE,
                not facts.acts_for_others,
                yes=_("You act neither for the programme nor for a channel partner."),
                no=_("You act for the programme or a channel partner; what you decide there is kept under your name."),
                next_step=_("Ask the programme or the partner to end that role first."),
            ),
        )
    )
