"""Faults and unavoidable events, and the remedy for them. A sitting in Brussels on 4 May 2026 at 08:30."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from candidates.models import Case, User
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from exams import desk_queries
from exams.models import Attempt, Booking, CheckIn, Incident, LogEntry, Remedy, SiteMember
from exams.services import bookings, exam_day, incidents
from payments.models import Voucher
from tests import factories
from tests.exams.lab_world import deliver, notices
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)  # 08:30 in Brussels
TEN = START + timedelta(minutes=90)


@pytest.fixture
def sitting_lab(db: None) -> Booking:
    """Somebody who is sitting the lab."""
    booking: Booking = factories.BookingFactory.create(status="sat")
    CheckIn.objects.create(
        booking=booking, minutes_late=0, photographed=True, signed=True, decision=[], recorded_at=START
    )
    return booking


def record(booking: Booking, minutes: int | None, *, now: datetime = TEN, **about: Any) -> Incident:
    return incidents.record_incident(booking_id=booking.pk, minutes=minutes, proctor_id=None, now=now, **about)


def in_order(booking: Booking, minutes: int | None = 180, **about: Any) -> Incident:
    return record(booking, minutes, **{"caused_by_candidate": False, "modules_passed": True} | about)


def grant(booking: Booking, kind: str = "voucher", *, staff: User | None = None, on: str = "2026-05-06") -> Remedy:
    return incidents.grant_remedy(booking_id=booking.pk, kind=kind, staff_id=staff.pk if staff else None, now=noon(on))


def status(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).status


def topics() -> list[str]:
    return list(Event.objects.filter(topic__startswith="exams.").order_by("id").values_list("topic", flat=True))


class TestFaults:
    def test_a_short_one_makes_the_session_longer_by_exactly_its_minutes(self, sitting_lab: Booking) -> None:
        incident = record(sitting_lab, 119)
        assert status(sitting_lab) == "sat"
        assert [each["clause"] for each in incident.decision or []] == ["INC-01"]
        assert desk_queries.session_ends_at(sitting_lab) == START + timedelta(hours=8, minutes=119)
        assert topics() == ["exams.session_extended"]
        assert LogEntry.objects.values_list("kind", "minutes").get() == ("fault", 119)
        assert not Case.objects.exists()

    def test_each_is_judged_by_itself(self, sitting_lab: Booking) -> None:
        """Two that add up to more than two hours end nothing; the session is longer by both."""
        record(sitting_lab, 100)
        record(sitting_lab, 119, now=TEN + timedelta(hours=4))
        assert status(sitting_lab) == "sat"
        assert desk_queries.session_ends_at(sitting_lab) == START + timedelta(hours=8, minutes=219)

    def test_one_of_two_hours_ends_the_exam_and_opens_a_case(self, sitting_lab: Booking) -> None:
        record(sitting_lab, 30)
        incident = record(sitting_lab, 120, now=TEN + timedelta(hours=3), description="The rack lost power.")
        assert status(sitting_lab) == "incident"
        case = Case.objects.get()
        assert (case.kind, case.clause, case.candidate) == ("lab_incident", "INC-02", sitting_lab.candidate)
        assert case.subject == f"exams.booking:{sitting_lab.pk}"
        assert case.facts["records"] == [f"exams.incident:{incident.pk}"]
        assert topics() == ["exams.session_extended", "exams.lab_ended_by_incident"]
        assert not Attempt.objects.exists()

    def test_after_the_end_there_is_none(self, sitting_lab: Booking) -> None:
        record(sitting_lab, 120)
        with pytest.raises(Refused) as refusal:
            record(sitting_lab, 5)
        assert refused_with(refusal.value) == ("INC-02", "INC-01")
        assert (Incident.objects.count(), Case.objects.count()) == (1, 1)

    def test_its_clock_runs_until_it_is_stopped(self, sitting_lab: Booking, proctor: SiteMember) -> None:
        begun = incidents.begin_incident(
            booking_id=sitting_lab.pk,
            description="No terminal.",
            proctor_id=proctor.user_id,
            now=TEN + timedelta(seconds=40),
        )
        assert begun.is_running
        assert begun.began_at == TEN  # whole minutes, as the clock on the wall shows them
        with pytest.raises(Refused) as refusal:
            incidents.begin_incident(booking_id=sitting_lab.pk, proctor_id=proctor.user_id, now=TEN)
        assert refused_with(refusal.value) == ("INC-01",)
        with pytest.raises(Refused):  # nor is the sitting over meanwhile
            exam_day.close_sitting(
                sitting_id=sitting_lab.seat.sitting_id, proctor_id=proctor.user_id, now=TEN + timedelta(hours=1)
            )

        def end(after: timedelta) -> Incident:
            return incidents.end_incident(
                incident_id=begun.pk,
                caused_by_candidate=False,
                description="A new cable.",
                proctor_id=proctor.user_id,
                now=TEN + after,
            )

        ended = end(timedelta(minutes=119, seconds=59))
        assert (ended.minutes, ended.caused_by_candidate, ended.modules_passed) == (119, False, None)
        assert ended.description == "No terminal.\nA new cable."
        assert end(timedelta(hours=5)).minutes == 119
        assert status(sitting_lab) == "sat"
        assert topics() == ["exams.incident_begun", "exams.session_extended"]
        assert list(LogEntry.objects.values_list("minutes", flat=True)) == [None, 119]

    def test_a_clock_stopped_after_two_hours_ends_the_exam(self, sitting_lab: Booking) -> None:
        begun = incidents.begin_incident(booking_id=sitting_lab.pk, proctor_id=None, now=TEN)
        incidents.end_incident(incident_id=begun.pk, proctor_id=None, now=TEN + timedelta(minutes=120))
        assert status(sitting_lab) == "incident"

    def test_nobody_has_to_wait_for_what_will_take_longer(self, sitting_lab: Booking) -> None:
        begun = incidents.begin_incident(booking_id=sitting_lab.pk, proctor_id=None, now=TEN)
        incidents.end_incident(incident_id=begun.pk, too_long=True, proctor_id=None, now=TEN + timedelta(minutes=15))
        assert status(sitting_lab) == "incident"
        incidents.complete_incident(
            incident_id=begun.pk,
            caused_by_candidate=False,
            modules_passed=True,
            description="The room was flooded.",
            staff_id=None,
            now=noon("2026-05-05"),
        )
        assert grant(sitting_lab).kind == "voucher"

    def test_two_clocks_do_not_run_in_the_database_either(self, sitting_lab: Booking) -> None:
        incidents.begin_incident(booking_id=sitting_lab.pk, proctor_id=None, now=TEN)
        with pytest.raises(IntegrityError), transaction.atomic():
            Incident.objects.create(booking=sitting_lab, began_at=TEN, recorded_at=TEN)
        with pytest.raises(IntegrityError), transaction.atomic():
            Incident.objects.create(booking=sitting_lab, began_at=TEN, ended_at=TEN, recorded_at=TEN)


class TestEvents:
    def test_one_that_prevents_the_exam_has_the_same_remedy(self) -> None:
        booking = factories.BookingFactory.create()
        record(
            booking, None, too_long=True, unavoidable=True, description="A storm; see letter.", now=noon("2026-05-01"),
            caused_by_candidate=False,
        )  # fmt: skip
        assert status(booking) == "incident"
        assert Case.objects.get().clause == "INC-04"
        assert grant(booking, "reschedule").used_at is None

    def test_one_found_later_takes_back_that_nobody_appeared(self) -> None:
        booking = factories.BookingFactory.create(status="no_show")
        record(booking, None, too_long=True, unavoidable=True, description="An accident.", now=noon("2026-05-10"))
        assert status(booking) == "incident"

    def test_one_without_words_is_none(self) -> None:
        booking = factories.BookingFactory.create()
        with pytest.raises(Refused) as refusal:
            record(booking, None, too_long=True, unavoidable=True)
        assert refused_with(refusal.value) == ("INC-04",)
        assert (status(booking), topics()) == ("paid", [])

    def test_one_that_is_over_in_time_leaves_the_exam_as_it_is(self) -> None:
        booking = factories.BookingFactory.create()
        record(booking, 45, unavoidable=True, description="A fire drill.", now=START)
        assert status(booking) == "paid"
        assert desk_queries.session_ends_at(booking) == START + timedelta(hours=8, minutes=45)


class TestLeftBookings:
    """What the candidate leaves while the clock of an event is running."""

    @pytest.fixture
    def left(self, db: None) -> Incident:
        booking = factories.BookingFactory.create()
        begun = incidents.begin_incident(
            booking_id=booking.pk, unavoidable=True, description="A strike.", proctor_id=None, now=noon("2026-04-01")
        )
        bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-04-02"))
        return begun

    def end(self, incident: Incident, *, on: str = "2026-05-02") -> Incident:
        known = {"too_long": True, "caused_by_candidate": False, "proctor_id": None}
        return incidents.end_incident(incident_id=incident.pk, **known, now=noon(on))

    def test_the_clock_is_stopped_and_they_stay_what_they_are(self, left: Incident) -> None:
        assert self.end(left).minutes == 480
        assert status(left.booking) == "cancelled" and not Case.objects.exists()
        assert topics()[-1] == "exams.incident_ended_without_exam"

    def test_there_is_no_remedy_for_them(self, left: Incident) -> None:
        self.end(left)
        with pytest.raises(Refused) as refusal:
            grant(left.booking, "reschedule")
        assert refused_with(refusal.value) == ("INC-03",)
        assert not Remedy.objects.exists()

    def test_their_clock_keeps_nobody_at_the_sitting(self, left: Incident, proctor: SiteMember) -> None:
        sitting = left.booking.seat.sitting
        closed = exam_day.close_sitting(sitting_id=sitting.pk, proctor_id=proctor.user_id, now=noon("2026-05-04"))
        assert closed.closed_at is not None

    def test_a_clock_forgotten_for_weeks_can_be_stopped(self, sitting_lab: Booking) -> None:
        begun = incidents.begin_incident(booking_id=sitting_lab.pk, proctor_id=None, now=TEN)
        assert incidents.end_incident(incident_id=begun.pk, proctor_id=None, now=noon("2026-07-04")).minutes == 480
        assert status(sitting_lab) == "incident"


class TestRemedies:
    def test_a_voucher_of_one_year(self, sitting_lab: Booking, dan: User) -> None:
        in_order(sitting_lab)
        remedy = grant(sitting_lab, staff=dan)
        assert remedy.voucher is not None
        assert remedy.voucher.candidate == sitting_lab.candidate
        assert remedy.voucher.expires_on == day("2027-05-06")
        assert (remedy.voucher.status, remedy.voucher.origin) == ("unused", "remedy")
        assert remedy.granted_by == dan
        assert {each["clause"] for each in remedy.decision} == {"INC-01", "INC-03"}
        event = Event.objects.get(topic="exams.remedy_granted")
        assert event.payload == {"booking": sitting_lab.pk, "kind": "voucher"}

    def test_a_free_change(self, sitting_lab: Booking) -> None:
        in_order(sitting_lab)
        remedy = grant(sitting_lab, "reschedule")
        assert (remedy.voucher, remedy.used_at, Voucher.objects.count()) == (None, None, 0)

    def test_once(self, sitting_lab: Booking) -> None:
        in_order(sitting_lab)
        grant(sitting_lab)
        for kind in ("voucher", "reschedule"):
            with pytest.raises(Refused) as refusal:
                grant(sitting_lab, kind)
            assert refused_with(refusal.value) == ("INC-03",)
        assert (Remedy.objects.count(), Voucher.objects.count()) == (1, 1)

    @pytest.mark.parametrize(
        ("_case", "minutes", "about", "unmet"),
        [
            ("a short fault", 119, {}, ("INC-01", "INC-03")),
            ("caused by the candidate", 180, {"caused_by_candidate": True}, ("INC-03",)),
            ("a module failed", 180, {"modules_passed": False}, ("INC-03",)),
            ("modules not recorded", 180, {"modules_passed": None}, ("INC-03",)),
        ],
    )
    def test_what_has_none(
        self, _case: str, minutes: int, about: dict[str, Any], unmet: tuple[str, ...], sitting_lab: Booking
    ) -> None:
        in_order(sitting_lab, minutes, **about)
        with pytest.raises(Refused) as refusal:
            grant(sitting_lab)
        assert refused_with(refusal.value) == unmet
        assert (Remedy.objects.count(), Voucher.objects.count()) == (0, 0)
        assert "exams.remedy_granted" not in topics()

    def test_two_short_faults_are_no_long_one(self, sitting_lab: Booking) -> None:
        in_order(sitting_lab, 100)
        in_order(sitting_lab, 100)
        with pytest.raises(Refused) as refusal:
            grant(sitting_lab)
        assert refused_with(refusal.value) == ("INC-01", "INC-03")

    def test_without_anything_on_record_there_is_none(self, sitting_lab: Booking) -> None:
        with pytest.raises(Refused) as refusal:
            grant(sitting_lab)
        assert refused_with(refusal.value) == ("INC-03",)

    def test_a_voucher_remedy_without_its_voucher_is_refused_by_the_database(self, sitting_lab: Booking) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Remedy.objects.create(booking=sitting_lab, kind="voucher", decision=[], granted_at=TEN)


class TestWhatIsSaid:
    def test_whose_exam_was_ended_is_told_at_once_and_of_the_remedy(self, sitting_lab: Booking) -> None:
        in_order(sitting_lab, 180)
        deliver(TEN)
        (ended,) = notices(sitting_lab.candidate, "lab_ended")
        assert "a fault that could not be mended in time has ended your Exam lab-ccie-security" in ended
        grant(sitting_lab, "reschedule")
        deliver(noon("2026-05-06"))
        (remedy,) = notices(sitting_lab.candidate, "remedy_granted")
        assert "you may change to any site and day with a free seat" in remedy
        assert f"/labs/bookings/{sitting_lab.pk}/" in remedy

    def test_a_voucher_has_a_message_of_its_own(self, sitting_lab: Booking) -> None:
        in_order(sitting_lab, 180)
        remedy = grant(sitting_lab)
        deliver(noon("2026-05-06"))
        assert remedy.voucher is not None
        assert remedy.voucher.code in "".join(notices(sitting_lab.candidate, "voucher_issued"))
        assert "stand in a message of their own" in "".join(notices(sitting_lab.candidate, "remedy_granted"))

    def test_of_a_short_one_nothing_is_said(self, sitting_lab: Booking) -> None:
        record(sitting_lab, 30)
        deliver(TEN)
        assert not sitting_lab.candidate.notices.exists()
