"""Badge scans of an event, imported as organisers hand them in, beside a mere COPY of the rows they come to.

Ten thousand holders who are enrolled, three hundred times of sessions, ten scans each: people leave early, some
sessions earn nothing. The import reads the file, decides every attendance with all its findings, keeps it, grants the
credits and enters them in the ledger. The COPY writes the same rows into tables with the same indexes and checks, and
nothing else. Then others go there, and an organiser's program hands in theirs as one bulk: the job alone, without the
way to it, which the rosters measure.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, date, datetime, timedelta

from django.core.management import call_command
from django.db import connection

from candidates.models import Candidate, User
from catalog.models import Gathering, SessionTime
from catalog.services import name_organiser, schedule_session
from ceportal.bench.holders import enroll_holders
from ceportal.bench.measure import Measure, copy_seconds, timed
from ceportal.partner_api import jobs, scopes, services
from ceportal.partner_api.callers import Caller
from ceportal.partner_api.jobs import MOST_ROWS
from ceportal.partner_api.models import Job
from credits import organiser_api
from credits.models import Attendance, Entry, Grant
from credits.services import scans

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
CERTIFIED_ON = date(2026, 1, 5)
PREFIXES = ("BRKSEC", "BRKCCT", "BRKENT", "DEVWKS", "LTRSEC", "TECOPS", "CTFSEC", "DEVNET")
TIMES = 300
SCANS_EACH = 10
WRITTEN = (Attendance, Grant, Entry)  # by an import, besides the events that tell of it


def run(*, rows: int = 100_000) -> list[Measure]:
    """Build the event in the current, migrated database, import its scans twice, and compare."""
    call_command("load_reference", "--quiet")
    people = enroll_holders("SCAN", rows // SCANS_EACH, certified_on=CERTIFIED_ON)
    times = _schedule()
    content = _file(people, times)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    seconds = timed(lambda: _import(content))
    again = timed(lambda: _import(content))
    copying = copy_seconds(WRITTEN)
    job = _bulk(enroll_holders("PROGRAM", MOST_ROWS // SCANS_EACH, certified_on=CERTIFIED_ON), times)
    working = timed(lambda: jobs.run_job(job_id=job.pk, clock=lambda: NOW))
    return [
        Measure("badge scans imported", rows / seconds, "rows a second", seconds / copying),
        Measure("the same scans again", rows / again, "rows a second", again / copying),
        Measure(
            "badge scans of a program's bulk",
            MOST_ROWS / working,
            "rows a second",
            rows / MOST_ROWS * working / copying,
        ),
        Measure("COPY of the rows they come to", rows / copying, "rows a second", 1.0),
    ]


def _import(content: bytes) -> None:
    row = scans.request_import(name="bench.csv", content=content, user_id=None, now=NOW)
    scans.run_import(scan_import_id=row.id, now=NOW)
    row.file.delete(save=False)


def _bulk(people: list[Candidate], times: list[SessionTime]) -> Job:
    """Scans handed in by a program of the event's organiser; nobody has begun with them."""
    event = name_organiser(gathering_id=Gathering.objects.get(code="live-2026").pk, organiser="live", now=NOW)
    issued = services.register_application(
        name="Scanners",
        kind=scopes.ORGANISER,
        tenant=event.organiser,
        responsible_id=User.objects.create_user("scanners@example.org").pk,
        allowed=["scans:write"],
        now=NOW,
    )
    application = issued.credential.application
    return organiser_api.hand_in(
        rows=list(csv.DictReader(io.StringIO(_file(people, times).decode()))),
        gathering=event,
        caller=Caller("bench", frozenset(application.scopes), application),
        dry_run=False,
        now=NOW,
    )


def _schedule() -> list[SessionTime]:
    event = Gathering.objects.get(code="live-2026")
    first = datetime.combine(event.starts_on, datetime.min.time(), UTC)
    times = []
    for number in range(TIMES):
        prefix = PREFIXES[number % len(PREFIXES)]
        times.append(
            schedule_session(
                gathering_id=event.pk,
                code=f"{prefix}-{1000 + 7 * number}",
                minutes=240 if prefix[:3] in {"LTR", "TEC"} else 90,
                marked=prefix[:3] == "CTF",
                starts_at=first + timedelta(days=number % 5, hours=8 + number % 9),
                now=NOW,
            )
        )
    return times


def _file(people: list[Candidate], times: list[SessionTime]) -> bytes:
    chance = random.Random(2026)  # noqa: S311 - the same scans every time
    lines = []
    for person in people:
        for each in chance.sample(times, k=SCANS_EACH):
            minutes = each.session.minutes
            went = minutes - chance.randrange(-10, 15) if chance.random() < 0.9 else minutes // 2
            lines.append(f"{person.number},live-2026,{each.session.code},{chance.randrange(-8, 6)},{went}")
    chance.shuffle(lines)  # as the scanners write them: everybody's in between everybody else's
    return "\n".join(["candidate,event,session,in,out", *lines]).encode()
