"""What candidates may show to others of their results: which, until when (EXAM-14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class ResultSharingFacts:
    """What making a link to results depends on."""

    transcript: bool  # it shows whatever was passed, nothing is chosen
    chosen: int
    own: int  # of these: results of the candidate that count
    last_on: date | None
    day: date
    open_links: int
    open_links_at_most: int


def assess_result_sharing(facts: ResultSharingFacts) -> Decision:
    """Whether a candidate can make a link that shows results (EXAM-14)."""
    return Decision(
        (
            finding(
                "EXAM-14",
                0 < facts.chosen == facts.own or (facts.transcript and not facts.chosen),
                yes=_("The results you chose are yours, and count."),
                no=_("No result of yours that counts is chosen."),
                next_step=_("Choose at least one of your results, or the transcript."),
            ),
            finding(
                "EXAM-14",
                facts.last_on is None or facts.day <= facts.last_on,
                yes=_("The link works up to its last day, or until you withdraw it."),
                no=_("The last day, %(last_on)s, has passed."),
                next_step=_("Choose today or a later day, or leave it out."),
                last_on=facts.last_on,
            ),
            finding(
                "EXAM-14",
                facts.open_links < facts.open_links_at_most,
                yes=_("There is room for another link."),
                no=_("%(at_most)s links are open, which is as many as there can be."),
                next_step=_("Withdraw one that nobody needs any more."),
                at_most=facts.open_links_at_most,
            ),
        )
    )
