"""How a sanction comes about, and how it ends: every step by somebody whom it is not about (CAND-02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ceportal.kernel import uploads
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy


def _not_about_oneself(about_self: bool) -> Finding:
    return finding(
        "CAND-02",
        not about_self,
        yes=_("It is not about yourself."),
        no=_("Nobody decides about themselves."),
        next_step=_("Leave it to a colleague."),
    )


def _said_why(said: bool) -> Finding:
    return finding(
        "CAND-02",
        said,
        yes=_("The reason is given."),
        no=_("No reason is given."),
        next_step=_("Write down the reason; it is kept with the sanction."),
    )


def _runs(status: str) -> Finding:
    return finding(
        "CAND-02",
        status == "running",
        yes=_("The sanction is in force."),
        no=_("The sanction is not in force."),
        next_step=_("Look at the sanction's page: what became of it stands there."),
    )


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """What proposing a sanction depends on."""

    about_self: bool
    clause_known: bool
    statement_given: bool
    permanent: bool
    day: date
    ends_on: date | None
    another_waits: bool  # a proposal about the same candidate that nobody has decided
    of_the_case: bool = True  # the case it comes from, if any, is about this candidate


def assess_proposal(facts: ProposalFacts) -> Decision:
    """Whether a member of staff may propose a sanction; a second one decides it."""
    fits = facts.ends_on is None or (not facts.permanent and facts.ends_on > facts.day)
    return Decision(
        (
            _not_about_oneself(facts.about_self),
            finding(
                "CAND-02",
                facts.clause_known,
                yes=_("The clause that was broken is named."),
                no=_("The policy book has no such clause."),
                next_step=_("Name the clause that was broken, as in the policy book."),
            ),
            finding(
                "CAND-02",
                facts.statement_given,
                yes=_("It is said what happened."),
                no=_("It is not said what happened."),
                next_step=_("Say it in words that the candidate can answer to."),
            ),
            finding(
                "CAND-02",
                fits,
                yes=_("How long it is to last is clear."),
                no=_("A permanent sanction has no last day, and another one ends after today."),
                next_step=_("Correct the day on which it ends, or leave it out: then it stands until it is lifted."),
            ),
            finding(
                "CAND-02",
                not facts.another_waits,
                yes=_("No other proposal about this candidate waits for a decision."),
                no=_("Another proposal about this candidate waits for a decision."),
                next_step=_("Have that one decided first."),
            ),
            finding(
                "CAND-02",
                facts.of_the_case,
                yes=_("It is proposed to the candidate whom the case is about."),
                no=_("The case is about somebody else, or about nobody yet."),
                next_step=_("Propose it from the candidate's record, or link the tip to the candidate first."),
            ),
        )
    )


def assess_sanction_file(*, name: str, content: bytes) -> uploads.Inspected:
    """What a file is by its content, and whether a sanction can rest on it."""
    return uploads.inspect(
        name=name, content=content, clause="CAND-02", next_step=_("Export it as PDF, or take a picture of it.")
    )


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What the second signature depends on."""

    status: str
    about_self: bool
    proposed_it: bool
    ends_on: date | None
    day: date
    reason_given: bool = True  # asked of whoever declines


def assess_signature(facts: SignatureFacts) -> Decision:
    """Whether a member of staff may decide a proposed sanction: another one than proposed it."""
    return Decision(
        (
            finding(
                "CAND-02",
                facts.status == "proposed",
                yes=_("The proposal waits for a decision."),
                no=_("The proposal has been decided."),
                next_step=_("Look at the sanction's page: what became of it stands there."),
            ),
            _not_about_oneself(facts.about_self),
            finding(
                "CAND-02",
                not facts.proposed_it,
                yes=_("You did not propose it."),
                no=_("A sanction is decided by another person than proposed it."),
                next_step=_("Leave the second signature to a colleague."),
            ),
            finding(
                "CAND-02",
                facts.ends_on is None or facts.ends_on > facts.day,
                yes=_("It would not have ended already."),
                no=_("It would have ended on %(ends_on)s."),
                next_step=_("Decline it, and have it proposed anew if it is still to be."),
                ends_on=facts.ends_on,
            ),
            _said_why(facts.reason_given),
        )
    )


@dataclass(frozen=True, slots=True)
class LiftingFacts:
    """What lifting a sanction depends on."""

    status: str
    about_self: bool
    reason_given: bool


def assess_lifting(facts: LiftingFacts) -> Decision:
    """Whether a member of staff may lift a sanction."""
    return Decision((_runs(facts.status), _not_about_oneself(facts.about_self), _said_why(facts.reason_given)))


def appeal_until(decided_on: date, policy: Policy) -> date:
    """The last day on which a sanction can be appealed. The book of the day it was decided governs."""
    return decided_on + timedelta(days=policy["sanctions.appeal_within_days"].value)


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """What an appeal against a sanction depends on."""

    status: str  # of the sanction
    day: date
    until: date
    appealed: bool
    words_given: bool


def assess_appeal(facts: AppealFacts) -> Decision:
    """Whether a candidate may appeal against a sanction: once, in time, saying why."""
    return Decision(
        (
            _runs(facts.status),
            finding(
                "CAND-02",
                not facts.appealed,
                yes=_("No appeal has been filed before."),
                no=_("An appeal has been filed already."),
                next_step=_("Its outcome is told to you and stands on this page."),
            ),
            finding(
                "CAND-02",
                facts.day <= facts.until,
                yes=_("An appeal can be filed until %(until_on)s."),
                no=_("An appeal could be filed until %(until_on)s."),
                next_step=_("Write to the programme if something has come to light since."),
                until_on=facts.until,
            ),
            finding(
                "CAND-02",
                facts.words_given,
                yes=_("You say why you appeal."),
                no=_("An appeal says why the sanction is wrong."),
                next_step=_("Say what you see otherwise, and what shows it."),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class AppealDecisionFacts:
    """What deciding an appeal depends on."""

    status: str  # of the sanction
    waits: bool  # an appeal was filed and nobody has decided it
    about_self: bool
    took_part: bool  # proposed the sanction or decided it
    reason_given: bool


def assess_appeal_decision(facts: AppealDecisionFacts) -> Decision:
    """Whether a member of staff may decide an appeal: somebody who took no part in the sanction."""
    return Decision(
        (
            finding(
                "CAND-02",
                facts.waits,
                yes=_("An appeal waits for a decision."),
                no=_("No appeal waits for a decision."),
                next_step=_("Look at the sanction's page: what became of it stands there."),
            ),
            _runs(facts.status),
            _not_about_oneself(facts.about_self),
            finding(
                "CAND-02",
                not facts.took_part,
                yes=_("You took no part in the sanction."),
                no=_("An appeal is decided by somebody who took no part in the sanction."),
                next_step=_("Leave it to a colleague who neither proposed nor decided the sanction."),
            ),
            _said_why(facts.reason_given),
        )
    )
