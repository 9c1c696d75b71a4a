"""Which nights have anything to do: the others may be left out of a story, as they would change nothing."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Min, Q

from candidates.models import Certification
from candidates.rules import TERM_PARAMETERS
from ceportal import nightly
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits.models import Grant
from credits.renewal import PATH_PARAMETERS
from payments.models import Order
from payments.rules import invoice_due_on

CHANGES = (*PATH_PARAMETERS, *TERM_PARAMETERS, "cert.reminder_days", "invoice.business_days")


def next_night(*, after: date) -> date | None:
    """The first night after a day that finds anything due, as things stand; None where there is none.

    It asks for each sweep of `nightly.SWEEPS` what makes it due, and on days on which the book changes it asks
    nothing: such a night is always run.
    """
    first = after + timedelta(days=1)
    # The ladder of the first of these nights: where it changes, that night is run and the question asked anew.
    ladder = [timedelta(days=days) for days in BOOK.on(first)["cert.reminder_days"].value]
    dates = Certification.objects.aggregate(
        change=Min("next_change_on"),
        lapse=Min("active_ends_on", filter=Q(active_ends_on__gte=first)),
        **{
            f"reminder_{ahead.days}": Min(
                "active_ends_on", filter=Q(status=Certification.Status.ACTIVE, active_ends_on__gte=first + ahead)
            )
            for ahead in ladder
        },
    )
    due = [
        dates["change"],
        dates["lapse"],
        *(end - ahead for ahead in ladder if (end := dates[f"reminder_{ahead.days}"])),
        Grant.objects.filter(remaining__gt=0).aggregate(due=Min("expires_on"))["due"],
        _invoice_due_on(),
        *(change for change in BOOK.change_days(*CHANGES) if change >= first),
    ]
    return min((max(day, first) for day in due if day is not None), default=None)


def _invoice_due_on() -> date | None:
    paid_at = Order.objects.filter(status=Order.Status.PAID, total_cents__gt=0, invoice=None).aggregate(
        earliest=Min("paid_at")
    )["earliest"]
    if paid_at is None:
        return None
    paid_on = clock.day_of(paid_at)
    return invoice_due_on(paid_on, BOOK.on(paid_on))


def run_nights(*, after: date, until: date) -> None:
    """Run every night after a day, up to and with another, that finds anything due; the result is that of all."""
    while (night := next_night(after=after)) is not None and night <= until:
        nightly.run_night(day=night)
        after = night
