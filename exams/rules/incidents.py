"""Faults and unavoidable events: what they do to a lab, and what a candidate gets for one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ceportal.kernel.calendar import add_months
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from exams.rules.desk import NOT_AWAITED

# A fault is of a lab that has begun; an event can also prevent it, or be known of only after the candidate was missed.
MAY_HAVE_FAULT = frozenset({"sat"})
MAY_HAVE_EVENT = frozenset({"paid", "sat", "no_show"})
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What recording a fault or an event depends on; `recorded_on` is the day by the site's clock."""

    status: str  # of the booking
    unavoidable: bool  # an event, not a fault of the lab
    described: bool
    exam_on: date
    recorded_on: date
    one_running: bool  # the clock of another one


def assess_incident(facts: IncidentFacts) -> Decision:
    """Whether a fault (INC-01) or an unavoidable event (INC-04) can be recorded for a booking."""
    clause = "INC-04" if facts.unavoidable else "INC-01"
    possible = facts.status in (MAY_HAVE_EVENT if facts.unavoidable else MAY_HAVE_FAULT)
    findings = [
        finding(
            clause,
            possible,
            yes=_("The exam is one that can still be disturbed."),
            no=_("Nothing disturbs this exam any more, or yet."),
            next_step=_("Look at the booking: what it has come to stands there."),
        ),
        finding(
            "INC-01",
            not facts.one_running,
            yes=_("The clock of no other fault is running."),
            no=_("The clock of a fault is running already."),
            next_step=_("Say first how that one ended."),
        ),
    ]
    if not possible and facts.status in NOT_AWAITED:
        its_clause, why_not = NOT_AWAITED[facts.status]
        findings.insert(0, Finding(its_clause, False, why_not))
    if facts.unavoidable:
        findings.append(
            finding(
                "INC-04",
                facts.described,
                yes=_("The event is documented."),
                no=_("An unavoidable event counts only where it is well documented."),
                next_step=_("Write down what happened and what shows it."),
            )
        )
    else:
        findings.append(
            finding(
                "INC-01",
                facts.recorded_on >= facts.exam_on,
                yes=_("The exam day has come."),
                no=_("The exam is on %(exam_on)s: it has no fault yet."),
                next_step=_("What prevents it beforehand is an unavoidable event."),
                exam_on=facts.exam_on,
            )
        )
    return Decision(tuple(findings))


@dataclass(frozen=True, slots=True)
class LossFacts:
    """How a fault or event ended: the minutes it took, or that it takes the limit or more, as far as one can see."""

    minutes: int | None
    too_long: bool
    unavoidable: bool = False


def ends_lab(facts: LossFacts, policy: Policy) -> bool:
    """Whether it takes so long that the exam is cancelled (INC-02). The exam day's book governs."""
    limit: int = policy["lab.incident_cancel_minutes"].value
    return facts.too_long or (facts.minutes or 0) >= limit


def explain_loss(facts: LossFacts, policy: Policy) -> Decision:
    """What a fault or event does to the exam: the session is longer by the time lost (INC-01), or over (INC-02)."""
    limit = policy["lab.incident_cancel_minutes"]
    known = {"minutes": facts.minutes or 0, "limit": limit.value}
    if facts.unavoidable:
        clause = "INC-04"
        over = _("An unavoidable event prevents the exam.")
    else:
        clause = "INC-02"
        over = _("A fault that takes %(limit)s minutes or more cancels the exam.")
    if ends_lab(facts, policy):
        return Decision((Finding(clause, True, over, known, (limit,)),))
    longer = _("The session is longer by the %(minutes)s minutes lost; %(limit)s or more would cancel the exam.")
    return Decision((Finding("INC-01", True, longer, known, (limit,)),))


def minutes_on_clock(began_at: datetime, ended_at: datetime, policy: Policy) -> int:
    """The whole minutes that a clock shows, no more than a lab can lose: all of it (LAB-18).

    A clock that was forgotten, or that began days before the exam, says no more than that. The exam day's book governs.
    """
    longest = timedelta(hours=policy["lab.max_hours"].value)
    return min(ended_at - began_at, longest) // MINUTE


