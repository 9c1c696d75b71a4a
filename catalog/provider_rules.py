"""What providers may do: deliver a training, schedule its runs, propose another, say who acts for them.

Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from catalog.rules import Training, assess_training
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy

# A proposal's life: its provider withdraws it, or the board answers it in a review.
PROPOSAL_TRANSITIONS: Mapping[str, frozenset[str]] = {
    "open": frozenset({"withdrawn", "listed", "declined"}),
    "withdrawn": frozenset(),
    "listed": frozenset(),
    "declined": frozenset(),
}


@dataclass(frozen=True, slots=True)
class AuthorisationFacts:
    """The days on which a provider is to deliver an item."""

    starts_on: date
    ends_on: date | None
    overlaps: bool  # with an authorisation the provider has already


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """A run of an item as it is about to be scheduled."""

    starts_on: date
    ends_on: date
    authorised: bool  # on the day it ends
    code_is_free: bool


@dataclass(frozen=True, slots=True)
class CancellationFacts:
    """A run that is to be cancelled."""

    ends_on: date
    day: date  # of the cancelling


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """Someone lets a member of a provider act for it, or act no longer."""

    by_manager: bool  # of the same provider
    of_oneself: bool


def assess_authorisation(facts: AuthorisationFacts) -> Decision:
    """Whether a provider may be authorised for an item between these days (CAT-07)."""
    return Decision(
        (
            finding(
                "CAT-07",
                facts.ends_on is None or facts.ends_on > facts.starts_on,
                yes=_("It holds from %(starts_on)s."),
                no=_("It would end on %(ends_on)s, before it holds for a day."),
                next_step=_("Choose an end after %(starts_on)s, or none."),
                starts_on=facts.starts_on,
                ends_on=facts.ends_on,
            ),
            finding(
                "CAT-07",
                not facts.overlaps,
                yes=_("The provider has no other authorisation for the item at that time."),
                no=_("The provider is authorised for the item at that time already."),
                next_step=_("Choose days outside the authorisation that stands."),
            ),
        )
    )


def assess_withdrawal(*, starts_on: date | None, ends_on: date) -> Decision:
    """Whether an authorisation can end on a day: one must run then, for a day at least (CAT-07)."""
    return Decision(
        (
            finding(
                "CAT-07",
                starts_on is not None and ends_on > starts_on,
                yes=_("The authorisation holds since %(starts_on)s and ends on %(ends_on)s."),
                no=_("The provider has no authorisation for the item that could end on %(ends_on)s."),
                next_step=_("Choose a day within the authorisation."),
                starts_on=starts_on,
                ends_on=ends_on,
            ),
        )
    )


def assess_delivery(facts: DeliveryFacts) -> Decision:
    """Whether a run of an item may be scheduled: only authorised deliveries count (CAT-07)."""
    return Decision(
        (
            finding(
                "CAT-07",
                facts.ends_on >= facts.starts_on,
                yes=_("It runs from %(starts_on)s to %(ends_on)s."),
                no=_("It would end on %(ends_on)s, before it starts on %(starts_on)s."),
                next_step=_("Put the two days in order."),
                starts_on=facts.starts_on,
                ends_on=facts.ends_on,
            ),
            finding(
                "CAT-07",
                facts.authorised,
                yes=_("The provider is authorised for the item on %(ends_on)s, the day it ends."),
                no=_("The provider is not authorised for the item on %(ends_on)s, the day it ends."),
                next_step=_("Ask the programme for the authorisation first."),
                ends_on=facts.ends_on,
            ),
            finding(
                "CAT-07",
                facts.code_is_free,
                yes=_("The provider has no other delivery under this code."),
                no=_("The provider has a delivery under this code already."),
                next_step=_("Choose another code."),
            ),
        )
    )


def assess_cancellation(facts: CancellationFacts) -> Decision:
    """Whether a run may be cancelled: only while nobody can have completed it, and so claimed it (CAT-07)."""
    return Decision(
        (
            finding(
                "CAT-07",
                facts.day < facts.ends_on,
                yes=_("It runs until %(ends_on)s, so nobody has completed it yet."),
                no=_("Its last day is %(ends_on)s: claims and rosters may rest on it, so it stays."),
                next_step=_("A run that was not held needs no cancelling: nobody can prove to have completed it."),
                ends_on=facts.ends_on,
            ),
        )
    )


def assess_membership(facts: MembershipFacts) -> Decision:
    """Whether someone may say who acts for a provider (CE-10): its managers, and nobody about themselves."""
    return Decision(
        (
            finding(
                "CE-10",
                facts.by_manager,
                yes=_("You are a manager of this provider."),
                no=_("Only a manager of the provider says who acts for it."),
                next_step=_("Ask a manager, or the programme."),
            ),
            finding(
                "CE-10",
                not facts.of_oneself,
                yes=_("It is not about yourself."),
                no=_("Nobody ends their own membership: the provider could be left without a manager."),
                next_step=_("Ask another manager, or the programme."),
            ),
        )
    )


# ── What providers propose ────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """A training that a provider is about to propose."""

    by_manager: bool
    code_is_free: bool  # neither in the catalog nor waiting in another proposal of the provider
    training: Training


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """A proposal that the board is about to answer in a review."""

    status: str
    outcome: str  # listed or declined
    proposed_on: date
    review_held_on: date
    code_is_free: bool
    reason_given: bool


def assess_proposal(facts: ProposalFacts, policy: Policy) -> Decision:
    """Everything that proposing a training depends on: what the board will ask, by today's book (CAT-02 to CAT-06)."""
    own = Decision((_by_manager(facts.by_manager), _code_is_free(facts.code_is_free)))
    return own + assess_training(facts.training, policy)


