"""Travel in time: the demonstration's clock goes ahead day by day, and each night is run on its way.

Where a journey stands is kept in the clock's own row, and which nights were run in theirs. So a journey that was
killed anywhere goes on from there, and ends as if it had never been interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ceportal import nightly
from ceportal.kernel import clock
from ceportal.kernel.models import ClockShift

# Further ahead the nights in between would not be run one by one.
MOST_DAYS = nightly.LONGEST_PAUSE_DAYS


class CannotTravel(Exception):  # noqa: N818 - reads as the sentence it carries
    """The clock cannot go there; the message is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey on its way: between which days, and the day it has reached."""

    started_on: date
    ends_on: date
    today: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.started_on).days

    @property
    def days_done(self) -> int:
        return min(self.days, (self.today - self.started_on).days)


def journey_under_way(*, now: datetime) -> Journey | None:
    """The journey that has not ended; None where the clock goes at its own pace."""
    row = ClockShift.objects.filter(pk=1, travelling_to__isnull=False).first()
    if row is None or row.travelling_from is None or row.travelling_to is None:
        return None
    return Journey(row.travelling_from, row.travelling_to, clock.day_of(now))


@transaction.atomic
def begin_journey(*, to: date, now: datetime) -> Journey:
    """Note where the clock is to go; `travel` takes it there.

    CannotTravel outside the demonstration, while another journey is under way, and for a day that is not ahead or
    too far.
    """
    if not settings.DEMO:
        raise CannotTravel(_("The clock can be set in the demonstration only."))
    ClockShift.objects.get_or_create(pk=1, defaults={"seconds": 0})
    row = ClockShift.objects.select_for_update().get(pk=1)
    today = clock.day_of(now)
    if row.travelling_to is not None:
        raise CannotTravel(_("The clock is travelling already; wait until it has arrived."))
    if to <= today:
        raise CannotTravel(_("Choose a day after today; the clock does not go back."))
    if to > today + timedelta(days=MOST_DAYS):
        raise CannotTravel(
            _("Choose a day at most %(days)s days ahead; you can go on from there.") % {"days": MOST_DAYS}
        )
    row.travelling_from, row.travelling_to = today, to
    row.save(update_fields=["travelling_from", "travelling_to"])
    return Journey(today, to, today)


def travel() -> bool:
    """Take the clock where the journey under way leads, night by night; False where somebody else runs the nights."""
    with nightly.holding_the_nights() as held:
        if not held:
            return False
        while (journey := journey_under_way(now=clock.now())) is not None:
            # Also what a killed journey left: the night of a day on which the clock stands already.
            nightly.run_due_nights(now=clock.now())
            if journey.today >= journey.ends_on:
                ClockShift.objects.filter(pk=1).update(travelling_from=None, travelling_to=None)
            else:
                clock.set_clock(clock.at(journey.today + timedelta(days=1), nightly.HOUR, nightly.MINUTE))
        return True
