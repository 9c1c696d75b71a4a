"""What the board may decide about an item, who may deliver it, and who sees the whole catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from candidates.rules import ENDED
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy

# What a decision of the board makes of an item, by what the item is on the day it takes effect (CAT-02).
TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "unlisted": {"list": "listed"},
    "listed": {"change": "listed", "delist": "unlisted"},
}
FOR_INFORMATION_KIND = "digital_lite"  # may be listed, earns nothing (CAT-05)
CUSTOM_KIND = "custom"
SELF_PACED_KINDS = frozenset({"digital", "digital_lite", "learning_path"})  # claimed with a certificate (CE-11)


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A quarterly review as it is about to be recorded."""

    quarter: str
    held_on: date
    held_before_on: date | None  # the day on which this quarter's review was held according to our records


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """A decision of the board, and what the item is on the day it takes effect."""

    kind: str
    registration_number: str
    outcome: str  # list, change or delist
    credits: int | None
    effective_on: date
    review_held_on: date
    state: str  # listed or unlisted on the effective day
    last_decided_on: date | None  # from when the latest decision on the item holds


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
class ViewerFacts:
    """Who looks at the catalog."""

    serves_programme: bool  # staff, or a member of a provider
    certifications: tuple[tuple[str, str], ...]  # (level, status)


def quarter_of(day: date) -> str:
    """The quarter of a day, as reviews are named: 2026-Q4."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def assess_review(facts: ReviewFacts) -> Decision:
    """A quarter has one review, held on a day of that quarter (CAT-02)."""
    return Decision(
        (
            finding(
                "CAT-02",
                quarter_of(facts.held_on) == facts.quarter,
                yes=_("%(held_on)s lies in %(quarter)s."),
                no=_("%(held_on)s does not lie in %(quarter)s."),
                next_step=_("Name the quarter in which the review is held."),
                held_on=facts.held_on,
                quarter=facts.quarter,
            ),
            finding(
                "CAT-02",
                facts.held_before_on in {None, facts.held_on},
                yes=_("%(quarter)s has no other review."),
                no=_("The review of %(quarter)s was held on %(held_before_on)s."),
                next_step=_("Add the decisions to that review."),
                quarter=facts.quarter,
                held_before_on=facts.held_before_on,
            ),
        )
    )


def assess_listing(facts: ListingFacts, policy: Policy) -> Decision:
    """Whether an item may enter, change or leave the catalog so, by the book of the listing day (CAT-03)."""
    findings = [_from_a_review(facts), _fits_the_state(facts), _after_the_last_decision(facts)]
    if facts.outcome != "delist":
        findings += [_worth(facts, policy), _registered(facts)]
    return Decision(tuple(findings))


def _from_a_review(facts: ListingFacts) -> Finding:
    return finding(
        "CAT-02",
        facts.effective_on >= facts.review_held_on,
        yes=_("It takes effect on %(effective_on)s, not before the review of %(review_held_on)s."),
        no=_("It would take effect on %(effective_on)s, before the review of %(review_held_on)s."),
        next_step=_("Choose the day of the review or a later one."),
        effective_on=facts.effective_on,
        review_held_on=facts.review_held_on,
    )


def _fits_the_state(facts: ListingFacts) -> Finding:
    met = facts.outcome in TRANSITIONS[facts.state]
    if facts.state == "listed":
        return finding(
            "CAT-02",
            met,
            yes=_("The item is listed on %(effective_on)s."),
            no=_("The item is listed on %(effective_on)s already."),
            next_step=_("Decide a change of its listing instead."),
            effective_on=facts.effective_on,
        )
    return finding(
        "CAT-02",
        met,
        yes=_("The item is not listed on %(effective_on)s yet."),
        no=_("The item is not listed on %(effective_on)s, so nothing can be changed or end."),
        next_step=_("List the item first."),
        effective_on=facts.effective_on,
    )


def _after_the_last_decision(facts: ListingFacts) -> Finding:
    if facts.last_decided_on is None:
        return Finding("CAT-02", met=True, sentence=_("It is the first decision on this item."))
    # A listing ends on the day the next begins; an empty one, or one slipped in before a later one, would
    # change what was listed on a past day.
    listed_anew_at_once = facts.outcome == "list" and facts.effective_on == facts.last_decided_on
    return finding(
        "CAT-02",
        facts.effective_on > facts.last_decided_on or (listed_anew_at_once and facts.state == "unlisted"),
        yes=_("It comes after the latest decision on this item, which holds from %(last_decided_on)s."),
        no=_("A decision on this item holds from %(last_decided_on)s; what was decided stays."),
        next_step=_("Choose a later day."),
        last_decided_on=facts.last_decided_on,
    )


def _worth(facts: ListingFacts, policy: Policy) -> Finding:
    lowest, highest = policy["training.min_credits"], policy["training.max_credits"]
    if facts.kind == FOR_INFORMATION_KIND:
        return finding(
            "CAT-05",
            facts.credits == 0,
            yes=_("Digital training without labs is listed for information and earns nothing."),
            no=_("Digital training without labs earns nothing, so it cannot be worth %(credits)s credits."),
            next_step=_("List it with 0 credits, for information."),
            credits=facts.credits,
        )
    return finding(
        "CAT-03",
        facts.credits is not None and lowest.value <= facts.credits <= highest.value,
        yes=_("%(credits)s credits lie between %(lowest)s and %(highest)s."),
        no=_("A training is worth between %(lowest)s and %(highest)s credits, not %(credits)s."),
        next_step=_("Give it a value between the two."),
        because=(lowest, highest),
        credits=facts.credits,
        lowest=lowest.value,
        highest=highest.value,
    )


def _registered(facts: ListingFacts) -> Finding:
    if facts.kind != CUSTOM_KIND:
        return Finding("CAT-06", met=True, sentence=_("It is not a custom training, so no registration is needed."))
    return finding(
        "CAT-06",
        bool(facts.registration_number),
        yes=_("The derivative-works tool registered it as %(registration_number)s."),
        no=_("A custom training is listed only with its number in the derivative-works tool."),
        next_step=_("Ask the partner for the registration number and enter it with the item."),
        registration_number=facts.registration_number,
    )


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


def assess_view(facts: ViewerFacts, policy: Policy) -> Decision:
    """Whether someone sees the whole catalog (CAT-08); anyone sees the sample. `policy` is today's book.

    A certification that lapsed or was revoked is not held any more; one in grace still is.
    """
    levels = policy["enrollment.eligible_levels"]
    holds = any(level in levels.value and status not in ENDED for level, status in facts.certifications)
    return Decision(
        (
            finding(
                "CAT-08",
                facts.serves_programme or holds,
                yes=_("You see the whole catalog."),
                no=_("You see a sample. The whole catalog is shown to holders of an eligible certification."),
                next_step=_("Sign in, and link your certification record to your account."),
                because=(levels,),
            ),
        )
    )
