"""The desk belongs to the proctors of its site: what they see, what they do, and who must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from candidates.models import Candidate, Case, User
from catalog.models import ProviderMember
from ceportal.kernel import clock
from exams.models import Booking, CheckIn, Incident, LogEntry, SiteMember, Sitting
from tests import factories
from tests.exams.test_exam_day import arrive, booked
from tests.factories import day, noon

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)  # 08:30 in Brussels
IN_TIME = {
    "minutes_late": "5",
    "photo_document": "passport",
    "second_document": "bank_card",
    "photographed": "on",
    "signed": "on",
}
ENDED = {"caused_by_candidate": "no", "modules_passed": "unknown"}


@pytest.fixture
def desk(client: Client, proctor: SiteMember) -> Client:
    """Petra's browser."""
    client.force_login(proctor.user)
    return client


def get(client: Client, address: str, *, at: datetime = START, status: int = 200) -> str:
    with clock.standing_at(at):
        response = client.get(address)
    assert response.status_code == status, response.text
    return response.text


def post(client: Client, address: str, *, at: datetime = START, status: int = 302, **sent: Any) -> str:
    with clock.standing_at(at):
        response = client.post(address, sent)
    assert response.status_code == status, response.text
    return response.text


def state(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).status


class TestWhoMayNot:
    def test_for_others_there_is_no_desk(
        self, client: Client, alice: Candidate, bob: ProviderMember, dan: User
    ) -> None:
        booking = booked()
        for user in (alice.user, bob.user, dan):
            client.force_login(user)
            for address in ("/desk/", "/desk/2026-05-04/", f"/desk/bookings/{booking.pk}/"):
                get(client, address, status=404)
            post(client, f"/desk/bookings/{booking.pk}/check-in/", status=404, **IN_TIME)
        assert state(booking) == "paid"

    def test_who_is_no_proctor_any_more_has_no_desk(self, client: Client, proctor: SiteMember) -> None:
        SiteMember.objects.update(active=False)
        client.force_login(proctor.user)
        get(client, "/desk/", status=404)

    def test_visitors_sign_in_first(self, client: Client) -> None:
        response = client.get("/desk/")
        assert response.status_code == 302
        assert response["Location"] == "/accounts/login/?next=/desk/"

    def test_a_proctor_sees_and_does_nothing_at_another_site(self, desk: Client) -> None:
        tokyo = factories.SiteFactory.create(code="tokyo", country="JP", time_zone="Asia/Tokyo")
        sitting = factories.SittingFactory.create(site=tokyo)
        theirs, sat = booked(sitting=sitting), booked(sitting=sitting, status="sat")
        Incident.objects.create(booking=sat, began_at=START, recorded_at=START)
        own = booked()  # Brussels holds a sitting on the same day

        page = get(desk, "/desk/")
        assert own.candidate.name in page
        for name in (theirs.candidate.name, sat.candidate.name):
            assert name not in page
        get(desk, f"/desk/bookings/{theirs.pk}/", status=404)
        post(desk, f"/desk/bookings/{theirs.pk}/check-in/", status=404, **IN_TIME)
        post(desk, f"/desk/bookings/{sat.pk}/fault/", status=404)
        post(desk, f"/desk/bookings/{sat.pk}/fault/end/", status=404)
        post(desk, f"/desk/bookings/{sat.pk}/result/", status=404, result="pass")
        post(desk, "/desk/2026-05-04/log/", status=422, kind="note", booking=str(theirs.pk), text="Peeping.")
        post(desk, "/desk/2026-05-04/close/", at=START + timedelta(hours=9))

        assert (state(theirs), state(sat), state(own)) == ("paid", "sat", "no_show")
        sitting.refresh_from_db()
        assert sitting.closed_at is None
        assert not LogEntry.objects.exclude(sitting=own.seat.sitting).exists()
        assert Incident.objects.get().is_running


