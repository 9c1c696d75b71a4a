"""The exam day and what follows it: arrivals, faults and their remedies, results, re-reads."""

from __future__ import annotations

from ceportal.scenarios.binding import Act, does
from ceportal.scenarios.kinds import CARD, DECLINED_CARD
from ceportal.scenarios.verbs.cards import by_card
from exams.models import Booking, CheckIn
from exams.rules.desk import IdentityFacts
from exams.services import exam_day, incidents, rereads, results

IN_ORDER = IdentityFacts(
    photo_document=CheckIn.Document.PASSPORT,
    second_document=CheckIn.Document.DRIVING_LICENCE,
    photographed=True,
    signed=True,
)
AS_TOLD = "As the story says."


@does("arrive")
def arrive(act: Act, *, booking: str, minutes_late: int = 0) -> None:
    """Check in on the exam day, with all that is to be shown."""
    exam_day.check_in(
        booking_id=act.stage.key_of(booking),
        minutes_late=minutes_late,
        identity=IN_ORDER,
        proctor_id=act.stage.staff().pk,
        now=act.now,
    )


@does("absent")
def absent(act: Act, *, booking: str) -> None:
    """Close the sitting without a candidate who did not appear."""
    exam_day.mark_absent(booking_id=act.stage.key_of(booking), proctor_id=act.stage.staff().pk, now=act.now)


@does("finish")
def finish(act: Act, *, booking: str, result: str, rereadable: bool = True) -> None:
    """Publish the result of a lab."""
    results.publish_result(
        booking_id=act.stage.key_of(booking),
        result=result,
        rereadable=rereadable,
        publisher_id=act.stage.staff().pk,
        now=act.now,
    )


@does("incident")
def incident(
    act: Act,
    *,
    booking: str,
    minutes: int,
    caused_by_candidate: bool | None = None,
    modules_passed: bool | None = None,
) -> int:
    """Record a fault during the lab; before it began, an unavoidable event (INC-04)."""
    key = act.stage.key_of(booking)
    recorded = incidents.record_incident(
        booking_id=key,
        minutes=minutes,
        unavoidable=Booking.objects.get(pk=key).status == Booking.Status.PAID,
        description=AS_TOLD,
        caused_by_candidate=caused_by_candidate,
        modules_passed=modules_passed,
        proctor_id=act.stage.staff().pk,
        now=act.now,
    )
    return recorded.pk


@does("remedy")
def remedy(act: Act, *, booking: str, kind: str) -> int | None:
    """Grant the remedy; a voucher is what it makes."""
    granted = incidents.grant_remedy(
        booking_id=act.stage.key_of(booking), kind=kind, staff_id=act.stage.staff().pk, now=act.now
    )
    return granted.voucher_id


@does("reread")
def reread(act: Act, *, booking: str) -> int:
    """Ask for a failed lab to be read once more."""
    return rereads.request_reread(booking_id=act.stage.key_of(booking), now=act.now).pk


def pay_reread(act: Act, *, reread: str, with_: str, rest: str) -> None:
    """Pay a re-read, by card only."""
    by_voucher = with_ not in {CARD, DECLINED_CARD} or bool(rest)
    order = rereads.find_payable_order(reread_id=act.stage.key_of(reread), by_voucher=by_voucher, now=act.now)
    by_card(act, order, card=with_, clause="RRD-03")


@does("reread_result")
def reread_result(act: Act, *, booking: str, result: str) -> None:
    """Tell what came of a re-read."""
    rereads.decide_reread(
        booking_id=act.stage.key_of(booking), result=result, staff_id=act.stage.staff().pk, now=act.now
    )
