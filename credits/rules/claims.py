"""What the credit programme decides of enrollment, claims and reports; of renewal and its fee, credits.rules.renewal.

Pure functions: facts in, a Decision out. The services gather the facts and do what was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from candidates.rules import ENDED, BarFacts, assess_bar, assess_bar_for_others
from catalog.rules import FOR_INFORMATION_KIND, SELF_PACED_KINDS
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from credits.rules.activity import (
    ActivityFacts,
    HeldOn,
    assess_reported,
    earned_in_time,
    pending_at_expiry,
    qualifying_levels,
)

# A claim's life; the keys are its states, the values where it can go from there.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"submitted"}),
    "submitted": frozenset({"returned", "approved", "rejected"}),
    "returned": frozenset({"submitted", "approved"}),  # approved by the provider's own report (CE-10)
    "approved": frozenset({"voided"}),  # by a failed audit (CE-12), or where cycles are merged (CR-04)
    "rejected": frozenset({"submitted"}),  # put back by the programme, which upheld an appeal (CE-10)
    "voided": frozenset(),
}
# Where a claim is with its candidate, who can change it and hand it in.
WITH_CANDIDATE = frozenset({"draft", "returned"})
OUTCOMES: Mapping[str, str] = {"approve": "approved", "reject": "rejected", "return": "returned"}


# ── Enrollment ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class EnrollmentFacts:
    """All that enrollment depends on, on its day."""

    held: tuple[HeldOn, ...]
    terms_accepted: bool
    bar: BarFacts | None = None  # the sanction that runs (CAND-02)


def _emeritus_shut_out(held: HeldOn) -> bool:
    return held.status == "emeritus" and (held.route == "written_and_lab" or held.origin == "business_transformation")


def assess_enrollment(facts: EnrollmentFacts, policy: Policy) -> Decision:
    """Whether a candidate may enroll on the day whose book is given (CE-02 to CE-05, CAND-02)."""
    levels = policy["enrollment.eligible_levels"]
    statuses = policy["enrollment.eligible_statuses"]
    at_level = [held for held in facts.held if held.level in qualifying_levels(policy)]
    in_status = [held for held in at_level if held.status in statuses.value]
    findings = [
        finding(
            "CE-02",
            bool(at_level),
            yes=_("You hold a certification at an eligible level."),
            no=_("You hold no certification at an eligible level."),
            next_step=_("Earn a certification at one of these levels: %(levels)s."),
            because=(levels,),
            levels=levels.value,
        )
    ]
    if at_level:
        findings.append(
            finding(
                "CE-03",
                bool(in_status),
                yes=_("It is in an eligible status."),
                no=_("It is not in an eligible status."),
                next_step=_("A lapsed certification is regained by meeting its requirements in full (CERT-04)."),
                because=(statuses,),
            )
        )
    if in_status:
        findings.append(
            finding(
                "CE-04",
                any(not _emeritus_shut_out(held) for held in in_status),
                yes=_("It does not fall under the Emeritus exceptions."),
                no=_("Your Emeritus status is one of the two kinds that cannot enroll."),
                next_step=_("Pass a written exam and a lab to become active again."),
            )
        )
    findings.append(
        finding(
            "CE-05",
            facts.terms_accepted,
            yes=_("You accepted the current terms of the programme."),
            no=_("You have not accepted the current terms of the programme."),
            next_step=_("Read the terms and accept them."),
        )
    )
    return assess_bar(facts.bar, for_exams=False) + Decision(tuple(findings))


# ── Claims and reports ────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class CompletionFacts:
    """A completed training: what every activity must meet, and what the catalog says of it."""

    activity: ActivityFacts
    held_when_submitted: tuple[HeldOn, ...]
    item_kind: str
    listed_credits: int | None  # on the completion day
    authorised: bool
    counted_already: bool  # the item, in the cycle that the completion falls in


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """A completion, and what a candidate's claim of it must meet besides."""

    completion: CompletionFacts
    terms_accepted: bool
    first_submitted_on: date
    has_evidence: bool


def _training_findings(facts: CompletionFacts) -> list[Finding]:
    return [
        finding(
            "CAT-01",
            facts.listed_credits is not None,
            yes=_("The training was listed in the catalog on the day of completion."),
            no=_("The training was not listed in the catalog on %(completed_on)s."),
            next_step=_("See its page in the catalog for the days on which it was listed."),
            completed_on=facts.activity.completed_on,
        ),
        finding(
            "CAT-05",
            facts.item_kind != FOR_INFORMATION_KIND and facts.listed_credits != 0,
            yes=_("It is of a kind that earns credits."),
            no=_("Digital training without labs earns no credits."),
            next_step=_("Look for the version with labs in the catalog."),
        ),
        finding(
            "CAT-07",
            facts.authorised,
            yes=_("The provider was authorised to deliver it."),
            no=_("The provider was not authorised to deliver it on that day."),
            next_step=_("Choose the provider that delivered it; the catalog shows who is authorised."),
        ),
        finding(
            "CR-04",
            not facts.counted_already,
            yes=_("The training has not counted in this cycle yet."),
            no=_("The training has been claimed or has counted in this cycle already."),
            next_step=_("A training counts once in a recertification cycle; choose another one."),
        ),
    ]


