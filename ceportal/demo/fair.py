"""The demonstration's event: its schedule, and the badge scans of those who went, handed in as one file.

It was held some weeks before the portal's today; what the rules of that day say of each attendance is for them to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from catalog.services import import_schedule, register_gathering
from ceportal.demo.timeline import Timeline
from credits.services import scans

CODE = "live-vienna"
DAYS_AGO, LASTS_DAYS, ANNOUNCED_DAYS_BEFORE, REPORTED_DAYS_AFTER = 42, 3, 60, 2
LUNCH_AFTER, LUNCH = 210, 25  # minutes of a session


@dataclass(frozen=True, slots=True)
class Slot:
    """A session at one of its times: the day of the event counted from 0, the hour it begins, its length."""

    code: str
    title: str
    day: int
    hour: int
    minutes: int
    marked: bool = False


SLOTS = (
    Slot("BRKSEC-2020", "Identity services in practice", 0, 9, 90),
    Slot("BRKENT-1117", "A campus network from an empty sheet", 0, 11, 90),
    Slot("LTRENT-2496", "Building a campus fabric", 0, 14, 240),
    Slot("BRKCRT-3008", "What examiners look for", 1, 9, 90),
    Slot("DEVWKS-1020", "A first script for your network", 1, 11, 60),
    Slot("DEVNET-2000", "What is new in the developer programme", 1, 11, 60),
    Slot("TECSEC-2181", "Secure access in an afternoon", 1, 13, 240),
    Slot("CTFCOL-1012", "Capture the flag: the silent meeting room", 1, 18, 60, marked=True),
    Slot("CTFSEC-2047", "Capture the flag: the curious guest", 1, 19, 60),
    Slot("BRKAPP-1005", "Application visibility at a glance", 2, 9, 40),
    Slot("DEVWKS-1020", "A first script for your network", 2, 11, 60),
    Slot("TECSEC-3672", "Threat hunting in a day", 2, 9, 480),
)


class Fair:
    """Puts the event on the timeline, and collects who went where until it is reported."""

    def __init__(self, timeline: Timeline, *, today: date) -> None:
        self.starts_on = today - timedelta(days=DAYS_AGO)
        self.ends_on = self.starts_on + timedelta(days=LASTS_DAYS - 1)
        self._rows: list[str] = []
        self._chance = Random(CODE)  # noqa: S311 - the same visits every time, and nobody else's luck is touched
        timeline.on(self.starts_on - timedelta(days=ANNOUNCED_DAYS_BEFORE), self._announce)
        timeline.on(self.ends_on + timedelta(days=REPORTED_DAYS_AFTER), self._report)

    def is_visited_by(self, number: str, *, sessions: int) -> None:
        """Let a candidate go to some sessions: most to the end, some for a while, long ones with a lunch between."""
        chance = self._chance
        for slot in sorted(chance.sample(SLOTS, k=sessions), key=SLOTS.index):
            came = chance.randrange(-6, 8)
            went = round(slot.minutes * chance.choice((1.0, 1.0, 1.0, 0.95, 0.9, 0.5)))
            stays = [(came, went)]
            if went > LUNCH_AFTER + LUNCH:
                stays = [(came, LUNCH_AFTER), (LUNCH_AFTER + LUNCH, went)]
            for stay in stays:
                times = ",".join(f"{self._moment(slot, minute):%Y-%m-%d %H:%M}" for minute in stay)
                self._rows.append(f"{number},{CODE},{slot.code},{times}")

    def _moment(self, slot: Slot, minute: int = 0) -> datetime:
        day = self.starts_on + timedelta(days=slot.day)
        return datetime.combine(day, time(slot.hour)) + timedelta(minutes=minute)

    def _announce(self, now: datetime) -> None:
        gathering = register_gathering(
            code=CODE, name="Live Vienna", organiser="live", place="Vienna", time_zone="Europe/Vienna",
            starts_on=self.starts_on, ends_on=self.ends_on, now=now,
        )  # fmt: skip
        lines = ["code,title,minutes,start,marked"]
        for slot in SLOTS:
            marked = "yes" if slot.marked else ""
            lines.append(f"{slot.code},{slot.title},{slot.minutes},{self._moment(slot)},{marked}")
        read = import_schedule(gathering_id=gathering.pk, content="\n".join(lines).encode(), now=now)
        assert not read.problems

    def _report(self, now: datetime) -> None:
        # A visitor whom the programme does not know: staff see which rows were not taken.
        rows = ["candidate,event,session,in,out", *self._rows, f"CE99999999,{CODE},BRKSEC-2020,0,90"]
        row = scans.request_import(name="badges-vienna.csv", content="\n".join(rows).encode(), user_id=None, now=now)
        scans.run_import(scan_import_id=row.pk, now=now)
