"""Which nights have anything to do: the others may be left out of a story, as they would change nothing.

That the ledger's finished days are sealed, and sittings opened a year ahead, makes no night due: whichever does it, the
outcome is the same.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection

from candidates.rules import TERM_PARAMETERS
from ceportal import nightly
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits.rules.renewal import PATH_PARAMETERS
from emeritus.sweeps import next_window_night
from payments.rules import invoice_due_on

CHANGES = (*PATH_PARAMETERS, *TERM_PARAMETERS, "cert.reminder_days", "invoice.business_days")
# One question for each sweep of `nightly.SWEEPS` that a date makes due; asked hundreds of times, so in one statement.
EARLIEST = """
SELECT
    (SELECT min(next_change_on) FROM candidates_certification),
    (SELECT min(active_ends_on) FROM candidates_certification WHERE active_ends_on >= %(first)s),
    (SELECT min(active_ends_on - ahead) FROM candidates_certification, unnest(%(ladder)s) ahead
        WHERE status = 'active' AND active_ends_on - ahead >= %(first)s),
    (SELECT min(expires_on) FROM credits_grant WHERE remaining > 0),
    (SELECT min(answer_due_on) + 1 FROM credits_claim WHERE status = 'submitted' AND escalated_on IS NULL
        AND candidate_id NOT IN (
            SELECT candidate_id FROM candidates_sanction WHERE status = 'running' AND NOT exams_only)),
    (SELECT min(ends_on) FROM candidates_sanction WHERE status = 'running'),
    (SELECT %(first)s::date FROM credits_claim WHERE status = 'approved' AND audit_due LIMIT 1),
    (SELECT min(expires_on) + 1 FROM payments_voucher WHERE status = 'unused'),
    (SELECT %(first)s::date FROM exams_waitingwish WHERE status = 'waiting' LIMIT 1),
    (SELECT min(CASE status WHEN 'held' THEN held_until
            ELSE least(pay_before, CASE WHEN reminded_at IS NULL THEN remind_at END) END)
        FROM exams_booking WHERE status IN ('held', 'reserved')),
    (SELECT min(pay_before) FROM payments_order
        WHERE id IN (SELECT order_id FROM exams_reread WHERE status = 'requested')),
    (SELECT min(paid_at) FROM payments_order WHERE status = 'paid' AND total_cents > 0
        AND NOT EXISTS (SELECT FROM payments_invoice WHERE order_id = payments_order.id)
        AND EXISTS (SELECT FROM payments_orderline line LEFT JOIN payments_refund refund ON refund.id = line.refund_id
            WHERE line.order_id = payments_order.id AND coalesce(refund.status, 'failed') = 'failed'
            AND line.net_cents - line.covered_cents + line.tax_cents > 0))
"""


def next_night(*, after: date) -> date | None:
    """The first night after a day that finds anything due, as things stand; None where there is none.

    Days on which the book changes count as such, so that everything else is judged by one book.
    """
    first = after + timedelta(days=1)
    ladder = list(BOOK.on(first)["cert.reminder_days"].value)
    with connection.cursor() as cursor:
        cursor.execute(EARLIEST, {"first": first, "ladder": ladder})
        *days, booking_due_at, reread_due_at, paid_at = cursor.fetchone()
    days += [_night_of(moment) for moment in (booking_due_at, reread_due_at) if moment is not None]
    if paid_at is not None:
        paid_on = clock.day_of(paid_at)
        days.append(invoice_due_on(paid_on, BOOK.on(paid_on)))
    days.append(next_window_night(first=first))
    days += [change for change in BOOK.change_days(*CHANGES) if change >= first]
    return min((max(day, first) for day in days if day is not None), default=None)


def _night_of(moment: datetime) -> date:
    """The first night at or after a moment."""
    day = clock.day_of(moment)
    return day if moment <= clock.at(day, nightly.HOUR, nightly.MINUTE) else day + timedelta(days=1)


def run_nights(*, after: date, until: date) -> None:
    """Run every night after a day, up to and with another, that finds anything due; the result is that of all."""
    while (night := next_night(after=after)) is not None and night <= until:
        nightly.run_night(day=night)
        after = night
