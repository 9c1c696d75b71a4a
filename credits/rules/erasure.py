"""What of claims stands in the way of an erasure, and when a file has been kept long enough (CAND-09)."""

from __future__ import annotations

from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class OpenClaimFacts:
    """Claims of a person that somebody has to decide about."""

    handed_in: bool
    audited: bool
    appealed: bool


def assess_erasure(facts: OpenClaimFacts) -> Decision:
    """What somebody is deciding about is decided first."""
    return Decision(
        (
            finding(
                "CAND-09",
                not facts.handed_in,
                yes=_("No claim of yours waits for an answer."),
                no=_("A claim of yours waits for its provider's answer."),
                next_step=_("Wait for the answer; your claims say by when it was promised."),
            ),
            finding(
                "CAND-09",
                not facts.audited,
                yes=_("No claim of yours is being audited."),
                no=_("A claim of yours is being audited."),
                next_step=_("Answer what you are asked for, and wait for the outcome."),
            ),
            finding(
                "CAND-09",
                not facts.appealed,
                yes=_("No appeal of yours waits."),
                no=_("An appeal of yours waits for its decision."),
                next_step=_("Wait for the decision."),
            ),
        )
    )
