"""Events in the administration: who may hand in schedules and scans, and what the pages say of them."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates.models import Candidate, User
from catalog.models import Gathering, Session
from ceportal.kernel import clock
from credits.models import Attendance, ScanImport
from credits.services import scans
from credits.tasks import import_scans
from tests import factories
from tests.credits.live_world import attend, held, holder
from tests.factories import day, noon
from tests.reference_data import load_reference

NOW = noon("2026-06-05")
ADD_SCANS = "/admin/credits/scanimport/add/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def organiser(client: Client) -> Client:
    """Somebody of the events team, and of nothing else."""
    user = factories.UserFactory.create(is_staff=True, second_factor=True)
    user.groups.add(Group.objects.get(name="Events team"))
    client.force_login(user)
    return client


@pytest.fixture
def clerk(client: Client) -> Client:
    """Staff who may look, and do nothing."""
    user = factories.UserFactory.create(is_staff=True, second_factor=True)
    names = ["view_gathering", "view_session", "view_attendance", "view_scanimport"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def table(*lines: str, name: str = "table.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(lines).encode(), "text/csv")


def schedule_of(code: str = "live-2026") -> str:
    return f"/admin/catalog/gathering/{Gathering.objects.get(code=code).pk}/schedule/"


# ── Events and schedules ──────────────────────────────────────────────────────────────────────────
def test_an_event_is_entered_and_its_schedule_imported(organiser: Client) -> None:
    event = {
        "code": "Live-2027", "name": "Live 2027", "place": "Lisbon", "time_zone": "Europe/Lisbon",
        "starts_on": "2027-06-06", "ends_on": "2027-06-10",
    }  # fmt: skip
    assert organiser.post("/admin/catalog/gathering/add/", event).status_code == HTTPStatus.FOUND
    again = organiser.post("/admin/catalog/gathering/add/", event)
    assert "There is an event with this code." in again.content.decode()
    backwards = organiser.post("/admin/catalog/gathering/add/", event | {"code": "x", "ends_on": "2027-06-05"})
    assert "The last day lies before the first." in backwards.content.decode()

    file = table("code,minutes,start,title", "BRKSEC-2020,90,2027-06-07 09:00,Identity")
    page = organiser.post(schedule_of("live-2027"), {"schedule": file}, follow=True)

    assert "1 time of a session is on the schedule, 1 of them new." in page.content.decode()
    assert Session.objects.get(gathering__code="live-2027").title == "Identity"


def test_an_event_is_given_to_the_programs_of_an_organiser_by_the_events_team(organiser: Client) -> None:
    address = schedule_of().replace("/schedule/", "/organiser/")
    assert "letters" in organiser.post(address, {"organiser": "no slug"}).content.decode()
    assert not Gathering.objects.exclude(organiser="").exists()

    organiser.post(address, {"organiser": "live"})

    assert [each.code for each in Gathering.objects.filter(organiser="live")] == ["live-2026"]


def test_who_only_looks_names_no_organiser(clerk: Client) -> None:
    address = schedule_of().replace("/schedule/", "/organiser/")
    assert clerk.post(address, {"organiser": "live"}).status_code == HTTPStatus.FORBIDDEN
    assert not Gathering.objects.exclude(organiser="").exists()


def test_rows_of_a_schedule_that_were_not_taken_are_listed(organiser: Client) -> None:
    """LIVE-05: a code that is not one is listed; the file can be put right and imported again."""
    file = table("code,minutes,start", "Lunch,60,2026-06-01 12:00", "BRKSEC-2020,90,2026-06-01 09:00")
    page = organiser.post(schedule_of(), {"schedule": file})
    text = page.content.decode()
    assert page.status_code == HTTPStatus.OK
    assert "1 time of a session is on the schedule" in text
    assert "row 2, code: “Lunch” is not a session code." in text


def test_an_empty_form_and_a_file_beyond_measure_are_told(organiser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "This field is required." in organiser.post(schedule_of(), {}).content.decode()
    assert "This field is required." in organiser.post(ADD_SCANS, {}).content.decode()
    monkeypatch.setattr("catalog.admin_gatherings.LARGEST_SCHEDULE", 3)
    monkeypatch.setattr(scans, "LARGEST_BYTES", 3)
    assert "larger than 5 MB" in organiser.post(schedule_of(), {"schedule": table("code")}).content.decode()
    assert "The file is larger than" in organiser.post(ADD_SCANS, {"scans": table("code")}).content.decode()
    assert not ScanImport.objects.exists()


# ── Badge scans ───────────────────────────────────────────────────────────────────────────────────
def test_scans_are_handed_in_recorded_by_a_worker_and_the_page_tells(organiser: Client) -> None:
    story = holder()
    held("BRKSEC-2020", "2026-06-01")
    rows = [f"{story.candidate.number},live-2026,BRKSEC-2020,0,90", "nobody,live-2026,BRKSEC-2020,0,90"]

    page = organiser.post(ADD_SCANS, {"scans": table("candidate,event,session,in,out", *rows)}, follow=True)

    row = ScanImport.objects.get()
    assert page.redirect_chain == [(f"/admin/credits/scanimport/{row.pk}/change/", HTTPStatus.FOUND)]
    assert (row.status, row.original_name, row.uploaded_by) == ("waiting", "table.csv", page.wsgi_request.user)
    assert "The file waits to be read." in page.content.decode()
    assert f'hx-get="/admin/credits/scanimport/{row.pk}/progress/"' in page.content.decode()

    import_scans()

    progress = organiser.get(f"/admin/credits/scanimport/{row.pk}/progress/").content.decode()
    assert "hx-get" not in progress
    assert "row 3, candidate" in progress
    assert "There is no candidate with the number “nobody”." in progress
    assert Attendance.objects.get().earned


def test_a_failed_import_says_why_and_goes_on(organiser: Client) -> None:
    row = scans.request_import(name="x.csv", content=b"candidate,event,session,in,out", user_id=None, now=NOW)
    again = f"/admin/credits/scanimport/{row.pk}/try-again/"
    assert organiser.post(again).status_code == HTTPStatus.FORBIDDEN  # it has not failed
    ScanImport.objects.update(status="failed", last_error="RuntimeError: The disk is full.", failures=5)
    assert "The disk is full." in organiser.get(f"/admin/credits/scanimport/{row.pk}/change/").content.decode()

    assert organiser.post(again, {"go": "1"}).status_code == HTTPStatus.FOUND

    row.refresh_from_db()
    assert (row.status, row.failures) == ("waiting", 0)


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────
def test_who_may_only_look_hands_nothing_in(clerk: Client) -> None:
    row = scans.request_import(name="x.csv", content=b"", user_id=None, now=NOW)
    ScanImport.objects.update(status="failed")
    events = Gathering.objects.count()
    assert clerk.get(f"/admin/credits/scanimport/{row.pk}/change/").status_code == HTTPStatus.OK
    for url in (
        ADD_SCANS,
        schedule_of(),
        "/admin/catalog/gathering/add/",
        f"/admin/credits/scanimport/{row.pk}/try-again/",
    ):
        assert clerk.get(url).status_code == HTTPStatus.FORBIDDEN, url
        assert clerk.post(url, {"scans": table("x"), "schedule": table("x")}).status_code == HTTPStatus.FORBIDDEN, url
    row.refresh_from_db()
    assert (ScanImport.objects.count(), row.status, Gathering.objects.count()) == (1, "failed", events)


def test_the_events_team_sees_nothing_else(organiser: Client) -> None:
    for url in ("/admin/credits/claim/", "/admin/candidates/candidate/", "/admin/credits/entry/"):
        assert organiser.get(url).status_code == HTTPStatus.FORBIDDEN
    for url in ("/admin/catalog/gathering/", "/admin/catalog/session/", "/admin/credits/attendance/"):
        assert organiser.get(url).status_code == HTTPStatus.OK


def test_nobody_else_comes_near(client: Client, alice: Candidate) -> None:
    row = scans.request_import(name="x.csv", content=b"", user_id=None, now=NOW)
    stranger = factories.UserFactory.create(is_staff=True, second_factor=True)
    for user in (alice.user, stranger):
        assert user is not None
        client.force_login(user)
        for url in (ADD_SCANS, schedule_of(), f"/admin/credits/scanimport/{row.pk}/progress/"):
            assert client.get(url).status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.FOUND}, url


# ── Lists and records ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "url",
    [f"/admin/{name}/" for name in
     ("catalog/gathering", "catalog/session", "catalog/sessiontime", "credits/attendance", "credits/scanimport")],
)  # fmt: skip
def test_a_list_asks_the_same_whatever_its_length(client: Client, dan: User, url: str) -> None:
    client.force_login(dan)
    asked = []
    for number in range(4):
        story = holder()
        attend(story, "BRKSEC-2020", "2026-06-01", hour=8 + number)
        attend(story, "DEVNET-2000", "2026-06-01", hour=8 + number)
        scans.request_import(name=f"{number}.csv", content=b"", user_id=dan.pk, now=NOW)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == HTTPStatus.OK
        asked.append(len(queries))
    assert asked[0] == asked[-1]
    assert asked[-1] <= 12


def test_an_attendance_shows_its_decision_and_what_it_earned(client: Client, dan: User) -> None:
    client.force_login(dan)
    attendance = attend(holder(), "BRKSEC-2020", "2026-06-01")
    refused = attend(holder(), "BRKSEC-2020", "2026-06-01", (0, 10))
    page = client.get(f"/admin/credits/attendance/{attendance.pk}/change/").content.decode()
    assert "Worth credits: 2, for its kind and level 2000." in page
    assert "BRKSEC-2020, Live 2026" in page
    listed = client.get("/admin/credits/attendance/").content.decode()
    assert "LIVE-04" in listed
    page = client.get(f"/admin/credits/attendance/{refused.pk}/change/").content.decode()
    assert "Not present long enough: minutes 10 of 90, at least 68." in page
    session = Session.objects.get(gathering__code="live-2026", code="BRKSEC-2020")
    assert client.get(f"/admin/catalog/session/{session.pk}/change/").status_code == HTTPStatus.OK
    assert day("2026-06-01") == attendance.attended_on
