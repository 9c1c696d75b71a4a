"""Exam development, decided: what accepted exam items and workshops are worth, and whether they count.

*Accepted items* are questions and tasks for exams by one author that the exam team took on. A *workshop* is one in
which experts analyse the tasks of a job (JTA) or say what the minimally qualified candidate knows (MQC).

Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from credits.rules.activity import ActivityFacts, assess_reported

WORKSHOP_KINDS = frozenset({"jta", "mqc"})  # the clause names them, and gives both the same credits (XDEV-03)


@dataclass(frozen=True, slots=True)
class AuthoredFacts:
    """Items of one kind by one author, accepted on a day."""

    activity: ActivityFacts  # completed on the day of acceptance
    kind: str
    accepted: int
    direct: bool  # authored in the programme's own subject-matter-expert scheme
    reference_free: bool


@dataclass(frozen=True, slots=True)
class WorkshopFacts:
    """A person's days in a workshop."""

    activity: ActivityFacts  # completed on the workshop's last day
    kind: str
    level: str
    days: int
    reference_free: bool


def authored_credits(kind: str, accepted: int, policy: Policy) -> int:
    """What accepted items are worth by the book of their acceptance day (XDEV-01); KeyError for an unknown kind."""
    return int(policy["xdev.item_credits"].value[kind]) * accepted


def workshop_credits(level: str, days: int, policy: Policy) -> int:
    """What days in a workshop are worth by the book of its last day (XDEV-03); KeyError for an unknown level."""
    return int(policy["xdev.workshop_credits"].value[level]) * days


def assess_authored(facts: AuthoredFacts, policy: Policy) -> Decision:
    """Whether accepted items earn credits (XDEV-01, XDEV-02, CE-10). The acceptance day's book."""
    worth = policy["xdev.item_credits"]
    return assess_reported(facts.activity, policy) + Decision(
        (
            finding(
                "XDEV-01",
                facts.kind in worth.value,
                yes=_("Items of this kind earn credits."),
                no=_("Items of this kind earn no credits by the book of the acceptance day."),
                next_step=_("These kinds earn credits: %(kinds)s."),
                because=(worth,),
                kinds=sorted(worth.value),
            ),
            finding(
                "XDEV-01",
                facts.accepted > 0,
                yes=_("Accepted items: %(accepted)s."),
                no=_("No item was accepted."),
                next_step=_("Report how many of the items were accepted."),
                accepted=facts.accepted,
            ),
            finding(
                "XDEV-02",
                facts.direct,
                yes=_("They were authored directly in the programme's scheme for subject-matter experts."),
                no=_("They were not authored directly in the programme's scheme for subject-matter experts."),
                next_step=_("What is written elsewhere, or on somebody's behalf, earns no credits."),
            ),
            _reference("XDEV-01", facts.reference_free),
        )
    )


def assess_workshop(facts: WorkshopFacts, policy: Policy) -> Decision:
    """Whether days in a workshop earn credits (XDEV-03, CE-10). The book of the workshop's last day."""
    worth = policy["xdev.workshop_credits"]
    return assess_reported(facts.activity, policy) + Decision(
        (
            finding(
                "XDEV-03",
                facts.kind in WORKSHOP_KINDS,
                yes=_("It is a workshop of a kind that earns credits."),
                no=_("Workshops of this kind earn no credits."),
                next_step=_("Job task analysis and minimally qualified candidate workshops do."),
            ),
            finding(
                "XDEV-03",
                facts.level in worth.value,
                yes=_("Workshops for this level earn credits."),
                no=_("Workshops for this level earn no credits by the book of the workshop's last day."),
                next_step=_("These levels earn credits: %(levels)s."),
                because=(worth,),
                levels=sorted(worth.value),
            ),
            finding(
                "XDEV-03",
                facts.days > 0,
                yes=_("Days in the workshop: %(days)s."),
                no=_("Not a whole day was spent in the workshop."),
                next_step=_("Report how many days the candidate took part."),
                days=facts.days,
            ),
            _reference("XDEV-03", facts.reference_free),
        )
    )


def _reference(clause: str, free: bool) -> Finding:
    return finding(
        clause,
        free,
        yes=_("It was not reported before."),
        no=_("Something else was reported under this reference."),
        next_step=_("Look at what the reference stands for, and give this report one of its own."),
    )