def assess_claim(facts: ClaimFacts, policy: Policy) -> Decision:
    """Everything a claim depends on, met or not; the candidate sees the whole list. The completion day's book."""
    completion, activity = facts.completion, facts.completion.activity
    window = policy["claims.submit_within_days"]
    age_days = (facts.first_submitted_on - activity.completed_on).days
    findings = [
        finding(
            "CE-05",
            activity.enrolled and facts.terms_accepted,
            yes=_("You are enrolled and accepted the current terms."),
            no=_("You are not enrolled, or have not accepted the current terms.")
            if not activity.enrolled
            else _("The terms have changed since you accepted them."),
            next_step=_("Enroll, or accept the current terms, and come back: your claim is kept as a draft."),
        ),
        finding(
            "CE-14",
            activity.completed_on <= activity.day,
            yes=_("The training is completed."),
            no=_("The completion date lies in the future."),
            next_step=_("Claim the training once you have completed it."),
        ),
    ]
    if window.value is not None and age_days >= 0:
        findings.append(
            finding(
                "CE-14",
                age_days <= window.value,
                yes=_("Filed in time: days since completion %(age_days)s, limit %(window_days)s."),
                no=_("Filed too late: days since completion %(age_days)s, limit %(window_days)s."),
                because=(window,),
                age_days=age_days,
                window_days=window.value,
            )
        )
    findings.append(
        finding(
            "CE-15",
            any(
                held.level in activity.eligible_levels and held.status not in ENDED
                for held in completion.held_when_submitted
            ),
            yes=_("Your certification has not become inactive."),
            no=_("Your certification became inactive before the claim was filed."),
            next_step=_("A lapsed certification is regained by meeting its requirements in full (CERT-04)."),
        )
    )
    findings += [*earned_in_time(activity, policy), *_training_findings(completion)]
    if completion.item_kind in SELF_PACED_KINDS:
        findings.append(
            finding(
                "CE-11",
                facts.has_evidence,
                yes=_("The certificate of completion is attached."),
                no=_("Self-paced digital training needs the certificate of completion."),
                next_step=_("Attach it as PDF, PNG or JPEG."),
            )
        )
    return assess_bar(activity.bar, for_exams=False) + Decision(tuple(findings))


def assess_report(facts: CompletionFacts, policy: Policy) -> Decision:
    """What a provider's own report of a completion must meet (CE-10): enrollment, but no kit and no last day."""
    findings = _training_findings(facts)
    if facts.activity.completed_on > facts.activity.day:
        findings.append(Finding("CE-14", False, _("What is not completed yet earns nothing.")))
    return assess_reported(facts.activity, policy) + Decision(tuple(findings))


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """What a provider's decision on a claim depends on."""

    status: str
    by_the_provider: bool
    own_claim: bool
    kit: str
    in_a_cycle: bool  # an import since may have dated the first cycle later than the completion (CR-02)
    cycle_ended_inactive: bool
    counted_already: bool  # by another approved claim or a report in the same cycle
    reason_given: bool
    own_rejection_set_aside: bool = False  # by an appeal, and a colleague is there to decide instead
    bar: BarFacts | None = None  # the sanction that runs: what is pending is kept meanwhile (CAND-02)


def assess_review(facts: ApprovalFacts, outcome: str, policy: Policy) -> Decision:
    """Whether a member may approve, reject or return a claim (CE-10, CAND-02); approval must meet more."""
    findings = [
        *assess_bar_for_others(facts.bar, for_exams=False).findings,
        finding(
            "CE-10",
            facts.by_the_provider,
            yes=_("You act for the provider that delivered the training."),
            no=_("Only staff of the provider that delivered the training decide the claim."),
        ),
        finding(
            "CE-10",
            not facts.own_claim,
            yes=_("It is not a claim of your own."),
            no=_("Nobody decides a claim of their own."),
            next_step=_("Ask a colleague to decide it."),
        ),
        finding(
            "CE-10",
            OUTCOMES[outcome] in TRANSITIONS[facts.status] and facts.status == "submitted",
            yes=_("The claim waits for a decision."),
            no=_("The claim does not wait for a decision."),
            next_step=_("A returned claim can be decided after it was handed in again."),
        ),
    ]
    if facts.own_rejection_set_aside:
        findings.append(
            Finding(
                "CE-10",
                False,
                _("You rejected this claim before, and the programme set that aside."),
                next_step=_("A colleague decides it now."),
            )
        )
    if outcome != "approve":
        findings.append(
            finding(
                "CE-10",
                facts.reason_given,
                yes=_("A reason is given."),
                no=_("A claim is not rejected or returned without a reason."),
                next_step=_("Tell the candidate why, and what to do."),
            )
        )
        return Decision(tuple(findings))
    findings += [
        finding(
            "CAT-09",
            facts.kit != "printed",
            yes=_("The student is registered in the digital kit platform."),
            no=_("The student used a printed kit and is not registered in the digital kit platform."),
            next_step=_("Return the claim and ask the student to register the printed kit."),
        ),
        finding(
            "CR-04",
            not facts.counted_already,
            yes=_("The training has not counted in this cycle yet."),
            no=_("The training has counted in this cycle already."),
        ),
        finding(
            "CR-06",
            facts.in_a_cycle,
            yes=_("The completion falls in a recertification cycle of the candidate."),
            no=_("The completion falls before the candidate's current recertification cycle."),
            next_step=_("Credits count within the cycle in which they were earned."),
        ),
        pending_at_expiry(facts.cycle_ended_inactive, policy),
    ]
    return Decision(tuple(findings))
