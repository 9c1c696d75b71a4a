"""A minor's parent or guardian who signs by a link: who can be asked, who can sign, and who takes it back (CAND-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from candidates.rules.testing import is_of_age, old_enough
from ceportal.kernel.calendar import add_years
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy

CLAUSE = "CAND-05"


class LinkState(StrEnum):
    """Where a link stands."""

    WAITS = "waits"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SIGNED = "signed"
    TAKEN_BACK = "taken_back"  # the signature that it gave


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """The moments of a link."""

    expires_at: datetime
    withdrawn: bool
    signed: bool
    signature_stands: bool


def state_of(times: LinkTimes, *, now: datetime) -> LinkState:
    """Where a link stands at a moment; the moment on which it expires is too late."""
    if times.signed:
        return LinkState.SIGNED if times.signature_stands else LinkState.TAKEN_BACK
    if times.withdrawn:
        return LinkState.WITHDRAWN
    return LinkState.WAITS if now < times.expires_at else LinkState.EXPIRED


@dataclass(frozen=True, slots=True)
class AskingGuardianFacts:
    """What sending a link to a guardian depends on."""

    born: date
    country: str
    day: date
    own_address: bool  # the address is the candidate's
    already_signed: bool
    asked_lately: int  # links of the last day
    asked_at_most: int


def assess_asking_guardian(facts: AskingGuardianFacts, policy: Policy) -> Decision:
    """Whether a guardian can be asked by a link on the day whose book is given (CAND-04, CAND-05, CAND-06)."""
    return Decision(
        (
            old_enough(born=facts.born, country=facts.country, day=facts.day, policy=policy),
            _minor(facts.born, facts.day, policy),
            finding(
                CLAUSE,
                not facts.already_signed,
                yes=_("Nobody has signed yet."),
                no=_("A parent or guardian has signed, and the signature stands."),
                next_step=_("Nothing is left to do."),
            ),
            finding(
                CLAUSE,
                not facts.own_address,
                yes=_("The address is not your own."),
                no=_("This is your own address. A parent or guardian signs, nobody signs for themselves."),
                next_step=_("Give the address of your parent or guardian."),
            ),
            finding(
                CLAUSE,
                facts.asked_lately < facts.asked_at_most,
                yes=_("There is room for another link today."),
                no=_("%(at_most)s links were sent within a day, which is as many as there can be."),
                next_step=_("Ask again tomorrow, or write to the programme."),
                at_most=facts.asked_at_most,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class GuardianSignatureFacts:
    """What a signature by a link depends on."""

    state: LinkState
    born: date
    day: date
    expires_on: date
    name_given: bool
    confirmed: bool
    by_self: bool  # signed in as the candidate


def assess_guardian_signature(facts: GuardianSignatureFacts, policy: Policy) -> Decision:
    """Whether a parent or guardian can sign by a link now (CAND-05)."""
    return _link_works(facts) + Decision(
        (
            _minor(facts.born, facts.day, policy),
            finding(
                CLAUSE,
                not facts.by_self,
                yes=_("It is not the candidate who signs."),
                no=_("You are signed in as the candidate, who cannot sign."),
                next_step=_("Let your parent or guardian open the link on a device of their own."),
            ),
            finding(
                CLAUSE,
                facts.name_given,
                yes=_("It is said who signs."),
                no=_("It is not said who signs."),
                next_step=_("Type your full name."),
            ),
            finding(
                CLAUSE,
                facts.confirmed,
                yes=_("It is confirmed that a parent or guardian signs."),
                no=_("It is not confirmed that you are the parent or guardian and agree."),
                next_step=_("Tick the box to confirm."),
            ),
        )
    )


def _link_works(facts: GuardianSignatureFacts) -> Decision:
    no, next_step = {
        LinkState.EXPIRED: (
            _("The link expired on %(expires_on)s."),
            _("Ask the candidate, or the programme, to send another."),
        ),
        LinkState.WITHDRAWN: (
            _("The link was withdrawn."),
            _("If another was sent to you, use that one; else ask who sent it."),
        ),
        LinkState.TAKEN_BACK: (
            _("The signature that this link gave was taken back."),
            _("To sign again, have another link sent to you."),
        ),
    }.get(facts.state, ("", ""))
    works = facts.state in {LinkState.WAITS, LinkState.SIGNED}
    return Decision(
        (
            finding(
                CLAUSE,
                works,
                yes=_("The link is valid."),
                no=no,
                next_step=next_step,
                expires_on=facts.expires_on,
            ),
        )
    )


def assess_taking_back(*, signed: bool, born: date, day: date, policy: Policy) -> Decision:
    """Whether a guardian can take a signature back: while it matters, which is until the candidate is of age (CAND-05).

    It stops tests from then on. What was tested before stands: the signature stood at that time.
    """
    return Decision(
        (
            finding(
                CLAUSE,
                signed,
                yes=_("A signature was given by this link."),
                no=_("No signature was given by this link."),
                next_step=_("There is nothing to take back."),
            ),
            _minor(born, day, policy),
        )
    )


def _minor(born: date, day: date, policy: Policy) -> Finding:
    """Under age: of whoever is not, no parent or guardian is asked any more."""
    adult = policy["age.adult"]
    return finding(
        CLAUSE,
        not is_of_age(born, day, policy),
        yes=_("The candidate is under %(years)s, so a parent or guardian signs."),
        no=_("The candidate is of age since %(since_on)s, and needs nobody's signature."),
        next_step=_("Nothing is left to do."),
        because=(adult,),
        years=adult.value,
        since_on=add_years(born, adult.value),
    )
