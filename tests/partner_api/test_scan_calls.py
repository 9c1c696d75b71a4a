"""Organisers' programs report badge scans in bulk: by the service of the files, once, with what became of each row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates.models import Candidate
from catalog.models import Gathering, Session
from catalog.services import name_organiser, register_gathering, schedule_session
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import jobs, scopes, services
from ceportal.partner_api.models import Job, JobChunk
from ceportal.partner_api.services import Issued
from credits import organiser_api
from credits.models import Attendance, Grant
from tests import factories
from tests.credits.live_world import held, holder
from tests.factories import day, noon
from tests.partner_api.world import program, registered
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db
NOW, LATER = noon("2026-06-05"), noon("2026-06-06")
LARGEST = '"the largest number"'
SCANS = "/api/v1/gatherings/live-2026/scans"


@pytest.fixture(autouse=True)
def gathering() -> Iterator[Gathering]:
    load_reference()
    held("BRKSEC-1010", "2026-06-01", 9)
    held("BRKSEC-2020", "2026-06-01", 9)
    held("BRKSEC-2020", "2026-06-02", 9)
    with clock.standing_at(NOW):
        event = Gathering.objects.get(code="live-2026")
        yield name_organiser(gathering_id=event.pk, organiser="live", now=NOW)


@pytest.fixture
def issued() -> Issued:
    return registered(scopes.ORGANISER, "live")


@pytest.fixture
def caller(issued: Issued) -> Client:
    return program(issued)


def post(caller: Client, rows: Any, *, key: str = "", query: str = "") -> Any:
    headers = {"Idempotency-Key": key or str(uuid4())}
    body = json.dumps({"rows": rows}).replace(LARGEST, "1e999")
    return caller.post(f"{SCANS}{query}", body, content_type="application/json", headers=headers)


def run(caller: Client, rows: list[Any], *, query: str = "", now: Any = NOW) -> list[dict[str, Any]]:
    """Hand scans in and let a worker do them; what became of each."""
    handed_in = post(caller, rows, query=query)
    assert handed_in.status_code == HTTPStatus.ACCEPTED, handed_in.json()
    jobs.run_job(job_id=handed_in.json()["id"], clock=lambda: now)
    return outcomes_of(caller, handed_in["Location"])


def outcomes_of(caller: Client, address: str) -> list[dict[str, Any]]:
    found, page = [], f"{address}/outcomes"
    while page:
        answer = caller.get(page).json()
        found += answer["results"]
        page = answer["next"]
    return sorted(found, key=lambda each: each["row"])


def scan(person: Story | Candidate, **changed: Any) -> dict[str, Any]:
    candidate = person if isinstance(person, Candidate) else person.candidate
    return {"candidate": candidate.number, "session": "BRKSEC-1010", "in": 0, "out": 90, **changed}


def unmet(outcome: dict[str, Any]) -> list[str]:
    return [each["clause"] for each in outcome["decision"]["findings"] if not each["met"]]


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [each["status"] for each in outcomes]


def test_each_row_says_what_became_of_it(caller: Client) -> None:
    """LIVE-04, CE-05: what adds up, what is decided against, what leads nowhere, and what is said twice."""
    one, two = holder(), holder()
    stranger = factories.CandidateFactory.create()

    told = run(
        caller,
        [
            scan(one, out="40"),
            scan(one, **{"in": "09:45", "out": "2026-06-01T09:30-01:00"}),
            scan(one, session="brksec-2020", day="2026-06-02"),
            scan(two, out=30),
            scan(stranger),
            scan(one, out="40"),
            scan(one, candidate="CSCO0"),
            scan(one, session="BRKSEC-9999"),
            scan(one, session="BRKSEC-2020"),
            scan(one, session="BRKSEC-2020", day="2026-06-05"),
            scan(one, out=1441),
            scan(one, **{"in": "2026-06-08 09:00", "out": "2026-06-08 10:30"}),
            scan(one, **{"in": 50, "out": 40}),
            scan(one, **{"in": "early"}),
            {"candidate": one.candidate.number},
            "nonsense",
        ],
    )

    assert [each["row"] for each in told] == list(range(1, 17))
    assert statuses(told) == [*["accepted"] * 3, "refused", "refused", "repeated", *["wrong"] * 10]
    assert [(each["earned"], each["minutes_present"]) for each in told[:6]] == [
        (True, 85), (True, 85), (True, 90), (False, 30), (False, 90), (True, 85),
    ]  # fmt: skip
    assert (unmet(told[3]), unmet(told[4])) == (["LIVE-04"], ["CE-05", "CE-03"])
    assert [sorted(each["errors"]) for each in told[6:]] == [
        ["candidate"], ["session"], ["start"], ["day"], ["out"], ["in"], ["out"], ["in"],
        ["in", "out", "session"], ["non_field_errors"],
    ]  # fmt: skip
    assert told[7]["errors"]["session"] == ["The event has no session “BRKSEC-9999” on its schedule."]
    assert (Attendance.objects.count(), Grant.objects.count()) == (4, 2)
    recorded = Event.objects.filter(topic="credits.attendance_recorded")
    assert recorded.count() == 4


def test_known_scans_change_nothing_across_chunks_and_bulks_until_something_new_is_said(
    caller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organiser_api, "ROWS_OF_CHUNK", 2)
    one, two = holder(), holder()
    stranger = factories.CandidateFactory.create()
    assert one.candidate.number < two.candidate.number < stranger.number
    rows = [scan(one), scan(two, out=30), scan(one), scan(two, **{"in": 30}), scan(stranger), scan(one, out=20)]

    first = run(caller, rows)
    kept = list(Attendance.objects.order_by("id").values())
    again = run(caller, rows, now=LATER)

    # Person by person: of the second one half was known when the second chunk was done, all of it after the third.
    assert [[each["row"] for each in chunk.rows] for chunk in JobChunk.objects.order_by("id")[:3]] == [
        [1, 3],
        [6, 2],
        [4, 5],
    ]
    assert statuses(first) == ["accepted", "refused", "repeated", "accepted", "refused", "repeated"]
    assert [each["earned"] for each in first] == [True, False, True, True, False, True]
    assert statuses(again) == ["repeated"] * 6
    assert list(Attendance.objects.order_by("id").values()) == kept
    assert Event.objects.filter(topic="credits.attendance_recorded").count() == 4

    Story(stranger, today=day("2026-06-06")).certify("ccie-security", "2025-09-01")
    assert statuses(run(caller, [scan(stranger)], now=LATER)) == ["refused"]
    late = Story(stranger, today=day("2026-06-06"))
    late.enroll()
    assert statuses(run(caller, [scan(stranger)], now=LATER)) == ["accepted"]


def test_a_replayed_bulk_is_the_first_one_and_a_tried_one_leaves_nothing(caller: Client) -> None:
    one = holder()

    tried = run(caller, [scan(one)], query="?dry_run=true")
    assert (statuses(tried), Attendance.objects.count()) == (["accepted"], 0)

    first, replayed = (post(caller, [scan(one)], key="scanners-1") for _time in range(2))
    assert (replayed["Idempotency-Replayed"], replayed["Location"]) == ("true", first["Location"])
    assert post(caller, [scan(one, out=80)], key="scanners-1").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Job.objects.count() == 2
    for _time in range(2):  # a second worker finds it done
        jobs.run_job(job_id=first.json()["id"], clock=lambda: NOW)
    assert caller.get(first["Location"]).json()["counts"] == {"accepted": 1}
    assert Attendance.objects.count() == 1


def test_scans_that_come_before_the_schedule_are_wrong_and_right_once_it_is_there(
    caller: Client, gathering: Gathering
) -> None:
    """LIVE-05: nothing is guessed."""
    one = holder()
    row = scan(one, session="LTRSEC-9000", out=240)
    assert statuses(run(caller, [row])) == ["wrong"]
    assert not Session.objects.filter(code="LTRSEC-9000").exists()

    schedule_session(
        gathering_id=gathering.pk, code="LTRSEC-9000", minutes=240, marked=False,
        starts_at=clock.at(day("2026-06-01"), 12), now=NOW,
    )  # fmt: skip

    assert statuses(run(caller, [row])) == ["accepted"]


def test_another_organisers_event_is_not_there_and_the_events_sessions_only_count(
    caller: Client, gathering: Gathering
) -> None:
    one = holder()
    register_gathering(
        code="fair", name="Fair", organiser="fair", place="Bruges", time_zone="UTC",
        starts_on=day("2026-06-01"), ends_on=day("2026-06-02"), now=NOW,
    )  # fmt: skip
    other = program(registered(scopes.ORGANISER, "fair"))

    assert post(other, [scan(one)]).status_code == HTTPStatus.NOT_FOUND
    address = SCANS.replace("live-2026", "fair")
    assert statuses(run_at(other, address, [scan(one)])) == ["wrong"]  # a session of another event
    mine = post(caller, [scan(one)])
    assert {other.get(mine["Location"] + end).status_code for end in ("", "/outcomes")} == {HTTPStatus.NOT_FOUND}
    for misshapen in ([], ["x"] * 10_001, "x", None, ["\0"], ["\ud800"], [json.loads(LARGEST)]):
        assert set(post(caller, misshapen).json()["errors"]) == {"rows"}


def run_at(caller: Client, address: str, rows: list[Any]) -> list[dict[str, Any]]:
    headers = {"Idempotency-Key": str(uuid4())}
    body = json.dumps({"rows": rows})
    answer = caller.post(address, body, content_type="application/json", headers=headers)
    jobs.run_job(job_id=answer.json()["id"], clock=lambda: NOW)
    return outcomes_of(caller, answer["Location"])


def test_nobody_reports_their_own_and_who_acts_no_more_reports_nothing(
    caller: Client, issued: Issued, gathering: Gathering
) -> None:
    """CE-10: who answers for the program is who reports; what is taken from it holds for bulks that wait, too."""
    application = issued.credential.application
    own = holder()
    Candidate.objects.filter(pk=own.candidate.pk).update(user=application.responsible)
    assert unmet(run(caller, [scan(own)])[0]) == ["CE-10"]

    left: list[Any] = []
    one = holder()
    for act, undo in (
        (lambda: name_organiser(gathering_id=gathering.pk, organiser="fair", now=NOW),
         lambda: name_organiser(gathering_id=gathering.pk, organiser="live", now=NOW)),
        (lambda: services.set_active(application_id=application.pk, active=False, now=NOW),
         lambda: services.set_active(application_id=application.pk, active=True, now=NOW)),
        (lambda: type(application.responsible).objects.filter(pk=application.responsible_id).update(is_active=False),
         lambda: type(application.responsible).objects.filter(pk=application.responsible_id).update(is_active=True)),
    ):  # fmt: skip
        waiting = post(caller, [scan(one), scan(one)])
        act()
        jobs.run_job(job_id=waiting.json()["id"], clock=lambda: NOW)
        undo()
        left += outcomes_of(caller, waiting["Location"])
    assert statuses(left) == ["refused"] * 6
    assert {clause for each in left for clause in unmet(each)} == {"CE-10"}
    assert not Attendance.objects.filter(candidate=one.candidate).exists()


def test_what_scans_came_to_is_read_and_narrowed(caller: Client) -> None:
    """LIVE-06: with what each has earned beside the person's others; another organiser's events are not there."""
    address = SCANS.replace("scans", "attendances")
    one, two = holder(), holder()
    run(caller, [scan(one), scan(one, session="BRKSEC-2020", day="2026-06-02", out=30)])

    with CaptureQueriesContext(connection) as few:
        refused, earned = caller.get(address).json()["results"]
    assert (earned["session"], earned["badges"], earned["earned"]) == ("BRKSEC-1010", [[0, 90]], True)
    assert earned["credits"] == Grant.objects.get().amount
    assert (refused["earned"], refused["credits"], unmet(refused)) == (False, 0, ["LIVE-04"])
    for asked, found in (
        ({"earned": "true"}, [earned]),
        ({"earned": "false"}, [refused]),
        ({"session": "BRKSEC-2020", "day": "2026-06-02"}, [refused]),
        ({"candidate": two.candidate.number}, []),
        ({"decided_since": "2026-06-05T12:00:01Z"}, []),
    ):
        assert caller.get(address, asked).json()["results"] == found, asked
    page = caller.get(address, {"page_size": 1, "fields": "session,credits"}).json()
    assert page["results"] == [{"session": "BRKSEC-2020", "credits": 0}]
    assert caller.get(page["next"]).json()["results"] == [{"session": "BRKSEC-1010", "credits": earned["credits"]}]
    assert set(caller.get(address, {"day": "soon"}).json()["errors"]) == {"day"}
    assert program(registered(scopes.ORGANISER, "fair")).get(address).status_code == HTTPStatus.NOT_FOUND

    run(caller, [scan(holder()) for _each in range(4)])
    with CaptureQueriesContext(connection) as many:
        assert len(caller.get(address).json()["results"]) == 6
    assert len(many) == len(few)


def numbered(people: list[Story]) -> list[dict[str, Any]]:
    """A scan of each, as a bulk keeps them."""
    return [{"row": number, "said": scan(each)} for number, each in enumerate(people, start=1)]


def test_a_chunk_asks_no_more_questions_for_more_people(caller: Client, issued: Issued) -> None:
    application = issued.credential.application
    job = Job(kind="scans", application=application, about={"gathering": "live-2026"})
    people = [holder() for _each in range(12)]
    organiser_api.run_chunk(job, numbered([people.pop()]), first_row=1, now=NOW)

    counts = Counter[int]()
    for number, some in enumerate((people[:2], people[2:]), start=1):
        with CaptureQueriesContext(connection) as asked:
            told = organiser_api.run_chunk(job, numbered(some), first_row=1, now=NOW)
        assert statuses(told) == ["accepted"] * len(some)
        counts[number] = len(asked)
    assert counts[1] == counts[2]
    assert not JobChunk.objects.exists()
