"""The nightly sweeps: everything that a date makes due, day by day and in one order.

A night is finished when all its sweeps were run; the row that says so is written last. A night that was killed, or
never began, is run by the next one, oldest first, so that a pause ends as if there had been none.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

import structlog

import candidates.sweeps
import ceportal.partner_api.sweeps
import credits.sweeps
import emeritus.sweeps
import exams.sweeps
import payments.sweeps
from ceportal.kernel import clock, removals
from ceportal.kernel.locks import holding
from ceportal.kernel.models import NightlyRun
from ceportal.kernel.sweeping import ENDS_IT_ALL, raise_all
from credits.services import seals

log = structlog.get_logger(__name__)

# Dates first, then what they open, then what is said about it, then papers; the ledger's finished days are sealed last.
SWEEPS: tuple[tuple[str, Callable[..., int]], ...] = (
    ("certifications follow the calendar", candidates.sweeps.follow_calendar),
    ("sanctions that end", candidates.sweeps.end_sanctions),
    ("paths that a date opens", credits.sweeps.judge_opened_paths),
    ("credits expire", credits.sweeps.expire_credits),
    ("claims past the promise", credits.sweeps.escalate_claims),
    ("audits by lot", credits.sweeps.open_drawn_audits),
    ("Emeritus windows", emeritus.sweeps.tell_windows),
    ("lapse notices", candidates.sweeps.send_lapse_notices),
    ("bookings not paid in time", exams.sweeps.cancel_unpaid),
    ("seats held too long", exams.sweeps.release_held),
    ("payments to be reminded of", exams.sweeps.remind_of_payment),
    ("re-reads not paid in time", exams.sweeps.lapse_rereads),
    ("vouchers expire", payments.sweeps.expire_vouchers),
    ("invoices due", payments.sweeps.issue_due_invoices),
    ("sittings opened", exams.sweeps.open_sittings),
    ("seats that somebody waits for", exams.sweeps.offer_seats),
    ("evidence kept long enough", credits.sweeps.destroy_old_evidence),
    ("erasures that are due", candidates.sweeps.carry_out_erasures),
    ("copies of data that expire", candidates.sweeps.expire_exports),
    ("calls and answers kept long enough", ceportal.partner_api.sweeps.forget),
    ("entries of the feed kept long enough", ceportal.partner_api.sweeps.forget_entries),
    ("files left to remove", removals.remove_waiting),
    ("days sealed", seals.seal_finished_days),
)
HOUR, MINUTE = 8, 30
LOCK = "ceportal.nightly"
LONGEST_PAUSE_DAYS = 400  # older nights are not told one by one: what they made due is due in the first of these


def nights_due(*, now: datetime) -> list[date]:
    """The days whose sweeps have not been finished, oldest first, today's included once its hour has come."""
    today = clock.day_of(now)
    last = NightlyRun.objects.order_by("-day").values_list("day", flat=True).first()
    newest = today if now >= clock.at(today, HOUR, MINUTE) else today - timedelta(days=1)
    first = last + timedelta(days=1) if last else newest
    first = max(first, newest - timedelta(days=LONGEST_PAUSE_DAYS))
    return [first + timedelta(days=offset) for offset in range((newest - first).days + 1)]


def run_night(*, day: date) -> dict[str, int]:
    """Run all sweeps of one day at its hour. Each commits as it goes; running a night twice changes nothing more.

    One that fails stops none of the others; what failed is raised in the end, and the night is not finished then.
    """
    moment = clock.at(day, HOUR, MINUTE)
    counts: dict[str, int] = {}
    failed = []
    for name, sweep in SWEEPS:
        try:
            counts[name] = sweep(now=moment)
        except ENDS_IT_ALL:
            raise
        except Exception as error:
            log.exception("sweep_failed", day=day.isoformat(), sweep=name)
            failed.append(error)
    raise_all(failed)
    NightlyRun.objects.get_or_create(day=day, defaults={"finished_at": moment})
    log.info("night_finished", day=day.isoformat(), **{name.replace(" ", "_"): count for name, count in counts.items()})
    return counts


def run_due_nights(*, now: datetime) -> list[date]:
    """Run every night that is due. A second worker that comes by meanwhile leaves it to the first.

    One that fails keeps no later one waiting. It is run again in an hour, unless a later one has been finished: what it
    left undone was due in that one, too.
    """
    failed = []
    with holding_the_nights() as held:
        days = nights_due(now=now) if held else []
        for day in days:
            try:
                run_night(day=day)
            except ENDS_IT_ALL:
                raise
            except Exception as error:  # noqa: BLE001 - it is raised below
                failed.append(error)
    raise_all(failed)
    return days


def holding_the_nights() -> AbstractContextManager[bool]:
    """A lock of the database session, so that each sweep can commit as it goes; a killed worker loses it at once."""
    return holding(LOCK)