def _by_manager(by_manager: bool) -> Finding:
    return finding(
        "CAT-02",
        by_manager,
        yes=_("You are a manager of your provider."),
        no=_("A provider's managers speak for it to the board."),
        next_step=_("Ask a manager of your provider."),
    )


def _code_is_free(free: bool) -> Finding:
    return finding(
        "CAT-02",
        free,
        yes=_("No other training has this code."),
        no=_("Another training in the catalog, or one that you proposed, has this code."),
        next_step=_("Choose another code."),
    )


def assess_proposal_withdrawal(*, status: str, by_manager: bool) -> Decision:
    """Whether a provider can take its proposal back: as long as the board has not answered (CAT-02)."""
    waits = finding(
        "CAT-02",
        "withdrawn" in PROPOSAL_TRANSITIONS[status],
        yes=_("The proposal waits for the board."),
        no=_("The proposal does not wait for the board any more."),
    )
    return Decision((_by_manager(by_manager), waits))


def assess_answer(facts: AnswerFacts) -> Decision:
    """Whether the board may answer a proposal so, in this review (CAT-02); the listing itself is decided besides."""
    findings = [
        finding(
            "CAT-02",
            facts.outcome in PROPOSAL_TRANSITIONS[facts.status],
            yes=_("The proposal waits for the board."),
            no=_("The proposal does not wait for the board any more."),
        ),
        finding(
            "CAT-02",
            facts.proposed_on <= facts.review_held_on,
            yes=_("It was proposed on %(proposed_on)s, in time for the review of %(review_held_on)s."),
            no=_("It was proposed on %(proposed_on)s, after the review of %(review_held_on)s."),
            next_step=_("Answer it in the next review."),
            proposed_on=facts.proposed_on,
            review_held_on=facts.review_held_on,
        ),
    ]
    if facts.outcome == "listed":
        return Decision((*findings, _code_is_free(facts.code_is_free)))
    said = finding(
        "CAT-02",
        facts.reason_given,
        yes=_("The provider is told why."),
        no=_("A proposal is not declined without a reason."),
        next_step=_("Tell the provider what the board missed."),
    )
    return Decision((*findings, said))
