"""What is decided of a claim beyond its provider's answer: audit (CE-12), appeal and escalation (CE-10).

Pure functions. The *lot* of an audit is a number in millionths that follows from the claim's number, the moment of its
approval and a secret of the portal: nobody without the secret can tell it beforehand, not even from other claims', and
whoever holds it can work it out again and show that nobody chose.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy

LOTS = 1_000_000  # the lot is one of so many
AUDIT_OUTCOMES: Mapping[str, str] = {"pass": "passed", "fail": "failed"}
APPEAL_OUTCOMES: Mapping[str, str] = {"uphold": "upheld", "dismiss": "dismissed"}


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Who acts for the programme, as it matters to a claim; the portal itself meets all of it."""

    staff: bool = True
    own_claim: bool = False
    of_the_provider: bool = False


def _actor_findings(actor: ActorFacts, clause: str) -> tuple[Finding, ...]:
    return (
        finding(
            clause,
            actor.staff,
            yes=_("The programme's staff decide it."),
            no=_("Only the programme's staff decide this."),
        ),
        finding(
            clause,
            not actor.own_claim,
            yes=_("It is not a claim of the person who decides."),
            no=_("Nobody decides about a claim of their own."),
            next_step=_("Ask a colleague to decide it."),
        ),
        finding(
            clause,
            not actor.of_the_provider,
            yes=_("Whoever decides does not act for the provider."),
            no=_("Nobody who acts for the provider decides for the programme about its claims."),
            next_step=_("Ask a colleague to decide it."),
        ),
    )


# ── Audits (CE-12) ────────────────────────────────────────────────────────────────────────────────
def lot_of(*, number: str, approved_at: datetime, secret: bytes) -> int:
    """The lot of an approved claim, in millionths: the same whenever it is worked out again."""
    drawn = hmac.digest(secret, f"{number} {approved_at.astimezone(UTC).isoformat()}".encode(), "sha256")
    return int.from_bytes(drawn[:8], "big") * LOTS >> 64


def assess_lot(lot: int, policy: Policy) -> Decision:
    """Whether the lot picks a claim for audit, by the rate of the approval day's book (CE-12)."""
    rate = policy["claims.audit_rate"]
    return Decision(
        (
            finding(
                "CE-12",
                lot < round(rate.value * LOTS),
                yes=_("Picked by lot: it gave %(lot)s of a million, and those below %(below)s are audited."),
                no=_("Not picked by lot: it gave %(lot)s of a million, and those below %(below)s are audited."),
                because=(rate,),
                lot=lot,
                below=round(rate.value * LOTS),
            ),
        )
    )


def assess_opening(status: str, actor: ActorFacts) -> Decision:
    """Whether staff may open an audit of a claim (CE-12)."""
    return Decision((_approved(status), *_actor_findings(actor, "CE-12")))


def _approved(status: str) -> Finding:
    return finding(
        "CE-12",
        status == "approved",
        yes=_("The claim is approved."),
        no=_("The claim is not approved; only approved claims are audited."),
    )


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """What the outcome of an audit depends on."""

    claim_status: str
    actor: ActorFacts
    reason_given: bool


def assess_audit(facts: AuditFacts, outcome: str) -> Decision:
    """Whether an audit may pass or fail a claim (CE-12). Nobody fails one without saying why."""
    findings = [_approved(facts.claim_status), *_actor_findings(facts.actor, "CE-12")]
    if outcome == "fail":
        findings.append(
            finding(
                "CE-12",
                facts.reason_given,
                yes=_("It is said what was found."),
                no=_("No claim fails its audit without a reason."),
                next_step=_("Write down what was found; the candidate reads it."),
            )
        )
    return Decision(tuple(findings))


def assess_question(*, is_open: bool, words_given: bool) -> Decision:
    """Whether staff may ask the candidate for more (CE-12): while the audit is open, and in words."""
    return Decision(
        (
            _open(is_open),
            finding(
                "CE-12",
                words_given,
                yes=_("It is said what is asked for."),
                no=_("It is not said what is asked for."),
                next_step=_("Write down what the candidate should send; they read it."),
            ),
        )
    )


def assess_answer(*, is_open: bool, something_given: bool) -> Decision:
    """Whether the candidate may add to an audit (CE-12): while it is open, words or files."""
    return Decision(
        (
            _open(is_open),
            finding(
                "CE-12",
                something_given,
                yes=_("Something is said or handed over."),
                no=_("There is nothing to hand over."),
                next_step=_("Write a few words, or attach a file."),
            ),
        )
    )


