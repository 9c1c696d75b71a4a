"""What holders may show to others: which certifications, until when (CERT-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class SharingFacts:
    """What making a verification link depends on."""

    chosen: int  # certifications
    own: int  # of these
    last_on: date | None
    day: date
    open_links: int
    open_links_at_most: int


def link_shows(*, last_on: date | None, withdrawn: bool, day: date) -> bool:
    """Whether a link still shows anything on a day: its last day is the last on which it does (CERT-09)."""
    return not withdrawn and (last_on is None or day <= last_on)


def assess_sharing(facts: SharingFacts) -> Decision:
    """Whether a holder can make a link that shows certifications (CERT-09)."""
    return Decision(
        (
            finding(
                "CERT-09",
                0 < facts.chosen == facts.own,
                yes=_("The certifications you chose are yours."),
                no=_("No certification of yours is chosen."),
                next_step=_("Choose at least one of your certifications."),
            ),
            finding(
                "CERT-09",
                facts.last_on is None or facts.day <= facts.last_on,
                yes=_("The link works up to its last day, or until you withdraw it."),
                no=_("The last day, %(last_on)s, has passed."),
                next_step=_("Choose today or a later day, or leave it out."),
                last_on=facts.last_on,
            ),
            finding(
                "CERT-09",
                facts.open_links < facts.open_links_at_most,
                yes=_("There is room for another link."),
                no=_("%(at_most)s links are open, which is as many as there can be."),
                next_step=_("Withdraw one that nobody needs any more."),
                at_most=facts.open_links_at_most,
            ),
        )
    )