class TestTheFirstPage:
    def test_a_proctor_sees_the_site_in_its_own_time(self, client: Client) -> None:
        tokyo = factories.SiteFactory.create(
            code="tokyo", country="JP", time_zone="Asia/Tokyo", address="Akasaka 9-7-1\nTokyo"
        )
        client.force_login(factories.SiteMemberFactory.create(site=tokyo).user)
        page = get(client, "/desk/", at=noon("2026-03-02").replace(hour=16))
        assert "3 March 2026, 01:00" in page
        assert "Akasaka 9-7-1" in page
        assert "No sitting today" in page

    def test_today_is_the_sites(self, client: Client) -> None:
        """At 16:00 UTC of Sunday it is Monday in Tokyo."""
        tokyo = factories.SiteFactory.create(code="tokyo", country="JP", time_zone="Asia/Tokyo")
        booking = booked(sitting=factories.SittingFactory.create(site=tokyo))
        client.force_login(factories.SiteMemberFactory.create(site=tokyo).user)
        assert "Sitting of 4 May 2026" not in get(client, "/desk/", at=datetime(2026, 5, 3, 14, 59, tzinfo=UTC))
        page = get(client, "/desk/", at=datetime(2026, 5, 3, 15, tzinfo=UTC))
        assert "Sitting of 4 May 2026" in page
        assert booking.candidate.name in page

    @pytest.mark.parametrize(
        ("at", "says"),
        [
            (START - timedelta(minutes=1), "The exam begins at 08:30."),
            (START, "0 minutes since the start"),
            (START + timedelta(minutes=120), "120 minutes since the start"),
            (START + timedelta(minutes=121), "Nobody can arrive in time any more"),
        ],
    )
    def test_the_clock_of_lateness(self, at: datetime, says: str, desk: Client) -> None:
        booked()
        page = get(desk, "/desk/", at=at)
        assert says in page
        assert "Arrivals until 10:30" in page

    def test_what_is_left_to_do(self, desk: Client) -> None:
        sat = booked(status="sat")
        later = booked(sitting=factories.SittingFactory.create(day=day("2026-05-11")))
        get(desk, f"/desk/bookings/{sat.pk}/")
        next_day = get(desk, "/desk/", at=noon("2026-05-05"))
        assert "Not closed yet" in next_day
        assert 'href="/desk/2026-05-04/"' in next_day
        assert "6 May 2026, 16:30" in next_day  # eight hours, and forty-eight
        assert "overdue" not in next_day
        assert 'href="/desk/2026-05-11/"' in next_day
        assert later.candidate.name in get(desk, "/desk/2026-05-11/", at=noon("2026-05-05"))
        assert "overdue" in get(desk, "/desk/", at=datetime(2026, 5, 6, 14, 30, tzinfo=UTC))

    def test_more_people_are_no_more_queries(self, desk: Client, django_assert_num_queries: Any) -> None:
        sitting = factories.SittingFactory.create(seats=12)
        for _more in range(2):
            arrive(booked(sitting=sitting))
        with clock.standing_at(START):
            desk.get("/desk/")
            with _counted() as few:
                desk.get("/desk/")
            for _more in range(8):
                booking = booked(sitting=sitting)
                arrive(booking)
                Incident.objects.create(booking=booking, began_at=START, recorded_at=START)
            with django_assert_num_queries(len(few)):
                desk.get("/desk/")


def _counted() -> Any:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)


class TestCheckIn:
    def test_the_form_knows_how_late_it_is(self, desk: Client) -> None:
        booking = booked()
        page = get(desk, f"/desk/bookings/{booking.pk}/", at=START + timedelta(minutes=47))
        assert 'name="minutes_late" value="47"' in page

    def test_somebody_is_checked_in(self, desk: Client, proctor: SiteMember) -> None:
        booking = booked()
        post(desk, f"/desk/bookings/{booking.pk}/check-in/", **IN_TIME)
        assert state(booking) == "sat"
        arrival = CheckIn.objects.get()
        assert (arrival.minutes_late, arrival.recorded_by) == (5, proctor.user)
        page = get(desk, f"/desk/bookings/{booking.pk}/")
        assert "5 minutes after the start" in page
        assert "Passport, bank card with signature" in page
        post(desk, f"/desk/bookings/{booking.pk}/check-in/", **IN_TIME)  # pressed twice
        assert CheckIn.objects.count() == 1

    def test_what_lacks_is_said_and_what_was_typed_stays(self, desk: Client) -> None:
        booking = booked()
        sent = IN_TIME | {"second_document": "passport", "minutes_late": "7"}
        page = post(desk, f"/desk/bookings/{booking.pk}/check-in/", status=409, **sent)
        assert "No second document was shown, different from the first." in page
        assert 'name="minutes_late" value="7"' in page
        assert state(booking) == "paid"

    def test_who_is_too_late_is_marked_as_not_appeared(self, desk: Client) -> None:
        booking = booked()
        page = post(desk, f"/desk/bookings/{booking.pk}/check-in/", status=409, **IN_TIME | {"minutes_late": "121"})
        assert "later than 120 the exam cannot begin" in page
        assert "Not appeared" in page
        assert state(booking) == "no_show"

    def test_before_the_day_there_is_no_form(self, desk: Client) -> None:
        booking = booked()
        page = get(desk, f"/desk/bookings/{booking.pk}/", at=START - timedelta(days=1))
        assert "minutes_late" not in page


