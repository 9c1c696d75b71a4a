"""Files of badge scans: rows that lead somewhere are recorded, the others listed; interrupted, it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from candidates.models import Candidate
from catalog.services import register_gathering, schedule_session
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.kernel.tables import Problem
from credits.files.scan_files import read_scans
from credits.models import Attendance, Entry, Grant, ScanImport
from credits.services import scans
from credits.tasks import import_scans
from tests import factories
from tests.credits.live_world import held, holder, unmet
from tests.environment import PROJECT
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

NOW = noon("2026-06-05")
HEADING = "candidate,event,session,day,start,in,out"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(db: None, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    held("BRKSEC-1010", "2026-06-01", 9)
    held("BRKSEC-2020", "2026-06-01", 9)
    held("BRKSEC-2020", "2026-06-01", 14)
    held("BRKSEC-2020", "2026-06-02", 9)


def file_of(*rows: str, heading: str = HEADING) -> bytes:
    return "\n".join([heading, *rows]).encode()


def request(content: bytes, name: str = "scans.csv") -> ScanImport:
    return scans.request_import(name=name, content=content, user_id=None, now=NOW)


def imported(content: bytes) -> ScanImport:
    row = request(content)
    assert scans.run_import(scan_import_id=row.id, now=NOW)
    row.refresh_from_db()
    return row


def problems_of(row: ScanImport) -> list[Problem]:
    return [Problem(**raw) for raw in row.problems]


# ── What a row says ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rest", "starts", "pair"),
    [
        ("BRKSEC-1010,,,0,90", "2026-06-01 09", (0, 90)),
        ("brksec-1010,,,-5,88", "2026-06-01 09", (-5, 88)),
        ("BRKSEC-1010,,,09:02,10:31", "2026-06-01 09", (2, 91)),
        ("BRKSEC-1010,,,9:02:59,10:31:01", "2026-06-01 09", (2, 91)),
        ("BRKSEC-1010,,,2026-06-01 09:02,2026-06-01T10:31", "2026-06-01 09", (2, 91)),
        ("BRKSEC-1010,,,2026-06-01T11:02+02:00,2026-06-01T10:31Z", "2026-06-01 09", (2, 91)),
        ("BRKSEC-2020,2026-06-02,,0,90", "2026-06-02 09", (0, 90)),
        ("BRKSEC-2020,2026-06-01,14:00,0,90", "2026-06-01 14", (0, 90)),
        ("BRKSEC-2020,,14:00,0,90", "2026-06-01 14", (0, 90)),
        ("BRKSEC-2020,,2026-06-02 09:00,0,90", "2026-06-02 09", (0, 90)),
        ("BRKSEC-2020,,,2026-06-02 09:10,2026-06-02 10:20", "2026-06-02 09", (10, 80)),
    ],
)
def test_a_row_leads_to_a_person_at_a_time_of_a_session(rest: str, starts: str, pair: tuple[int, int]) -> None:
    candidate = factories.CandidateFactory.create(number="CSCO12345678")
    read = read_scans(file_of(f"csco12345678,LIVE-2026,{rest}"))

    assert read.problems == ()
    ((found, (reported,)),) = read.by_candidate.items()
    assert (found, reported.badges) == (candidate.id, (pair,))
    time = held(rest.partition(",")[0].upper(), starts[:10], int(starts[-2:]))
    assert reported.session_time_id == time.id


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("CSCO0,live-2026,BRKSEC-1010,,,0,90", "candidate", "There is no candidate with the number “CSCO0”."),
        (",live-2026,BRKSEC-1010,,,0,90", "candidate", "There is no candidate with the number “”."),
        ("CSCO1,live-2025,BRKSEC-1010,,,0,90", "event", "There is no event with the code “live-2025”."),
        ("CSCO1,live-2026,BRKSEC-9999,,,0,90", "session", "The event has no session “BRKSEC-9999” on its schedule."),
        ("CSCO1,live-2026,Lunch,,,0,90", "session", "The event has no session “Lunch” on its schedule."),
        ("CSCO1,live-2018,BRKSEC-1010,,,0,90", "session", "The event has no session “BRKSEC-1010” on its schedule."),
        ("CSCO1,live-2026,BRKSEC-1010,1 June,,0,90", "day", "“1 June” is not a day such as 2026-06-01."),
        ("CSCO1,live-2026,BRKSEC-1010,2026-06-02,,0,90", "day", "The session was not held on “2026-06-02”."),
        ("CSCO1,live-2026,BRKSEC-1010,,10:00,0,90", "start", "The session did not begin at “10:00”."),
        ("CSCO1,live-2026,BRKSEC-1010,,25:00,0,90", "start", "The session did not begin at “25:00”."),
        ("CSCO1,live-2026,BRKSEC-1010,,soon,0,90", "start", "The session did not begin at “soon”."),
        ("CSCO1,live-2026,BRKSEC-2020,,,0,90", "start", "The session was held several times"),
        ("CSCO1,live-2026,BRKSEC-2020,2026-06-01,,0,90", "start", "The session was held several times"),
        ("CSCO1,live-2026,BRKSEC-2020,,09:00,0,90", "start", "The session was held several times"),
        ("CSCO1,live-2026,BRKSEC-1010,,,,90", "in", "“” is neither a number of minutes nor a time"),
        ("CSCO1,live-2026,BRKSEC-1010,,,early,90", "in", "“early” is neither a number of minutes nor a time"),
        ("CSCO1,live-2026,BRKSEC-1010,,,99:00,90", "in", "“99:00” is neither a number of minutes nor a time"),
        ("CSCO1,live-2026,BRKSEC-1010,,,0,9999", "out", "“9999” is neither a number of minutes nor a time"),
        ("CSCO1,live-2026,BRKSEC-1010,,,0,2026-08-01 10:00", "out", "“2026-08-01 10:00” is neither"),
        ("CSCO1,live-2026,BRKSEC-1010,,,0,9999-12-31 10:00-23:00", "out", "“9999-12-31 10:00-23:00” is neither"),
        ("CSCO1,live-2026,BRKSEC-1010,,,50,40", "out", "It goes out, “40”, before it came in."),
        ("CSCO1,live-2026,BRKSEC-1010,,,0,90,more", "", "This row has more cells than the heading."),
        ("CSCO1,live-2026", "session", "The event has no session “” on its schedule."),
    ],
)  # fmt: skip
def test_a_row_that_leads_nowhere_is_listed_and_the_rest_is_taken(row: str, column: str, says: str) -> None:
    story = holder()
    Candidate.objects.filter(id=story.candidate.id).update(number="CSCO1")
    done = imported(
        file_of("CSCO1,live-2026,BRKSEC-2020,2026-06-02,,0,90", row, "", "CSCO1,live-2026,BRKSEC-1010,,,0,90")
    )

    (problem,) = problems_of(done)
    assert (problem.row, problem.column) == (3, column)
    assert says in problem.text
    assert (done.status, done.rows, done.rows_done, done.problem_count) == ("done", 3, 2, 1)
    assert (done.earning, done.refused) == (2, 0)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"candidate,event\n1,2", b"\0", b"PK\x03\x04 an Excel file"])
def test_a_file_that_is_no_table_is_done_with_a_word_about_why(content: bytes) -> None:
    done = imported(content)
    assert (done.status, done.rows, done.problem_count) == ("done", 0, 1)
    assert problems_of(done)[0].text


def test_times_are_those_of_the_place_where_the_event_is_held() -> None:
    tokyo = register_gathering(
        code="live-tokyo", name="Live Tokyo", place="Tokyo", time_zone="Asia/Tokyo",
        starts_on=day("2026-07-01"), ends_on=day("2026-07-02"), now=NOW,
    )  # fmt: skip
    schedule_session(
        gathering_id=tokyo.id, code="BRKSEC-2020", minutes=60, marked=False,
        starts_at=clock.at(day("2026-06-30"), 23, 30), now=NOW,
    )  # fmt: skip
    number = factories.CandidateFactory.create().number
    rows = [f"{number},live-tokyo,BRKSEC-2020,2026-07-01,8:30,08:35,09:20"]
    rows += [f"{number},live-tokyo,BRKSEC-2020,,,2026-06-30T23:35Z,2026-07-01 09:20"]
    read = read_scans(file_of(*rows))
    assert [each.badges for each in next(iter(read.by_candidate.values()))] == [((5, 50),)] * 2


# ── Recording ─────────────────────────────────────────────────────────────────────────────────────
def test_pairs_of_a_person_add_up_and_doubles_count_once() -> None:
    """LIVE-04: several rows of one session are one attendance."""
    story = holder()
    one = f"{story.candidate.number},live-2026,BRKSEC-1010,,,"
    done = imported(file_of(one + "0,30", one + "0,30", one + "25,45", one + "60,90"))
    attendance = Attendance.objects.get()
    assert (attendance.badges, attendance.minutes_present, attendance.earned) == ([[0, 45], [60, 90]], 75, True)
    assert (done.rows, done.rows_done, done.earning, done.refused, done.unchanged) == (4, 4, 1, 0, 0)
    event = Event.objects.get(topic="credits.scans_imported")
    assert event.payload == {"earning": 1, "refused": 0, "unchanged": 0, "problems": 0}


def test_nobody_hands_in_scans_of_their_own() -> None:
    """CE-10: a colleague does; then the same scans are decided anew."""
    user, colleague = (factories.UserFactory.create(is_staff=True) for _each in range(2))
    story = holder()
    Candidate.objects.filter(id=story.candidate.id).update(user=user)
    content = file_of(f"{story.candidate.number},live-2026,BRKSEC-1010,,,0,90")
    for who, earning in ((user, 0), (user, 0), (colleague, 1)):
        row = scans.request_import(name="scans.csv", content=content, user_id=who.pk, now=NOW)
        scans.run_import(scan_import_id=row.id, now=NOW)
        row.refresh_from_db()
        assert row.earning == earning
        assert (unmet(Attendance.objects.get()) == ("CE-10",)) == (who == user)


def test_the_same_file_again_changes_nothing() -> None:
    content = big_file(people(12))
    first = imported(content)
    assert (first.earning, first.refused) == (18, 6)
    before = rows()

    again = imported(content)

    assert (again.earning, again.refused, again.unchanged) == (0, 0, 24)
    assert rows() == before


def people(count: int) -> list[Story]:
    """So many people who can earn."""
    return [holder() for _each in range(count)]


def big_file(stories: Sequence[Story]) -> bytes:
    """Two sessions each; of the second, every other person leaves early."""
    lines = []
    for number, story in enumerate(stories):
        lines.append(f"{story.candidate.number},live-2026,BRKSEC-1010,,,0,90")
        lines.append(f"{story.candidate.number},live-2026,BRKSEC-2020,2026-06-02,,0,{90 if number % 2 else 30}")
    return file_of(*lines)


def rows() -> list[list[dict[str, Any]]]:
    """What scans come to, without the moments."""
    models = {
        Attendance: ("candidate_id", "session_time_id", "badges", "credits", "earned", "decision"),
        Grant: ("candidate_id", "attendance_id", "amount", "remaining", "earned_on"),
        Entry: ("grant_id", "kind", "amount", "counts_from"),
    }
    return [list(model.objects.order_by("pk").values("pk", *fields)) for model, fields in models.items()]


def test_interrupted_between_steps_it_goes_on_after_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "SCANS_A_STEP", 4)
    row = request(big_file(people(7)))
    steps = scans.steps(scan_import_id=row.id, now=NOW)
    next(steps)
    next(steps)
    steps.close()  # the worker is gone

    row.refresh_from_db()
    assert (row.status, row.rows, row.rows_done) == ("running", 14, 8)
    assert Attendance.objects.count() == 8
    assert scans.imports_left() == [row.id]

    import_scans()

    row.refresh_from_db()
    assert (row.status, row.rows_done, row.earning, row.refused, row.unchanged) == ("done", 14, 10, 4, 0)
    assert row.finished_at is not None
    assert scans.imports_left() == []
    assert not list(scans.steps(scan_import_id=row.id, now=NOW))


def test_two_workers_do_not_count_the_same_people_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is overtaken gives up, and nothing of its step stays."""
    monkeypatch.setattr(scans, "SCANS_A_STEP", 4)
    row = request(big_file(people(4)))
    slow, quick = (scans.steps(scan_import_id=row.id, now=NOW) for _each in range(2))
    next(slow)
    list(quick)
    with pytest.raises(scans.OvertakenError):
        next(slow)
    row.refresh_from_db()
    assert (row.status, row.rows_done, row.earning + row.refused) == ("done", 8, 8)


