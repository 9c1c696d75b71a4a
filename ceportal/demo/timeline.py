"""A timeline: what happens when, told in the order of its moments, with the nights between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from operator import itemgetter

from ceportal import nightly
from ceportal.demo import nights, post
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused

Act = Callable[[datetime], object]
FIRST_HOUR = 9  # after the night of the day, which runs at half past eight
STEPS_AN_HOUR = 12


class Timeline:
    """Collects steps in any order; `tell` takes them in the order of their moments.

    A step that the rules of its day refuse is left out, as in life: a story planned for one era may meet another.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[datetime, Act]] = []
        self.refused: list[tuple[datetime, tuple[str, ...]]] = []

    def on(self, day: date, act: Act, *, turn: int = 0) -> None:
        """Let something happen on a day, after what has an earlier turn on it."""
        self._steps.append((clock.at(day, FIRST_HOUR) + timedelta(minutes=60 / STEPS_AN_HOUR * turn), act))

    def tell(self, *, until: date) -> None:
        """Take every step, and every night up to and with the last day."""
        last: date | None = None
        for moment, act in sorted(self._steps, key=itemgetter(0)):
            day = clock.day_of(moment)
            if day != last:
                self.pass_time(last, day)
                last = day
            try:
                act(moment)
            except Refused as refusal:
                self.refused.append((moment, refusal.decision.clauses_unmet))
        self.pass_time(last, until)
        nightly.run_night(day=until)

    @staticmethod
    def pass_time(last: date | None, until: date) -> None:
        """The relay comes by at the end of a day; then the nights are run up to the morning of another day."""
        post.write_what_is_due()
        if last is not None:
            nights.run_nights(after=last, until=until)