class TestFaults:
    def test_a_fault_is_timed_and_mended(self, desk: Client) -> None:
        booking = booked(status="sat")
        address = f"/desk/bookings/{booking.pk}/"
        post(desk, f"{address}fault/", at=START + timedelta(hours=1), what="fault", description="No terminal.")
        assert "45 minutes lost since 09:30" in get(desk, address, at=START + timedelta(hours=1, minutes=45))
        assert "fault, 45 minutes so far" in get(desk, "/desk/", at=START + timedelta(hours=1, minutes=45))
        post(desk, f"{address}fault/end/", at=START + timedelta(hours=2), **ENDED)
        incident = Incident.objects.get()
        assert (incident.minutes, incident.caused_by_candidate, incident.modules_passed) == (60, False, None)
        assert "17:30" in get(desk, address, at=START + timedelta(hours=2))
        post(desk, f"{address}fault/end/", at=START + timedelta(hours=3))  # pressed twice
        assert Incident.objects.get().minutes == 60

    def test_after_two_hours_the_exam_is_over(self, desk: Client) -> None:
        booking = booked(status="sat")
        address = f"/desk/bookings/{booking.pk}/"
        post(desk, f"{address}fault/", at=START, what="fault")
        assert "It has taken so long that the exam is over" in get(desk, address, at=START + timedelta(minutes=120))
        post(desk, f"{address}fault/end/", at=START + timedelta(minutes=120), **ENDED)
        assert (state(booking), Case.objects.count()) == ("incident", 1)

    def test_an_event_needs_words(self, desk: Client) -> None:
        booking = booked()
        page = post(desk, f"/desk/bookings/{booking.pk}/fault/", status=409, what="event")
        assert "counts only where it is well documented" in page
        assert not Incident.objects.exists()


class TestTheEnd:
    def test_a_line_of_the_log(self, desk: Client) -> None:
        booking = booked(status="sat")
        sent = {"kind": "break", "booking": str(booking.pk), "minutes": "15"}
        page = post(desk, "/desk/2026-05-04/log/", status=409, **sent)
        assert "A break of more than 10 minutes needs a reason." in page
        post(desk, "/desk/2026-05-04/log/", **sent | {"text": "A nosebleed."})
        assert LogEntry.objects.values_list("kind", "minutes", "text").get() == ("break", 15, "A nosebleed.")
        assert "A nosebleed." in get(desk, "/desk/2026-05-04/")

    def test_the_sitting_is_closed(self, desk: Client, proctor: SiteMember) -> None:
        booking = booked()
        early = post(desk, "/desk/2026-05-04/close/", at=START + timedelta(minutes=120), status=409)
        assert "those expected may arrive; still expected: 1" in early
        page = get(desk, "/desk/2026-05-04/", at=START + timedelta(minutes=121))
        assert "what they paid is forfeited" in page
        post(desk, "/desk/2026-05-04/close/", at=START + timedelta(minutes=121))
        assert state(booking) == "no_show"
        assert Sitting.objects.get().closed_by == proctor.user
        assert "Closed on 4 May 2026 at 10:31" in get(desk, "/desk/2026-05-04/", at=START + timedelta(hours=3))

    def test_addresses_without_a_sitting_do_not_exist(self, desk: Client) -> None:
        for address in ("/desk/2026-05-04/", "/desk/2026-02-30/", "/desk/bookings/1/"):
            get(desk, address, status=404)
