"""Results published, and failed labs read once more. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from candidates.rules import BarFacts, assess_bar
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from exams.rules.desk import NOT_AWAITED


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """What publishing the result of a lab depends on."""

    status: str  # of the booking
    result: str
    fault_running: bool
    topics: tuple[str, ...]


def assess_result(facts: ResultFacts) -> Decision:
    """Whether the result of a lab can be published: it was sat, no fault lasts, a fail alone names topic areas."""
    findings = [
        finding(
            "LAB-19",
            facts.status == "sat",
            yes=_("The lab was sat, and its result is awaited."),
            no=_("No result of this lab is awaited."),
            next_step=_("Look at the booking: what it has come to stands there."),
        )
    ]
    if facts.status == "paid":
        findings.insert(0, Finding("LAB-12", False, _("The candidate has not started the exam.")))
    elif facts.status in NOT_AWAITED and facts.status != "sat":
        clause, why_not = NOT_AWAITED[facts.status]
        findings.insert(0, Finding(clause, False, why_not))
    return Decision(
        (
            *findings,
            finding(
                "INC-01",
                not facts.fault_running,
                yes=_("No fault lasts."),
                no=_("The clock of a fault is still running."),
                next_step=_("Say first how it ended."),
            ),
            finding(
                "LAB-19",
                facts.result == "fail" or not facts.topics,
                yes=_("A result is a pass or a fail; a fail names topic areas."),
                no=_("A pass names no topic areas."),
                next_step=_("Leave the topic areas out."),
            ),
        )
    )


def result_due_at(session_ends_at: datetime, policy: Policy) -> datetime:
    """By when a result is promised (LAB-19). The exam day's book governs."""
    return session_ends_at + timedelta(hours=policy["lab.result_hours"].value)


# ── Re-reads ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class RereadFacts:
    """What asking for a re-read depends on; `asked_on` is the day by the site's clock."""

    status: str  # of the booking
    exam_on: date
    asked_on: date
    family: str  # of the track
    rereadable: bool | None  # as the lab's operator says; None: not said
    failed: bool  # the result that stands is a fail: not annulled, not disallowed
    reread_before: bool
    bar: BarFacts | None


def last_day_to_ask(exam_on: date, policy: Policy) -> date:
    """The last day on which a re-read can be asked for (RRD-01). The exam day's book governs."""
    return exam_on + timedelta(days=policy["reread.window_days"].value)


def assess_request(facts: RereadFacts, policy: Policy) -> Decision:
    """Whether a failed lab can be read once more (RRD-01, RRD-02, RRD-05). The exam day's book governs."""
    window, families = policy["reread.window_days"], policy["reread.families"]
    last_on = last_day_to_ask(facts.exam_on, policy)
    return assess_bar(facts.bar, for_exams=True) + Decision(
        (
            finding(
                "RRD-01",
                facts.status == "failed" and facts.failed,
                yes=_("The lab was failed."),
                no=_("Only a failed lab is read once more."),
            ),
            finding(
                "RRD-02",
                facts.family in families.value,
                yes=_("Labs of this kind can be re-read."),
                no=_("Labs of this kind cannot be re-read."),
                because=(families,),
                family=facts.family,
            ),
            finding(
                "RRD-05",
                facts.status != "failed" or facts.rereadable is True,
                yes=_("The result could turn to a pass."),
                no=_("The lab's operator says that the result could not turn to a pass."),
            ),
            finding(
                "RRD-01",
                facts.asked_on <= last_on,
                yes=_("A re-read can be asked for until %(last_on)s."),
                no=_("A re-read could be asked for until %(last_on)s."),
                because=(window,),
                last_on=last_on,
            ),
            finding(
                "RRD-01",
                not facts.reread_before,
                yes=_("No re-read was asked for before."),
                no=_("A lab is read once more only once, and this one was asked for already."),
                next_step=_("Its outcome is told to you and stands with the booking."),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class PayableFacts:
    """What paying for a re-read depends on."""

    status: str  # of the re-read
    failed: bool  # the lab's result still is a fail
    in_time: bool
    by_voucher: bool
    bar: BarFacts | None


def assess_payable(facts: PayableFacts) -> Decision:
    """Whether a re-read can be paid: once, by card, in time, and while no sanction bars it (RRD-03)."""
    begun = facts.status in {"paid", "unchanged", "turned"}
    return assess_bar(facts.bar, for_exams=True) + Decision(
        (
            finding(
                "PAY-04",
                not begun,
                yes=_("The re-read has not been paid yet."),
                no=_("The re-read is paid; money is never taken twice for the same thing."),
            ),
            finding(
                "RRD-01",
                begun or facts.failed,
                yes=_("The lab was failed."),
                no=_("The result was corrected meanwhile, and only a failed lab is read once more."),
                next_step=_("Nothing is owed for this re-read."),
            ),
            finding(
                "RRD-03",
                begun or (facts.status == "requested" and facts.in_time),
                yes=_("The re-read begins once its fee is settled."),
                no=_("The re-read was not paid in time and is given up."),
                next_step=_("Ask for it again while the time for it lasts."),
            ),
            finding(
                "RRD-03",
                not facts.by_voucher,
                yes=_("The fee is paid by card."),
                no=_("The fee of a re-read is paid by card; vouchers pay for exams."),
                next_step=_("Pay it by card."),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What telling the outcome of a re-read depends on."""

    status: str  # of the re-read; empty where none was asked for
    result: str
    annulled: bool  # the result that stands
    bar: BarFacts | None


def assess_outcome(facts: OutcomeFacts) -> Decision:
    """Whether the outcome of a re-read can be told: it is under way, and nothing keeps results back (RRD-05)."""
    if facts.status == "":
        no = _("No re-read was asked for.")
    elif facts.status in {"requested", "lapsed"}:
        no = _("The fee of this re-read is not paid, so that it has not begun.")
    else:
        no = _("The outcome of this re-read is told already.")
    return assess_bar(facts.bar, for_exams=True) + Decision(
        (
            finding(
                "RRD-03",
                facts.status == "paid",
                yes=_("The re-read is paid and under way."),
                no=no,
                next_step=_("Look at the booking: what it has come to stands there."),
            ),
            finding(
                "EXAM-09",
                facts.result == "fail" or not facts.annulled,
                yes=_("The result stands."),
                no=_("The result was annulled meanwhile, and a re-read does not bring it back."),
                next_step=_("Correct the result itself, if that was wrong."),
            ),
        )
    )


def outcome_due_on(paid_on: date, policy: Policy) -> date:
    """By when the outcome of a re-read is promised. The book of the payment day governs (RRD-05)."""
    return paid_on + timedelta(days=policy["reread.max_days"].value)


def last_day_to_pay(asked_on: date, policy: Policy) -> date:
    """The last day on which a re-read that was asked for is paid; the book of that day governs (RRD-03)."""
    return asked_on + timedelta(days=policy["reread.payment_days"].value)