def _open(is_open: bool) -> Finding:
    return finding(
        "CE-12",
        is_open,
        yes=_("The audit is open."),
        no=_("The audit is closed."),
        next_step=_("What was decided stands on the claim's page."),
    )


# ── Appeals (CE-10) ───────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class FilingFacts:
    """What filing an appeal depends on."""

    rejected_on: date | None  # the day of the rejection that stands; None where the claim is not rejected
    day: date
    appealed: bool  # this very rejection
    counts_elsewhere: bool  # the training is claimed anew, or has counted, in the same cycle
    words_given: bool


def last_day_to_appeal(rejected_on: date, policy: Policy) -> date:
    """The last day on which a rejection can be appealed, by the book of its own day (CE-10)."""
    return rejected_on + timedelta(days=policy["claims.appeal_within_days"].value)


def assess_filing(facts: FilingFacts, policy: Policy) -> Decision:
    """Whether a candidate may appeal a rejection to the programme, once each and in time (CE-10, CR-04)."""
    findings = [
        finding(
            "CE-10",
            facts.rejected_on is not None,
            yes=_("The provider rejected the claim."),
            no=_("The claim is not rejected; only a rejection can be appealed."),
        )
    ]
    if facts.rejected_on is not None:
        last_on = last_day_to_appeal(facts.rejected_on, policy)
        findings.append(
            finding(
                "CE-10",
                facts.day <= last_on,
                yes=_("It is in time: rejected on %(rejected_on)s, the last day is %(last_on)s."),
                no=_("It is too late: rejected on %(rejected_on)s, the last day was %(last_on)s."),
                next_step=_("You can claim the training anew, as long as that is in time."),
                because=(policy["claims.appeal_within_days"],),
                rejected_on=facts.rejected_on,
                last_on=last_on,
            )
        )
    findings += [
        finding(
            "CE-10",
            not facts.appealed,
            yes=_("This rejection has not been appealed before."),
            no=_("This rejection has been appealed already."),
            next_step=_("The programme's decision stands on the claim's page."),
        ),
        _counts_once(counts_elsewhere=facts.counts_elsewhere),
        finding(
            "CE-10",
            facts.words_given,
            yes=_("You say why the rejection is wrong."),
            no=_("You have not said why the rejection is wrong."),
            next_step=_("Say it in your own words."),
        ),
    ]
    return Decision(tuple(findings))


def _counts_once(*, counts_elsewhere: bool) -> Finding:
    return finding(
        "CR-04",
        not counts_elsewhere,
        yes=_("The training is not claimed elsewhere and has not counted in this cycle."),
        no=_("The training has been claimed anew or has counted in this cycle already."),
        next_step=_("A training counts once in a recertification cycle."),
    )


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """What the programme's decision on an appeal depends on."""

    is_open: bool
    still_rejected: bool  # by the rejection that was appealed
    actor: ActorFacts
    counts_elsewhere: bool
    reason_given: bool


def assess_appeal(facts: AppealFacts, outcome: str) -> Decision:
    """Whether the programme may uphold or dismiss an appeal (CE-10).

    Upholding it does not approve the claim, which only its provider does: it puts it before the provider again.
    """
    findings = [
        finding(
            "CE-10",
            facts.is_open,
            yes=_("The appeal waits for a decision."),
            no=_("The appeal has been decided."),
        ),
        *_actor_findings(facts.actor, "CE-10"),
        finding(
            "CE-10",
            facts.reason_given,
            yes=_("It is said what was found."),
            no=_("An appeal is not decided without a reason."),
            next_step=_("Write down what you found; the candidate and the provider read it."),
        ),
    ]
    if outcome == "uphold":
        findings += [
            finding(
                "CE-10",
                facts.still_rejected,
                yes=_("The rejection stands."),
                no=_("The claim is not rejected any more."),
                next_step=_("Dismiss the appeal: there is nothing left to put right."),
            ),
            _counts_once(counts_elsewhere=facts.counts_elsewhere),
        ]
    return Decision(tuple(findings))


# ── Escalation (CE-10) ────────────────────────────────────────────────────────────────────────────
def assess_reminder(overdue: int) -> Decision:
    """Whether a provider can be reminded: where answers are overdue (CE-10)."""
    return Decision(
        (
            finding(
                "CE-10",
                overdue > 0,
                yes=_("Answers past the promised day: %(overdue)s."),
                no=_("The provider has answered everything by the promised day."),
                overdue=overdue,
            ),
        )
    )