def minutes_lost(each_minutes: Iterable[int]) -> int:
    """The time by which a session is longer: exactly what all its faults took (INC-01)."""
    return sum(each_minutes)


# ── Remedies ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class RemedyFacts:
    """What a remedy depends on, as staff recorded it; None: not recorded."""

    loss: LossFacts | None  # of the fault or event that ended it, else of its longest; None where it had none
    documented: bool
    caused_by_candidate: bool | None
    begun: bool  # the candidate had started, so that modules can have been completed
    left: bool  # the candidate had cancelled or changed the booking before the fault or event ended it
    modules_passed: bool | None  # every completed one that it did not touch
    granted: bool  # a remedy, before


def assess_remedy(facts: RemedyFacts, policy: Policy) -> Decision:
    """Whether a candidate gets a free reschedule or a voucher (INC-03, INC-04). The exam day's book governs.

    A fault under the limit has been made up for by the longer session (INC-01).
    """
    limit = policy["lab.incident_cancel_minutes"]
    loss = facts.loss
    ended = loss is not None and ends_lab(loss, policy)
    event = loss is not None and loss.unavoidable
    lost = {"minutes": (loss.minutes or 0) if loss else 0, "limit": limit.value}
    findings = [
        finding(
            "INC-03",
            loss is not None,
            yes=_("A fault or an event is on record."),
            no=_("No fault and no event is on record for this exam."),
            next_step=_("Record it first, with all that is known."),
        )
    ]
    if loss is not None:
        findings += [
            finding(
                "INC-04" if event and ended else "INC-01",
                ended,
                yes=_("It could not be made up for by a longer session."),
                no=_("It took %(minutes)s minutes, and the session was longer by as much: nothing is left to remedy."),
                because=(limit,),
                **lost,
            ),
            finding(
                "INC-03",
                ended,
                yes=_("An unavoidable event prevented or disturbed the exam.")
                if event
                else _("The equipment could not be made to work within %(limit)s minutes."),
                no=_("The equipment worked again within %(limit)s minutes."),
                because=(limit,),
                **lost,
            ),
        ]
    if event:
        findings.append(
            finding(
                "INC-04",
                facts.documented,
                yes=_("The event is documented."),
                no=_("The event is not documented."),
                next_step=_("Write down what happened and what shows it."),
            )
        )
    if facts.left:
        findings.append(
            Finding("INC-03", False, _("The booking had been cancelled or changed before its exam could be ended."))
        )
    return Decision((*findings, *_conditions(facts)))


def _conditions(facts: RemedyFacts) -> tuple[Finding, ...]:
    """What staff record about the candidate, and that no remedy was granted before (INC-03)."""
    return (
        finding(
            "INC-03",
            facts.caused_by_candidate is False,
            yes=_("The candidate did not cause it."),
            no=_("The candidate caused it.")
            if facts.caused_by_candidate
            else _("It is not recorded whether the candidate caused it."),
            next_step="" if facts.caused_by_candidate else _("Record whether the candidate caused it."),
        ),
        finding(
            "INC-03",
            not facts.begun or facts.modules_passed is True,
            yes=_("The candidate passed every completed module that it did not touch.")
            if facts.begun
            else _("The exam had not begun, so that no module was completed."),
            no=_("The candidate did not pass every completed module that it did not touch.")
            if facts.modules_passed is False
            else _("It is not recorded whether the candidate passed the completed modules that it did not touch."),
            next_step="" if facts.modules_passed is False else _("Record it, as the lab's grading says."),
        ),
        finding(
            "INC-03",
            not facts.granted,
            yes=_("No remedy was granted before."),
            no=_("The remedy was granted already: it is a free reschedule or a voucher, once."),
            next_step=_("Look at the remedy of this booking."),
        ),
    )


def voucher_expires_on(granted_on: date, policy: Policy) -> date:
    """The last day of a remedy's voucher. The book of the day it is granted governs (INC-03)."""
    return add_months(granted_on, policy["lab.remedy_voucher_months"].value)
