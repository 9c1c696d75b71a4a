"""Rosters handed in by a provider's program, five at once of 10,000 rows each, from the first POST to the last result.

The whole portal runs beside: web server, worker and beat as `make run` starts them, on the database of the bench. Of
each roster nine rows in ten earn their credits; the others are a training that has counted, nobody's number, a day that
is none. Beside it a mere COPY of the rows they come to, into tables with the same indexes and checks.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection

from candidates.models import Candidate, User
from catalog.models import Delivery, Item, Provider, ProviderMember
from catalog.services import authorise_provider, schedule_delivery
from ceportal.bench.holders import enroll_holders
from ceportal.bench.measure import Measure, copy_seconds
from ceportal.devstack.folder import make_room
from ceportal.devstack.postgres import Cluster
from ceportal.devstack.processes import free_port
from ceportal.devstack.stack import Stack
from ceportal.kernel import clock
from ceportal.partner_api import scopes, services
from credits.models import CompletionReport, Entry, Grant, RosterRow

ROSTERS, ROWS_EACH = 5, 10_000
AT_LEAST = 1000  # rows a second, promised on two cores
ITEM = "ilt-40"
WRITTEN = (RosterRow, CompletionReport, Grant, Entry)  # besides jobs, and the events that tell of it
LOOKED_AFTER_SECONDS = 0.25
ATTEMPT_SECONDS = 600
MEGABYTE = 1024 * 1024


class Program:
    """A provider's program, as a partner writes one: a token, then calls with it."""

    def __init__(self, address: str, issued: services.Issued) -> None:
        self._address = address
        identity = b64encode(f"{issued.client_id}:{issued.secret}".encode()).decode()
        token = self._send("/oauth/token", b"grant_type=client_credentials", Authorization=f"Basic {identity}")
        self._authorization = f"Bearer {token['access_token']}"

    def get(self, path: str) -> Any:
        """What the API answers."""
        return self._send(path, None, Authorization=self._authorization)

    def post(self, path: str, body: Any) -> Any:
        """Send something once."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        return self._send(path, json.dumps(body).encode(), Authorization=self._authorization, **headers)

    def _send(self, path: str, body: bytes | None, **headers: str) -> Any:
        address = path if path.startswith("http") else f"{self._address}{path}"
        request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - our own address
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return json.load(answer)


def run(cluster: Cluster, *, var: Path) -> list[Measure]:
    """Make people and deliveries in the current, migrated database, and hand in their rosters."""
    call_command("load_reference", "--quiet")
    now = clock.now()
    member = _member(now=now)
    runs = [_run(member, number, now=now) for number in range(ROSTERS)]
    rosters = [_rows(number, runs[number]) for number in range(ROSTERS)]
    issued = services.register_application(
        name="Bench",
        kind=scopes.PROVIDER,
        tenant=member.provider.code,
        responsible_id=member.user_id,
        allowed=["jobs:read", "rosters:write"],
        now=now,
        calls_per_minute=100_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    stack = Stack(
        var=var,
        port=free_port(),
        demo_data=False,
        say=lambda _line: None,
        given={**os.environ, "DATABASE_URL": cluster.url(str(connection.settings_dict["NAME"]))},
    )
    make_room(var)
    try:
        stack.start_servers(cards=False)
        stack.start_portal()
        measures = _hand_in(Program(stack.address, issued), runs, rosters)
    finally:
        stack.stop()
    return measures


def _hand_in(program: Program, runs: list[Delivery], rosters: list[list[Any]]) -> list[Measure]:
    used, began = _processor_seconds(), time.perf_counter()
    jobs = [
        program.post(f"/api/v1/deliveries/{run.pk}/rosters", {"rows": rows})["id"]
        for run, rows in zip(runs, rosters, strict=True)
    ]
    handed_in = time.perf_counter() - began
    peaks = _watch(program, jobs)
    done, used = time.perf_counter() - began, _processor_seconds() - used
    told = sum(len(page) for job in jobs for page in _outcomes(program, job))
    read = time.perf_counter() - began
    rows = sum(map(len, rosters))
    if told != rows or CompletionReport.objects.count() < rows * 0.89:
        raise SystemExit(f"Of {rows} rows {told} were told, and {CompletionReport.objects.count()} reported.")
    copying = copy_seconds(WRITTEN)
    return [
        Measure(
            "roster rows from POST to the last result", rows / done, "rows a second", done / copying, at_least=AT_LEAST
        ),
        Measure(
            "the same until every result was read", rows / read, "rows a second", read / copying, at_least=AT_LEAST
        ),
        Measure("by the time that two processors worked", 2 * rows / used, "rows a second"),
        Measure("roster rows handed in", rows / handed_in, "rows a second", handed_in / copying),
        Measure("COPY of the roster rows they come to", rows / copying, "rows a second", 1.0),
        Measure("most memory of a process after one roster", peaks[0] / MEGABYTE, "MB", 1.0),
        Measure("most memory of a process after five", peaks[1] / MEGABYTE, "MB", peaks[1] / peaks[0]),
    ]


def _watch(program: Program, jobs: list[int]) -> tuple[int, int]:
    """Wait until the jobs are done; the most memory of any process of the portal after the first and after all."""
    first = 0
    left = list(jobs)
    deadline = time.monotonic() + ATTEMPT_SECONDS
    while left:
        time.sleep(LOOKED_AFTER_SECONDS)
        states = {job: program.get(f"/api/v1/jobs/{job}") for job in left}
        left = [job for job in left if states[job]["status"] in {"waiting", "running"}]
        if len(left) < len(jobs) and not first:
            first = _most_memory()
        failed = [state for state in states.values() if state["status"] == "failed"]
        if failed or time.monotonic() > deadline:
            raise SystemExit(f"The rosters were not done: {failed or states}")
    return first, _most_memory()


def _most_memory() -> int:
    """The highest mark of memory among the processes of the portal, those of PostgreSQL aside; bytes."""
    statuses = [(folder / "status").read_text().splitlines() for folder in _processes(os.getpid())]
    marks = [
        int(line.split()[1]) * 1024
        for lines in statuses
        for line in lines
        if line.startswith("VmHWM:") and "postgres" not in lines[0]
    ]
    return max(marks, default=0)


def _processor_seconds() -> float:
    """What all processes of the portal have had of the processors, PostgreSQL's and those that have ended included."""
    ticks = 0
    for folder in _processes(os.getpid()):
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _processes(pid: int) -> Iterator[Path]:
    """The processes that one has started, and those that they have."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield Path("/proc", child)
            yield from _processes(int(child))


def _outcomes(program: Program, job: int) -> Iterator[list[Any]]:
    address = f"/api/v1/jobs/{job}/outcomes"
    while address:
        page = program.get(address)
        yield page["results"]
        address = page["next"]


# ── The world ─────────────────────────────────────────────────────────────────────────────────────
def _member(*, now: datetime) -> ProviderMember:
    provider = Provider.objects.create(code="bench-academy", name="Bench Academy", created_at=now)
    user = User.objects.create_user(email="bench@example.org", name="Bench")
    since = clock.day_of(now) - timedelta(days=400)
    authorise_provider(provider_id=provider.pk, item_id=Item.objects.get(code=ITEM).pk, starts_on=since, now=now)
    return ProviderMember.objects.create(provider=provider, user=user)


def _run(member: ProviderMember, number: int, *, now: datetime) -> Delivery:
    today = clock.day_of(now)
    return schedule_delivery(
        provider_id=member.provider_id,
        item_id=Item.objects.get(code=ITEM).pk,
        code=f"BENCH-{number}",
        place="",
        starts_on=today - timedelta(days=14),
        ends_on=today - timedelta(days=10),
        now=now,
    )


def _rows(number: int, run: Delivery) -> list[Any]:
    """Ten thousand rows: of forty two are of people who are in it already, one of nobody, one has no day."""
    people: list[Candidate] = enroll_holders(
        f"ROS{number}-", ROWS_EACH, certified_on=run.starts_on - timedelta(days=300)
    )
    rows: list[Any] = []
    for place, person in enumerate(people):
        row = {"candidate": person.number, "name": person.name, "completed_on": run.ends_on.isoformat()}
        if place % 20 == 7:
            row = {**rows[-1], "completed_on": (run.ends_on - timedelta(days=1)).isoformat()}
        elif place % 40 == 13:
            row["candidate"] = f"NOBODY{place}"
        elif place % 40 == 33:
            row["completed_on"] = "last Friday"
        rows.append(row)
    return rows
