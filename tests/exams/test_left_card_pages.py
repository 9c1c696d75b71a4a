"""A card page is closed or left: the hold ends, the seat is free, a payment that comes late goes back and is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.scenarios.cards import CardDesk, standing_in
from exams import sweeps
from exams.models import Booking
from exams.services import paying, rescheduling
from payments.models import Payment, Refund
from payments.services import refresh_payment
from payments.sweeps import follow_up
from tests.exams import lab_world as world
from tests.factories import day, noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-04-20")  # too late to pay later: a seat is kept for half an hour (LAB-06)
OVER = NOW + timedelta(minutes=30)
RETURN = {"success_url": "http://testserver/", "cancel_url": "http://testserver/?left=1"}


@pytest.fixture
def cards() -> Iterator[CardDesk]:
    """The card service, played."""
    with standing_in() as desk:
        yield desk


@pytest.fixture
def aiko() -> Candidate:
    """A candidate with a login, in a world with one seat left in Brussels and one in Tokyo."""
    world.agreements()
    world.lab()
    world.open_day("brussels", seats=1)
    world.open_day("tokyo", "2026-06-01", seats=1)
    return world.somebody(login=True)


def book_late(aiko: Candidate) -> tuple[Payment, Booking]:
    """A seat kept while its card page is open."""
    booking = world.book(aiko, now=NOW)
    return paying.start_booking_payment(booking_id=booking.pk, now=NOW, **RETURN), booking


def change(aiko: Candidate) -> tuple[Payment, Booking]:
    """A paid booking of Brussels, and a seat in Tokyo kept while the card page of the change is open."""
    world.open_day("richardson", "2026-07-06", seats=1)
    old = world.book(aiko, "richardson", "2026-07-06", now=noon("2026-02-02"))
    world.pay(old, noon("2026-02-03"))
    quoted = rescheduling.quote_reschedule(booking_id=old.pk, site_code="tokyo", day=day("2026-06-01"), now=NOW)
    page = rescheduling.start_reschedule_payment(reschedule_id=quoted.pk, now=NOW, **RETURN)
    return page, quoted.new


def sweep(now: datetime) -> None:
    """What beat asks for each minute."""
    sweeps.release_held(now=now)
    follow_up(now=now)


def page_of(payment: Payment, client: Client, *, at: datetime) -> str:
    """What the candidate reads about the order of a payment."""
    with clock.standing_at(at):
        client.force_login(payment.order.candidate.user)
        answer = client.get(reverse("payments:order", args=[payment.order.number]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def take_the_seat(kept: Booking) -> Booking:
    """Somebody else books the only seat there is."""
    sitting = kept.seat.sitting
    return world.book(world.somebody(), sitting.site.code, sitting.day.isoformat(), now=OVER)


@pytest.mark.parametrize("open_page", [book_late, change])
def test_nobody_pays_lab_06_rsch_04(
    cards: CardDesk, aiko: Candidate, client: Client, open_page: Callable[[Candidate], tuple[Payment, Booking]]
) -> None:
    payment, kept = open_page(aiko)
    sweep(OVER - timedelta(seconds=1))
    assert world.status_of(kept) == "held"
    sweep(OVER)
    payment.refresh_from_db()
    assert (world.status_of(kept), payment.status, payment.order.status) == ("released", "expired", "cancelled")
    assert payment.session_id is not None
    assert cards.pages[payment.session_id].status == "expired"  # nobody can pay on it any more
    assert take_the_seat(kept).seat == kept.seat
    assert 'data-state="cancelled"' in page_of(payment, client, at=OVER)
    assert not Refund.objects.exists()
    sweep(OVER + timedelta(days=1))
    assert world.topics(aiko).count("hold_released") == 1


@pytest.mark.parametrize("open_page", [book_late, change])
@pytest.mark.parametrize("known", ["before the hold is ended", "after the seat was sold"])
def test_a_payment_that_comes_late_goes_back_and_is_told_pay_04(
    cards: CardDesk,
    aiko: Candidate,
    client: Client,
    open_page: Callable[[Candidate], tuple[Payment, Booking]],
    known: str,
) -> None:
    payment, kept = open_page(aiko)
    late = OVER + timedelta(seconds=5)
    if known == "after the seat was sold":
        sweep(OVER)
        take_the_seat(kept)
    cards.settle(payment, at=late)  # the card service took it all the same
    assert payment.session_id is not None
    if known == "after the seat was sold":
        refresh_payment(payment_id=payment.pk, now=late)  # a message says so, though the page was closed
    sweep(late + timedelta(minutes=1))
    sweep(late + timedelta(minutes=12))
    world.deliver(late + timedelta(minutes=12))

    payment.refresh_from_db()
    assert (payment.status, payment.order.status, world.status_of(kept)) == ("surplus", "cancelled", "released")
    refund = Refund.objects.get(payment=payment)
    assert (refund.status, refund.amount_cents) == ("succeeded", payment.amount_cents)
    (told,) = world.notices(aiko, "refund_made")
    assert "nothing was owed any more" in told
    assert "3 to 5 business days" in told
    read = page_of(payment, client, at=late + timedelta(hours=1))
    assert "What was paid meanwhile is given back to your card." in read
    assert "were given back on 20 April 2026" in read
    assert "Banks take 3 to 5 business days" in read
    if open_page is change:
        assert Booking.objects.get(candidate=aiko, status="paid").seat.sitting.site.code == "richardson"
