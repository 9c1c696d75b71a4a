"""Who may be associated with a channel partner (CERT-07)."""

from __future__ import annotations

from dataclasses import dataclass

from candidates.rules.lives import ENDED
from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class AffiliationFacts:
    """What an association depends on, when it is asked for and again when it is confirmed."""

    expert_statuses: tuple[str, ...]  # of the certifications at expert level
    full_time: bool
    country: str  # where the partner's status applies
    lives_in: tuple[str, ...]  # on record, and as a document proves
    in_force_with: str = ""  # the partner of an association that stands
    waits_with: str = ""  # the partner of another request


def assess_affiliation(facts: AffiliationFacts) -> Decision:
    """Whether an expert may be associated with a partner: one at a time, employed full-time where it counts."""
    return Decision(
        (
            finding(
                "CERT-07",
                any(status not in ENDED for status in facts.expert_statuses),
                yes=_("You hold a certification at expert level."),
                no=_("Only holders of a certification at expert level are associated with a partner."),
                next_step=_("Come back once you hold one."),
            ),
            finding(
                "CERT-07",
                facts.full_time,
                yes=_("You are the partner's full-time employee."),
                no=_("Only a full-time employee of the partner is associated with it."),
                next_step=_("Ask for it once you are employed full-time."),
            ),
            finding(
                "CERT-07",
                facts.country in facts.lives_in,
                yes=_("You live in the country where the partner's status applies."),
                no=_("You do not live in the country where the partner's status applies: %(country)s."),
                next_step=_(
                    "Choose the country you live and work in; have your residence corrected if it is out of date."
                ),
                country=facts.country,
            ),
            finding(
                "CERT-07",
                not facts.in_force_with,
                yes=_("You are associated with no other partner."),
                no=_("You are associated with %(partner)s."),
                next_step=_("Leave that partner first."),
                partner=facts.in_force_with,
            ),
            finding(
                "CERT-07",
                not facts.waits_with,
                yes=_("No other request of yours waits."),
                no=_("Your request to %(partner)s waits to be confirmed."),
                next_step=_("Take that request back first."),
                partner=facts.waits_with,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class ConfirmationFacts:
    """What deciding a request depends on."""

    status: str
    about_self: bool


def assess_confirmation(facts: ConfirmationFacts) -> Decision:
    """Whether somebody may confirm or decline a request for an association."""
    return Decision(
        (
            finding(
                "CERT-07",
                facts.status == "requested",
                yes=_("The request waits to be confirmed."),
                no=_("The request does not wait to be confirmed."),
                next_step=_("Look at what became of it."),
            ),
            finding(
                "CERT-07",
                not facts.about_self,
                yes=_("It is not an association of your own."),
                no=_("Nobody confirms an association of their own."),
                next_step=_("Leave it to a colleague."),
            ),
        )
    )


def confirmation_for_partner(decision: Decision) -> Decision:
    """A confirmation's decision as the partner's member reads it: what the candidate lacks is theirs to read.

    The findings about the request itself stay; those about the person become one, which says only whether they are met.
    """
    own = assess_confirmation(ConfirmationFacts(status="requested", about_self=False)).findings
    about_the_request, about_the_person = decision.findings[: len(own)], decision.findings[len(own) :]
    return Decision(
        (
            *about_the_request,
            finding(
                "CERT-07",
                all(each.met for each in about_the_person),
                yes=_("Nothing stands in the way on the candidate's side."),
                no=_("Something has changed on the candidate's side, and stands in the way now."),
                next_step=_("Decline the request; the candidate can see what it is, and ask again."),
            ),
        )
    )


def assess_leaving(*, in_force: bool) -> Decision:
    """Whether there is an association to end."""
    return Decision(
        (
            finding(
                "CERT-07",
                in_force,
                yes=_("You are associated with a partner."),
                no=_("You are associated with no partner."),
                next_step=_("There is nothing to leave."),
            ),
        )
    )
