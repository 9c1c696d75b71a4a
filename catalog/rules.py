"""What a training needs, what the board may decide about it, and who sees the whole catalog.

Pure functions. What providers may do is decided in catalog.provider_rules.
"""

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


# ── The kinds of training that are eligible ───────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Needs:
    """What a training of a kind needs to be listed, and to be claimed."""

    earns: bool = True  # else it is listed for information, with zero credits (CAT-05)
    labs: bool = False  # digital, and with labs: one that is labelled lite earns nothing (CAT-05)
    certificate: bool = False  # self-paced: a claim comes with the certificate of completion (CE-11)
    kit: bool = False  # students use a kit; a printed one is registered in the digital platform (CAT-09)
    registration: bool = False  # listed with its number in the derivative-works tool (CAT-06)
    approval: bool = False  # listed with the number of the technical committee's approval (CAT-04)


KINDS: Mapping[str, Needs] = {
    "instructor_led": Needs(kit=True),
    "virtual": Needs(kit=True),
    "digital": Needs(labs=True, certificate=True),
    "digital_lite": Needs(earns=False, certificate=True),
    "learning_path": Needs(labs=True, certificate=True),
    "custom": Needs(kit=True, registration=True),
    "workshop": Needs(kit=True),
    "bootcamp": Needs(kit=True),
    "other": Needs(approval=True),
}
FOR_INFORMATION_KIND = "digital_lite"
SELF_PACED_KINDS = frozenset(kind for kind, needs in KINDS.items() if needs.certificate)
KINDS_WITH_KIT = frozenset(kind for kind, needs in KINDS.items() if needs.kit)


@dataclass(frozen=True, slots=True)
class Training:
    """A training as the board sees it: listed already, or proposed."""

    kind: str
    title: str
    credits: int | None
    registration_number: str
    approval_number: str


def assess_training(training: Training, policy: Policy) -> Decision:
    """Whether a training can be in the catalog as it is (CAT-03 to CAT-06), by the book of the listing day."""
    needs = KINDS.get(training.kind)
    findings = [
        finding(
            "CAT-04",
            needs is not None,
            yes=_("It is of a kind that is eligible."),
            no=_("Training of this kind is not eligible."),
            next_step=_("Ask the technical committee to approve it as other training."),
        ),
        _worth(training, policy),
    ]
    if needs is not None and needs.labs:
        findings.append(
            finding(
                "CAT-05",
                not _labelled_lite(training.title),
                yes=_("It is digital training with labs."),
                no=_("It is labelled lite, and such training earns nothing."),
                next_step=_("List it with 0 credits, for information, as digital training without labs."),
            )
        )
    if needs is not None and needs.registration:
        findings.append(
            finding(
                "CAT-06",
                bool(training.registration_number),
                yes=_("The derivative-works tool registered it as %(registration_number)s."),
                no=_("A custom training is listed only with its number in the derivative-works tool."),
                next_step=_("Give the registration number that the tool gave the authorised partner."),
                registration_number=training.registration_number,
            )
        )
    if needs is not None and needs.approval:
        findings.append(
            finding(
                "CAT-04",
                bool(training.approval_number),
                yes=_("The technical committee approved it as %(approval_number)s."),
                no=_("Other training is listed only with the technical committee's approval."),
                next_step=_("Ask the committee for its approval, and give the number of it."),
                approval_number=training.approval_number,
            )
        )
    return Decision(tuple(findings))


def _worth(training: Training, policy: Policy) -> Finding:
    lowest, highest = policy["training.min_credits"], policy["training.max_credits"]
    if training.kind == FOR_INFORMATION_KIND:
        return finding(
            "CAT-05",
            training.credits == 0,
            yes=_("Digital training without labs is listed for information and earns nothing."),
            no=_("Digital training without labs earns nothing, so it cannot be worth %(credits)s credits."),
            next_step=_("List it with 0 credits, for information."),
            credits=training.credits,
        )
    return finding(
        "CAT-03",
        training.credits is not None and lowest.value <= training.credits <= highest.value,
        yes=_("%(credits)s credits lie between %(lowest)s and %(highest)s."),
        no=_("A training is worth between %(lowest)s and %(highest)s credits, not %(credits)s."),
        next_step=_("Give it a value between the two."),
        because=(lowest, highest),
        credits=training.credits,
        lowest=lowest.value,
        highest=highest.value,
    )


def _labelled_lite(title: str) -> bool:
    words = "".join(letter if letter.isalnum() else " " for letter in title.casefold()).split()
    return "lite" in words


# ── The board ─────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A quarterly review as it is about to be recorded."""

    quarter: str
    held_on: date
    held_before_on: date | None  # the day on which this quarter's review was held according to our records
    recorded_on: date


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """A decision of the board, and what the item is on the day it takes effect."""

    training: Training
    outcome: str  # list, change or delist
    effective_on: date
    review_held_on: date
    recorded_on: date
    state: str  # listed or unlisted on the effective day
    last_decided_on: date | None  # from when the latest decision on the item holds


def quarter_of(day: date) -> str:
    """The quarter of a day, as reviews are named: 2026-Q4."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def assess_review(facts: ReviewFacts) -> Decision:
    """A quarter has one review, held on a day of that quarter, and on record once it was held (CAT-02)."""
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
                facts.held_on <= facts.recorded_on,
                yes=_("It has been held."),
                no=_("%(held_on)s has not come yet."),
                next_step=_("Record the review once it was held; trainings may then change from any later day."),
                held_on=facts.held_on,
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
    """Whether an item may enter, change or leave the catalog so, by the book of the listing day (CAT-02 to CAT-06)."""
    findings = [_from_a_review(facts), _fits_the_state(facts), _after_the_last_decision(facts)]
    if facts.outcome != "list":
        findings.append(_not_in_the_past(facts))
    decision = Decision(tuple(findings))
    return decision if facts.outcome == "delist" else decision + assess_training(facts.training, policy)


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


def _not_in_the_past(facts: ListingFacts) -> Finding:
    # A late entry takes nothing from anybody; a late change would take back what claims have counted by.
    return finding(
        "CAT-02",
        facts.effective_on >= facts.recorded_on,
        yes=_("What was listed on any day before stays as it was."),
        no=_("It would change what was listed on %(effective_on)s, and that day is past."),
        next_step=_("Choose today or a later day."),
        effective_on=facts.effective_on,
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


@dataclass(frozen=True, slots=True)
class EquivalenceFacts:
    """Two items that are to count as one training."""

    one_item: bool  # the two are the same one
    equivalent_already: bool  # marked so, or by way of others


def assess_equivalence(facts: EquivalenceFacts) -> Decision:
    """Whether the board may mark two items as equivalent (CR-04)."""
    return Decision(
        (
            finding(
                "CR-04",
                not facts.one_item,
                yes=_("They are two trainings."),
                no=_("A training is always the same as itself."),
                next_step=_("Choose the other language or version of it."),
            ),
            finding(
                "CR-04",
                facts.one_item or not facts.equivalent_already,
                yes=_("They have counted as two trainings until now."),
                no=_("They count as one training already."),
                next_step=_("Nothing needs to be decided."),
            ),
        )
    )


# ── Who sees the whole catalog ────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ViewerFacts:
    """Who looks at the catalog."""

    serves_programme: bool  # staff, or a member of a provider
    certifications: tuple[tuple[str, str], ...]  # (level, status)


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
