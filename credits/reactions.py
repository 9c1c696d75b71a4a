"""What follows in the credit programme from what happens below it, in the same transaction."""

from __future__ import annotations

from datetime import date, datetime

import candidates.queries
import candidates.services
import exams.queries
import payments.services
from candidates.models import Certification
from candidates.rules import bars
from ceportal.kernel.models import Event
from credits.services import cycles, escalation, fees, recertification, reversal
from exams.models import Attempt
from payments.models import Order


def on_certification_imported(event: Event, now: datetime) -> None:
    """A record of the past: it sets the first cycle and changes nothing else (CR-02)."""
    cycles.open_for_imported(candidate_id=_candidate(event), now=now)


def on_certification_earned(event: Event, now: datetime) -> None:
    """A certification was earned: others are renewed (CERT-06), and a cycle starts (CR-02)."""
    certification = Certification.objects.select_related("track").get(id=event.subject_id)
    earned_on = date.fromisoformat(event.payload["earned_on"])
    candidate_id = _candidate(event)
    recertification.renew_by_earning(
        earned=certification,
        earned_on=earned_on,
        source=event.payload.get("source", ""),
        now=now,
    )
    cycles.start_by_earning(certification=certification, earned_on=earned_on, now=now)
    recertification.judge(candidate_id, now=now)


def on_certification_changed(event: Event, now: datetime) -> None:
    """A date changed a certification: a path may have opened (CE-09), or the credits are lost (CR-03)."""
    recertification.judge(_candidate(event), now=now)


def on_sanction_lifted(event: Event, now: datetime) -> None:
    """What waited for a decision can be decided again; its providers have as long for it as for a new one (CAND-02)."""
    escalation.promise_anew(candidate_id=_candidate(event), now=now)


def on_emeritus_bought(event: Event, now: datetime) -> None:
    """Emeritus was bought: a lapse that the payment came before, though it was known late, never was (CR-03)."""
    cycles.undo_loss(candidate_id=_candidate(event), now=now)


def on_attempt_recorded(event: Event, now: datetime) -> None:
    """A passed exam can complete a path (CERT-05)."""
    if event.payload["result"] == "pass":
        recertification.judge(_candidate(event), now=now)


def on_attempt_corrected(event: Event, now: datetime) -> None:
    """A result was corrected: what rested on a pass that is none any more falls, and paths are judged (EXAM-09)."""
    attempt = Attempt.objects.get(id=event.subject_id)
    if attempt.result == Attempt.Result.PASS:
        recertification.judge(attempt.candidate_id, now=now)
    elif event.payload["before"] == Attempt.Result.PASS:
        reversal.correct_result(
            candidate_id=attempt.candidate_id,
            attempt_ids=exams.queries.superseded_by(attempt),
            subject=f"exams.attempt:{attempt.pk}",
            now=now,
        )


def on_order_paid(event: Event, now: datetime) -> None:
    """The administrative fee was paid: it may be the last step (CE-08).

    Where it is no longer due, or a sanction bars purchases, it goes back.
    """
    if event.payload["purpose"] != Order.Purpose.ADMIN_FEE:
        return
    paid_on = date.fromisoformat(event.payload["paid_on"])
    candidates.services.catch_up(_candidate(event), now=now)
    bar = candidates.queries.bar_on(_candidate(event))
    if bar is not None and bars(bar, for_exams=False) and bar.since <= paid_on:
        payments.services.request_refund(
            order_id=event.subject_id, reason="A sanction bars what was paid for (CAND-02).", now=now
        )
    elif fees.record_fee(order_id=event.subject_id, paid_on=paid_on):
        recertification.judge(_candidate(event), now=now)
    else:
        payments.services.request_refund(
            order_id=event.subject_id, reason="The fee was no longer due when it was paid (CE-08).", now=now
        )


def _candidate(event: Event) -> int:
    assert event.candidate_id is not None
    return event.candidate_id