def test_an_error_is_kept_and_tried_again_some_times(monkeypatch: pytest.MonkeyPatch) -> None:
    row = request(big_file(people(2)))
    with monkeypatch.context() as patch:
        patch.setattr(scans, "record_attendances", _broken)
        for _attempt in range(scans.FAILURES_AT_MOST):
            import_scans()
    row.refresh_from_db()
    assert (row.status, row.last_error) == ("failed", "RuntimeError: The disk is full.")
    import_scans()  # it is not tried any more by itself
    assert not Attendance.objects.exists()

    scans.try_again(scan_import_id=row.id)
    import_scans()

    row.refresh_from_db()
    assert (row.status, row.last_error, row.earning) == ("done", "", 3)


def _broken(**_arguments: object) -> None:
    raise RuntimeError("The disk is full.")


def test_a_file_beyond_measure_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "LARGEST_BYTES", 10)
    with pytest.raises(ValueError, match=r"scans\.csv is larger than 10 bytes"):
        request(b"12345678901")
    assert not ScanImport.objects.exists()


# ── The command ───────────────────────────────────────────────────────────────────────────────────
def test_the_command_says_what_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "badges.csv"
    path.write_bytes(big_file(people(3)) + b"\nnobody,live-2026,BRKSEC-1010,,,0,90\n")
    out, err = StringIO(), StringIO()
    call_command("import_scans", str(path), stdout=out, stderr=err)
    assert out.getvalue() == "4 attendances earn, 2 earn nothing, 0 were known; 1 rows were not taken.\n"
    assert "row 8, candidate: There is no candidate with the number “nobody”." in err.getvalue()
    assert ScanImport.objects.get().original_name == "badges.csv"


