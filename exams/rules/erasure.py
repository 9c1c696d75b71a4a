"""What of exams and labs stands in the way of an erasure (CAND-09)."""

from __future__ import annotations

from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class LabFacts:
    """Labs of a person that are not over."""

    booked: bool  # a seat taken or kept, or a lab sat whose result is awaited
    reread: bool  # asked for, or being read
    proctor: bool


def assess_erasure(facts: LabFacts) -> Decision:
    """A lab that is booked, or whose result is awaited, comes first."""
    return Decision(
        (
            finding(
                "CAND-09",
                not facts.booked,
                yes=_("You have no lab booked, and wait for no result."),
                no=_("You have a lab booked, a seat kept for you, or wait for a result."),
                next_step=_("Cancel the booking, let go of the seat, or wait for the result."),
            ),
            finding(
                "CAND-09",
                not facts.reread,
                yes=_("No lab of yours is being read once more."),
                no=_("A lab of yours is being read once more, or you asked for it."),
                next_step=_("Wait for its outcome; one that is not paid lapses by itself."),
            ),
            finding(
                "CAND-09",
                not facts.proctor,
                yes=_("You are no proctor."),
                no=_("You are a proctor, and what you record is kept under your name."),
                next_step=_("Ask the programme to end that role first."),
            ),
        )
    )
