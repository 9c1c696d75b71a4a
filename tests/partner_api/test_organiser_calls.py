"""Organisers' programs: their events, sessions and schedules; another organiser's are not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Gathering, Session, SessionTime
from catalog.services import name_organiser, register_gathering
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import scopes
from tests.factories import day, noon
from tests.partner_api.world import program, registered

pytestmark = pytest.mark.django_db
NOW = noon("2026-06-05")
LIVE = "/api/v1/gatherings/live-brussels"
SCHEDULE, SESSIONS = f"{LIVE}/schedule", f"{LIVE}/sessions"
ROW = {"code": "BRKSEC-1010", "minutes": 90, "start": "2026-06-01 09:00"}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture(autouse=True)
def gathering() -> Gathering:
    return register_gathering(
        code="live-brussels",
        name="Live",
        organiser="live",
        place="Brussels",
        time_zone="Europe/Brussels",
        starts_on=day("2026-06-01"),
        ends_on=day("2026-06-04"),
        now=NOW,
    )


@pytest.fixture
def caller() -> Client:
    return program(registered(scopes.ORGANISER, "live"))


@pytest.fixture
def other() -> Client:
    return program(registered(scopes.ORGANISER, "fair"))


def post(caller: Client, address: str, body: Any, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or str(uuid4())}
    return caller.post(address, json.dumps(body), content_type="application/json", headers=headers)


def told(caller: Client) -> list[tuple[str, bool | None]]:
    """What the feed tells of events, each with whether the event is the reader's, where that is what it tells."""
    read = caller.get("/api/v1/events").json()["events"]
    return [(each["type"].removeprefix("catalog."), each["data"].get("yours")) for each in read]


def test_an_organiser_sees_its_own_events_only(caller: Client, other: Client, gathering: Gathering) -> None:
    listed = caller.get("/api/v1/gatherings").json()["results"]

    assert [each["code"] for each in listed] == ["live-brussels"]
    assert caller.get(LIVE).json() == listed[0]
    assert caller.get("/api/v1/gatherings", {"ends_from": "2026-06-04"}).json()["results"] == listed
    assert caller.get("/api/v1/gatherings", {"ends_from": "2026-06-05"}).json()["results"] == []
    assert other.get("/api/v1/gatherings").json()["results"] == []
    assert {other.get(address).status_code for address in (LIVE, SESSIONS)} == {HTTPStatus.NOT_FOUND}
    assert post(other, SCHEDULE, {"rows": [ROW]}).status_code == HTTPStatus.NOT_FOUND
    assert not Session.objects.exists()

    assert post(caller, SCHEDULE, {"rows": [ROW]}).status_code == HTTPStatus.OK
    assert told(caller) == [("gathering_registered", True), ("session_scheduled", None)]
    assert told(other) == []

    name_organiser(gathering_id=gathering.pk, organiser="fair", now=NOW)

    assert told(caller) == [("gathering_organiser_named", False)], "that it is gone, and nothing of it any more"
    assert told(other) == [("gathering_organiser_named", True)], "from now on"
    assert (caller.get(LIVE).status_code, other.get(LIVE).status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.OK)
    name_organiser(gathering_id=gathering.pk, organiser="fair", now=NOW)
    assert Event.objects.filter(topic="catalog.gathering_organiser_named").count() == 1


def test_a_schedule_is_taken_once_and_what_is_wrong_is_listed_not_guessed(caller: Client) -> None:
    rows = [
        {**ROW, "title": "Firewalls", "room": "Hall 2"},
        {**ROW, "start": "2026-06-02T09:00:00+02:00"},
        {**ROW, "code": "BRAKSEC"},
        {**ROW, "code": "BRKSEC-2020", "start": "2026-06-05 09:00"},
        {**ROW, "minutes": 60},
        {**ROW, "code": "BRKSEC-2021", "marked": True},
        {**ROW, "code": "BRKSEC-2022", "start": "at nine"},
    ]

    first, again = (post(caller, SCHEDULE, {"rows": rows}) for _time in range(2))

    assert (first.status_code, first.json()["times"], first.json()["created"]) == (HTTPStatus.OK, 2, 2)
    problems = first.json()["problems"]
    assert [(each["row"], each["column"]) for each in problems] == [
        (3, "code"),
        (4, "start"),
        (5, "minutes"),
        (6, "marked"),
        (7, "start"),
    ]
    assert "BRAKSEC" in problems[0]["detail"]
    assert again.json() == {**first.json(), "created": 0}
    (session,) = caller.get(SESSIONS).json()["results"]
    assert (session["code"], session["title"], session["minutes"]) == ("BRKSEC-1010", "Firewalls", 90)
    assert [(each["held_on"], each["room"]) for each in session["times"]] == [
        ("2026-06-01", "Hall 2"),
        ("2026-06-02", ""),
    ]
    assert Event.objects.filter(topic="catalog.session_scheduled").count() == 2


def test_a_schedule_is_tried_replayed_and_its_shape_named(caller: Client) -> None:
    tried = post(caller, f"{SCHEDULE}?dry_run=true", {"rows": [ROW]})
    assert (tried["Dry-Run"], tried.json()["created"]) == ("true", 1)
    assert not SessionTime.objects.exists()

    first, replayed = (post(caller, SCHEDULE, {"rows": [ROW]}, key="one") for _time in range(2))
    assert (replayed.json(), replayed["Idempotency-Replayed"]) == (first.json(), "true")

    wrong = post(caller, SCHEDULE, {"rows": [{"code": "x" * 21, "minutes": 0}]})
    assert wrong.status_code == HTTPStatus.BAD_REQUEST
    assert set(wrong.json()["errors"]) == {"rows"}
    assert SessionTime.objects.count() == 1


def test_more_sessions_cost_no_more_questions(caller: Client) -> None:
    post(caller, SCHEDULE, {"rows": [ROW]})
    with CaptureQueriesContext(
        connection,
    ) as few:
        caller.get(SESSIONS)
    post(caller, SCHEDULE, {"rows": [{**ROW, "code": f"BRKSEC-20{number}"} for number in range(10, 20)]})
    with CaptureQueriesContext(connection) as many:
        assert len(caller.get(SESSIONS).json()["results"]) == 11
    assert len(many) == len(few)
