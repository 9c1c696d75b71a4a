"""Tasks of exams: what dates make due about bookings, every few minutes."""

from __future__ import annotations

from celery import shared_task

from ceportal.kernel import clock
from exams import sweeps


@shared_task(name="exams.follow_bookings")
def follow_bookings() -> None:
    """Cancel what was not paid, let go of what is kept too long, remind, give up re-reads, as at night."""
    now = clock.now()
    for sweep in (sweeps.cancel_unpaid, sweeps.release_held, sweeps.remind_of_payment, sweeps.lapse_rereads):
        sweep(now=now)


@shared_task(name="exams.offer_seats")
def offer_seats() -> None:
    """Offer seats that were left: one that comes free is offered at once, by the relay."""
    sweeps.offer_seats(now=clock.now())
