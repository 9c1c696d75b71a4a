"""What staff do about incidents and closures in the administration: one service call each, or refused with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates.models import User
from ceportal.kernel import clock
from exams.models import (
    Booking,
    CheckIn,
    Closure,
    Incident,
    Remedy,
    Reread,
    SiteMember,
    SitePrice,
    Sitting,
    SittingPattern,
)
from exams.services import incidents
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)  # 08:30 in Brussels


@pytest.fixture(autouse=True)
def _two_days_later() -> Iterator[None]:
    with clock.standing_at(noon("2026-05-06")):
        yield


@pytest.fixture
def incident(db: None) -> Incident:
    """A lab that a fault of three hours ended; who caused it is not said yet."""
    booking: Booking = factories.BookingFactory.create(status="sat")
    CheckIn.objects.create(
        booking=booking, minutes_late=0, photographed=True, signed=True, decision=[], recorded_at=START
    )
    return incidents.record_incident(
        booking_id=booking.pk, minutes=180, proctor_id=None, now=START + timedelta(hours=2), description="No power."
    )


def act(client: Client, incident: Incident, name: str, **values: str) -> int:
    return client.post(f"/admin/exams/incident/{incident.pk}/{name}/", values).status_code


def test_what_is_known_is_completed_and_then_a_remedy_granted_once(
    client: Client, dan: User, incident: Incident
) -> None:
    client.force_login(dan)
    refused = client.post(f"/admin/exams/incident/{incident.pk}/remedy/", {"kind": "voucher"})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "INC-03" in refused.content.decode()
    assert not Remedy.objects.exists()

    known = {"caused_by_candidate": "", "modules_passed": "on", "description": "The rack lost power."}
    assert act(client, incident, "complete", **known) == HTTPStatus.FOUND
    incident.refresh_from_db()
    assert (incident.caused_by_candidate, incident.modules_passed) == (False, True)
    assert act(client, incident, "remedy", kind="voucher") == HTTPStatus.FOUND
    assert act(client, incident, "remedy", kind="reschedule") == HTTPStatus.CONFLICT
    assert Remedy.objects.get().kind == "voucher"


def test_nobody_but_staff_grants_a_remedy(client: Client, incident: Incident, proctor: SiteMember) -> None:
    client.force_login(proctor.user)
    assert act(client, incident, "remedy", kind="voucher") in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}
    assert not Remedy.objects.exists()


def test_an_event_that_prevents_an_exam_is_recorded_beforehand_and_has_its_remedy(
    client: Client, dan: User, proctor: SiteMember
) -> None:
    """A site that was closed: whoever has a seat there moves it for nothing (INC-04)."""
    booking = factories.BookingFactory.create(sitting=factories.SittingFactory.create(day=day("2026-06-01")))
    address = f"/admin/exams/booking/{booking.pk}/unavoidable-event/"
    known = {"modules_passed": "", "description": "The site is closed by a flood."}
    client.force_login(proctor.user)
    client.post(address, known)
    assert not Incident.objects.exists()

    client.force_login(dan)
    assert client.post(address, known | {"description": ""}).status_code != HTTPStatus.FOUND
    assert client.post(address, known).status_code == HTTPStatus.FOUND
    assert client.post(address, known).status_code == HTTPStatus.CONFLICT
    recorded = Incident.objects.get()
    assert (recorded.unavoidable, recorded.too_long, recorded.booking.status) == (True, True, "incident")
    assert act(client, recorded, "remedy", kind="reschedule") == HTTPStatus.FOUND


def test_a_site_is_closed_with_its_free_sittings_once_and_opened_again(client: Client, dan: User) -> None:
    client.force_login(dan)
    sitting = factories.SittingFactory.create(day=noon("2026-06-01").date())
    days = {"site": sitting.site_id, "first_day": "2026-06-01", "last_day": "2026-06-02", "reason": "Rebuilding."}
    close = "/admin/exams/closure/close/"

    assert client.post(close, days | {"reason": ""}).status_code == HTTPStatus.CONFLICT
    assert not Closure.objects.exists()
    assert client.post(close, days).status_code == HTTPStatus.FOUND
    assert client.post(close, days).status_code == HTTPStatus.CONFLICT
    assert Sitting.objects.get(pk=sitting.pk).withdrawn_at is not None

    lift = f"/admin/exams/closure/{Closure.objects.get().pk}/lift/"
    assert client.post(lift, {}).status_code == HTTPStatus.FOUND
    assert not Closure.objects.exists()


def test_nobody_but_staff_closes_a_site(client: Client, proctor: SiteMember) -> None:
    client.force_login(proctor.user)
    days = {"site": proctor.site_id, "first_day": "2026-06-01", "last_day": "2026-06-02", "reason": "Rebuilding."}
    assert client.post("/admin/exams/closure/close/", days).status_code in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}
    assert not Closure.objects.exists()


def test_what_is_awaited_longer_than_promised_is_counted_and_listed(client: Client, dan: User) -> None:
    """A result is promised within 48 hours (LAB-19), and a re-read by its day (RRD-05). It is 6 May."""
    client.force_login(dan)
    late = factories.BookingFactory.create(status="sat", sitting=factories.SittingFactory.create(day=day("2026-05-03")))
    factories.BookingFactory.create(status="sat")  # of 4 May: the second day is not over
    factories.BookingFactory.create(sitting=late.seat.sitting)
    for status, due_on in (("paid", "2026-05-05"), ("paid", "2026-05-06"), ("unchanged", "2026-05-05")):
        about = {"status": status, "paid_at": START, "due_on": day(due_on)}
        booking = factories.BookingFactory.create(status="no_show")
        Reread.objects.create(booking=booking, decision=[], requested_at=START, **about)

    tasks = {task.title: task for task in client.get("/admin/").context["tasks"]}
    for title in ("lab result awaited longer than promised", "re-read awaited longer than promised"):
        assert tasks[title].count == 1
        listed = client.get(tasks[title].url).context["cl"]
        assert listed.result_count == 1
    assert client.get("/admin/exams/booking/?result=overdue").context["cl"].queryset.get() == late


def test_a_site_shows_its_weekdays_and_prices_and_changes_them_elsewhere(client: Client, dan: User) -> None:
    client.force_login(dan)
    site = factories.SiteFactory.create()
    opened = [factories.SittingPatternFactory.create(site=site, weekday=number, seats=3) for number in range(3)]
    opened[0].tracks.add(factories.TrackFactory.create(code="ccie-security"))
    SitePrice.objects.create(site=site, kit="fixed", since=day("2026-01-01"), net_cents=170_000)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/admin/exams/site/{site.pk}/change/").content.decode()
    for shown in ("Tuesday", "ccie-security", "every track with a lab", "1,700.00"):
        assert shown in page
    assert 'name="patterns-0-seats"' not in page and 'name="prices-0-net_cents"' not in page
    SittingPattern.objects.create(site=site, weekday=4, starts_at=time(9), seats=2, holds_from=day("2026-01-01"))
    with CaptureQueriesContext(connection) as more:
        client.get(f"/admin/exams/site/{site.pk}/change/")
    assert len(more) <= len(queries)
