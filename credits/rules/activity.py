"""What every activity must meet to earn credits, however it comes to the programme, decided.

Trainings must meet more (credits.rules), as must what organisers and the exam team report. Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from candidates.rules import BarFacts, assess_bar_for_others
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class HeldOn:
    """A certification as it stood on the day of a question; the route and origin are those of its Emeritus."""

    level: str
    status: str
    route: str = ""
    origin: str = ""


def qualifying_levels(*policies: Policy) -> tuple[str, ...]:
    """The levels that any of these days' books lets qualify; the entry level never does on its own (CE-02)."""
    levels = [level for policy in policies for level in policy["enrollment.eligible_levels"].value]
    return tuple(level for level in dict.fromkeys(levels) if level != "entry")


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """An activity by a candidate, as it is looked at on a day."""

    completed_on: date
    day: date  # of submission or report
    enrolled: bool
    held_when_completed: tuple[HeldOn, ...]
    eligible_levels: tuple[str, ...]  # of the day of enrollment, or of the completion (CE-02, CR-03)
    in_a_cycle: bool  # the completion falls in a cycle the portal knows
    cycle_ended_inactive: bool
    own_report: bool = False  # reported by the very person who completed it
    bar: BarFacts | None = None  # the sanction that runs (CAND-02)


def earned_in_time(facts: ActivityFacts, policy: Policy) -> list[Finding]:
    """Whether the day of completion is one on which credits could be earned (CE-01, CE-03, CR-06)."""
    starts = policy["programme.starts_on"]
    statuses = policy["enrollment.eligible_statuses"]
    held = any(
        each.level in facts.eligible_levels and each.status in statuses.value for each in facts.held_when_completed
    )
    return [
        finding(
            "CE-01",
            facts.completed_on >= starts.value,
            yes=_("Completed after the programme began."),
            no=_("Completed before the programme began on %(starts_on)s."),
            because=(starts,),
            starts_on=starts.value,
        ),
        finding(
            "CE-03",
            held,
            yes=_("A certification was in an eligible status on %(completed_on)s."),
            no=_("No certification was in an eligible status on %(completed_on)s."),
            next_step=_("Only what is completed while the certification is in such a status counts."),
            because=(statuses,),
            completed_on=facts.completed_on,
        ),
        finding(
            "CR-06",
            facts.in_a_cycle or not held,
            yes=_("The completion falls in a recertification cycle."),
            no=_("The completion falls before the current recertification cycle."),
            next_step=_("Credits count within the cycle in which they were earned."),
        ),
    ]


def assess_reported(facts: ActivityFacts, policy: Policy) -> Decision:
    """What is reported by those who know must meet: a provider, an organiser, the exam team.

    That is CE-05, CE-10, CE-15, CAND-02, and what every activity must meet."""
    return assess_bar_for_others(facts.bar, for_exams=False) + Decision(
        (
            finding(
                "CE-05",
                facts.enrolled,
                yes=_("The candidate is enrolled."),
                no=_("The candidate is not enrolled in the programme."),
                next_step=_("Ask the candidate to enroll; then report it again."),
            ),
            finding(
                "CE-10",
                facts.completed_on <= facts.day,
                yes=_("The activity is completed."),
                no=_("The completion date lies in the future."),
                next_step=_("Report it once it is completed."),
            ),
            finding(
                "CE-10",
                not facts.own_report,
                yes=_("It is not a completion of your own."),
                no=_("Nobody reports a completion of their own."),
                next_step=_("Ask a colleague to report it."),
            ),
            pending_at_expiry(facts.cycle_ended_inactive, policy),
            *earned_in_time(facts, policy),
        )
    )


def pending_at_expiry(cycle_ended_inactive: bool, policy: Policy) -> Finding:
    """Whether what was approved after the certification became inactive still counts (CE-15)."""
    pending = policy["claims.pending_at_expiry"]
    return finding(
        "CE-15",
        not cycle_ended_inactive or pending.value == "retroactive",
        yes=_("It can still count for the cycle in which it was completed."),
        no=_("The certification became inactive before the training was approved."),
        because=(pending,),
    )