def test_the_command_says_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_scans", str(tmp_path / "nothing.csv"))
    assert not ScanImport.objects.exists()


# ── Killed ────────────────────────────────────────────────────────────────────────────────────────
AN_IMPORT_IN_A_PROCESS = """
import sys, datetime, django
django.setup()
from tests.reference_data import load_reference
from credits.services import scans
scans.SCANS_A_STEP = 2
scans.run_import(scan_import_id=int(sys.argv[1]), now=datetime.datetime.fromisoformat(sys.argv[2]))
"""


@contextmanager
def import_stuck_at(row: ScanImport, story: Story) -> Iterator[None]:
    """An import in another process, which has come as far as a person who is locked here; killed at the end."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    environment = {
        **os.environ,
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "ceportal.settings",
        "MEDIA_ROOT": settings.MEDIA_ROOT,
    }
    command = [sys.executable, "-c", AN_IMPORT_IN_A_PROCESS, str(row.id), NOW.isoformat()]
    with transaction.atomic():
        assert Candidate.objects.select_for_update().get(id=story.candidate.id)
        process = subprocess.Popen(command, cwd=PROJECT, env=environment)
        try:
            while not _somebody_waits():
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
            yield
        finally:
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL


def _somebody_waits() -> bool:
    """Whether another session waits for a lock of ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def _wait_for_the_killed_one(row: ScanImport) -> None:
    """PostgreSQL lets go of a dead client's lock when it next looks; wait for that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [f"{scans.LOCK}:{row.id}"])
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"{scans.LOCK}:{row.id}"])


@pytest.mark.django_db(transaction=True)
def test_an_import_killed_in_a_step_ends_as_if_undisturbed() -> None:
    """Whole steps stay, the one begun leaves nothing, a second worker leaves it to the first."""
    stories = people(5)
    row = request(big_file(stories))
    with import_stuck_at(row, stories[2]):
        assert not scans.run_import(scan_import_id=row.id, now=NOW)
    _wait_for_the_killed_one(row)
    row.refresh_from_db()
    assert (row.status, row.rows_done, Attendance.objects.count()) == ("running", 4, 4)

    assert scans.run_import(scan_import_id=row.id, now=NOW)

    row.refresh_from_db()
    assert (row.status, row.rows_done, row.earning, row.refused, row.unchanged) == ("done", 10, 7, 3, 0)
    assert Attendance.objects.count() == 10
    assert all(story.ledger_is_sound() for story in stories)
