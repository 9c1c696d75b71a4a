"""The world of lab bookings in tests: sites with their sittings, candidates who may book, cards that pay.

2026-05-04 is a Monday. Brussels taxes 21 %, Tokyo 10 %, Richardson and Nairobi nothing. The last day to pay a booking
of that day is 4 April 2026, to its end at the site.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from candidates.models import Agreement, Candidate
from ceportal.kernel import relay
from ceportal.kernel.models import Delivery, Event
from exams.models import Attempt, Booking, Exam, Site, Sitting
from exams.services import bookings
from payments.models import Order, Payment, Voucher
from payments.queries import balances
from payments.services import issue_voucher, record_checkout
from payments.verification import verify
from tests import factories
from tests.factories import day, noon
from tests.payments.conftest import session

BOOKED = noon("2026-02-02")
SITES = {
    "brussels": {"country": "BE", "time_zone": "Europe/Brussels"},
    "richardson": {"country": "US", "time_zone": "America/Chicago"},
    "tokyo": {"country": "JP", "time_zone": "Asia/Tokyo"},
    "mobile-nairobi": {"country": "KE", "time_zone": "Africa/Nairobi", "kind": "mobile"},
}


def open_day(
    site: str = "brussels", on: str = "2026-05-04", *, seats: int = 4, tracks: tuple[str, ...] = ()
) -> Sitting:
    """A sitting of a site on a day."""
    sitting = factories.SittingFactory.create(site=site_of(site), day=day(on), seats=seats)
    sitting.tracks.set(factories.TrackFactory.create(code=code) for code in tracks)
    return sitting


def lab(track: str = "ccie-security", *, opened_by: str | None = "350-701") -> Exam:
    """The lab of a track, and the written exam that opens it."""
    written = factories.ExamFactory.create(number=opened_by) if opened_by else None
    return factories.LabFactory.create(earns=factories.TrackFactory.create(code=track), opened_by=written)


def agreements() -> None:
    """The texts that a booking asks for, in force since the programme's first day."""
    for kind in (Agreement.Kind.AGREEMENT, Agreement.Kind.RECORDING):
        factories.AgreementFactory.create(kind=kind, title=kind)


def somebody(*, passed_on: str | None = "2025-10-06", **fields: Any) -> Candidate:
    """A candidate who passed the written exam of the security lab."""
    candidate = factories.CandidateFactory.create(**fields)
    if passed_on:
        written = factories.ExamFactory.create(number="350-701")
        Attempt.objects.create(
            candidate=candidate, exam=written, taken_on=day(passed_on), result="pass", recorded_at=noon(passed_on)
        )
    return candidate


def book(candidate: Candidate, site: str = "brussels", on: str = "2026-05-04", **changes: Any) -> Booking:
    """A seat booked on 2 February 2026, the agreement signed with it."""
    arguments: dict[str, Any] = {
        "candidate_id": candidate.pk,
        "track_code": "ccie-security",
        "site_code": site,
        "day": day(on),
        "accept": True,
        "now": BOOKED,
    }
    return bookings.book_seat(**arguments | changes)


def pay(booking: Booking, moment: datetime, *, known_at: datetime | None = None) -> Payment:
    """A card charged at a moment for what the booking's order asks, as the portal finds out (then or later)."""
    order = Order.objects.get(purpose="lab_booking", reference=str(booking.pk))
    return pay_order(order, moment, known_at=known_at)


def pay_order(order: Order, moment: datetime, *, known_at: datetime | None = None) -> Payment:
    """A card charged at a moment for what an order asks."""
    payment = open_page(order, moment - timedelta(minutes=1))
    answer = session(charged_at=moment, amount_cents=order.total_cents)
    return record_checkout(payment_id=payment.pk, session=answer, now=known_at or moment)


def open_page(order: Order, opened_at: datetime) -> Payment:
    """A card page that somebody has open."""
    return Payment.objects.create(
        order=order,
        amount_cents=order.total_cents,
        session_id=f"cs_{order.pk}_{opened_at.timestamp()}",
        created_at=opened_at,
        expires_at=opened_at + timedelta(hours=2),
        next_check_at=opened_at + timedelta(minutes=10),
    )


def voucher_of(candidate: Candidate, expires_on: str = "2026-12-31") -> Voucher:
    """An expert exam voucher."""
    return issue_voucher(candidate_id=candidate.pk, expires_on=day(expires_on), now=noon("2026-01-05"))


def topics(candidate: Candidate) -> list[str]:
    """What happened around a candidate's bookings, in order."""
    events = Event.objects.filter(candidate_id=candidate.pk, topic__startswith="exams.").order_by("id")
    return [topic.removeprefix("exams.") for topic in events.values_list("topic", flat=True)]


def forfeited() -> int:
    """The cents that were kept for nothing, and that all money adds up."""
    assert verify().differences == ()
    return -next((each.cents for each in balances() if each.account == "forfeits"), 0)


def deliver(now: datetime) -> None:
    """Tell every receiver what is waiting for it, as the relay does."""
    while due := relay.take_due(now=now):
        for delivery_id in due:
            relay.deliver(delivery_id=delivery_id, now=now)
    assert not Delivery.objects.exclude(last_error="").exists()


def notices(candidate: Candidate, kind: str) -> list[str]:
    """The messages of a kind that were written, as subject and text."""
    return [f"{each.subject}\n{each.body}" for each in candidate.notices.filter(kind=kind).order_by("id")]


def status_of(booking: Booking) -> str:
    """Where a booking stands now."""
    return Booking.objects.values_list("status", flat=True).get(pk=booking.pk)


def site_of(code: str) -> Site:
    """A site by its code."""
    return factories.SiteFactory.create(code=code, **SITES[code])


# ── Several at once ───────────────────────────────────────────────────────────────────────────────
def one_after_the_other(candidate: Candidate, *calls: Callable[[], Any]) -> list[Any]:
    """The results of calls that all want a candidate's lock at once and get it in this order, each on a connection.

    PostgreSQL serves those who wait in the order in which they came: each comes when the one before it waits.
    """

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        with transaction.atomic():
            Candidate.objects.select_for_update(no_key=True).get(pk=candidate.pk)
            waiting = []
            for number, call in enumerate(calls, start=1):
                waiting.append(threads.submit(run, call))
                _wait_for(number)
        return [each.result(timeout=20) for each in waiting]


def _wait_for(number: int) -> None:
    """Until so many of this database wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with connection.cursor() as cursor:
        for _look in range(20_000):
            # The view is a snapshot of the transaction, unless it is told to look again.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(query)
            if cursor.fetchone()[0] >= number:
                return
    raise AssertionError(f"There were never {number} who waited for a lock.")
