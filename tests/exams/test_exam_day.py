"""The exam day: arrivals, absences, the log, the end of a sitting. A sitting in Brussels on 4 May 2026 at 08:30."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candidates.models import Acceptance, Agreement, GuardianConsent
from candidates.services import accept_agreement
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from exams.models import Attempt, Booking, CheckIn, LogEntry, SiteMember, Sitting
from exams.rules.desk import IdentityFacts
from exams.services import exam_day
from tests import factories
from tests.exams.lab_world import deliver, notices
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)  # 08:30 in Brussels
OVER = START + timedelta(minutes=121)  # nobody can arrive in time any more
IDENTITY = IdentityFacts("passport", "bank_card", photographed=True, signed=True)


def booked(**about: Any) -> Booking:
    """A paid booking of somebody whose written exam opens the lab; `written` is the day it was passed."""
    written = about.pop("written", "2025-10-06")
    booking: Booking = factories.BookingFactory.create(**about)
    if written:
        Attempt.objects.create(
            candidate=booking.candidate,
            exam=booking.exam.opened_by,
            taken_on=day(written),
            result="pass",
            recorded_at=noon(written),
        )
    return booking


def arrive(booking: Booking, minutes_late: int = 0, *, now: datetime = START, **identity: Any) -> CheckIn:
    return exam_day.check_in(
        booking_id=booking.pk,
        minutes_late=minutes_late,
        identity=replace(IDENTITY, **identity),
        proctor_id=None,
        now=now,
    )


def topics() -> list[str]:
    return list(Event.objects.filter(topic__startswith="exams.").order_by("id").values_list("topic", flat=True))


class TestArrivals:
    def test_who_arrives_starts(self, proctor: SiteMember) -> None:
        for kind in (Agreement.Kind.AGREEMENT, Agreement.Kind.RECORDING):
            factories.AgreementFactory.create(kind=kind)
        booking = booked()

        arrival = exam_day.check_in(
            booking_id=booking.pk, minutes_late=0, identity=IDENTITY, proctor_id=proctor.user_id, now=START
        )

        booking.refresh_from_db()
        assert booking.status == "sat"
        assert (arrival.photo_document, arrival.second_document, arrival.recorded_by) == (
            "passport",
            "bank_card",
            proctor.user,
        )
        assert {each["clause"] for each in arrival.decision} >= {"EXAM-13", "LAB-03", "LAB-12", "CAND-02", "CAND-07"}
        # The signature accepts what is in force (CAND-01, LAB-02).
        accepted = Acceptance.objects.filter(candidate=booking.candidate)
        assert sorted(accepted.values_list("agreement__kind", flat=True)) == ["agreement", "recording"]
        entry = LogEntry.objects.get()
        assert (entry.kind, entry.booking, entry.recorded_by) == ("started", booking, proctor.user)
        event = Event.objects.get(topic="exams.checked_in")
        assert event.candidate_id == booking.candidate_id
        assert event.payload == {"booking": booking.pk, "track": "ccie-security", "minutes_late": 0}

    def test_a_new_version_is_signed_again_at_the_site(self) -> None:
        """CAND-01, LAB-02: the signature accepts what is in force on the exam day, beside what was accepted before."""
        booking = booked()
        for kind in (Agreement.Kind.AGREEMENT, Agreement.Kind.RECORDING):
            factories.AgreementFactory.create(kind=kind)
            accept_agreement(candidate_id=booking.candidate_id, kind=kind, ip_address=None, now=noon("2026-01-01"))
        factories.AgreementFactory.create(kind="recording", version="2.0", effective_on=day("2026-05-04"))
        arrive(booking)
        accepted = Acceptance.objects.filter(candidate=booking.candidate).order_by("id")
        assert list(accepted.values_list("agreement__kind", "agreement__version", "language")) == [
            ("agreement", "1.0", ""),
            ("recording", "1.0", ""),
            ("recording", "2.0", ""),
        ]

    def test_twice_is_once(self) -> None:
        booking = booked()
        first = arrive(booking)
        assert arrive(booking, 7, second_document="employee_card") == first
        assert (CheckIn.objects.count(), LogEntry.objects.count(), topics()) == (1, 1, ["exams.checked_in"])

    def test_exactly_two_hours_late_may_start_and_the_minutes_recorded_count(self) -> None:
        booking = booked()
        assert arrive(booking, 120, now=START + timedelta(hours=11)).minutes_late == 120

    def test_later_it_counts_as_not_appeared_and_refuses(self) -> None:
        booking = booked()
        with pytest.raises(Refused) as refusal:
            arrive(booking, 121)
        assert refused_with(refusal.value) == ("LAB-12",)
        booking.refresh_from_db()
        assert booking.status == "no_show"
        assert not CheckIn.objects.exists()
        assert LogEntry.objects.values_list("kind", "minutes").get() == ("missed", 121)
        event = Event.objects.get(topic="exams.no_show")
        assert event.payload["minutes_late"] == 121
        assert [each["met"] for each in event.payload["decision"] if each["clause"] == "LAB-12"] == [True, False]
        with pytest.raises(Refused) as again:
            arrive(booking, 10)  # a second look at the watch changes nothing
        assert refused_with(again.value) == ("LAB-13",)

    @pytest.mark.parametrize(
        ("_case", "about", "identity", "unmet"),
        [
            ("no government photo", {}, {"photo_document": "bank_card", "second_document": ""}, ("EXAM-13",)),
            ("no consent to the photograph", {}, {"photographed": False}, ("EXAM-13",)),
            ("no written pass", {"written": None}, {}, ("LAB-03",)),
            ("a written pass of three years ago", {"written": "2023-05-04"}, {}, ("LAB-03",)),
            ("an unpaid booking", {"status": "reserved"}, {}, ("LAB-06",)),
            ("one that was moved", {"status": "rescheduled"}, {}, ("RSCH-04",)),
            ("moved to an embargoed country", {"candidate__country": "SY"}, {}, ("CAND-07",)),
            ("a minor without a guardian", {"candidate__born": day("2010-01-01")}, {}, ("CAND-05",)),
        ],
    )
    def test_who_may_not_start(
        self, _case: str, about: dict[str, Any], identity: dict[str, Any], unmet: tuple[str, ...]
    ) -> None:
        booking = booked(**about)
        before = booking.status
        with pytest.raises(Refused) as refusal:
            arrive(booking, **identity)
        assert refused_with(refusal.value) == unmet
        booking.refresh_from_db()
        assert booking.status == before
        assert (CheckIn.objects.count(), LogEntry.objects.count(), topics()) == (0, 0, [])

    def test_a_guardian_who_signed_lets_a_minor_start(self) -> None:
        booking = booked(candidate__born=day("2010-01-01"))
        GuardianConsent.objects.create(
            candidate=booking.candidate, guardian="B. Guardian", signed_on=day("2026-05-04"), recorded_at=START
        )
        assert arrive(booking).booking == booking

    def test_nobody_arrives_before_the_day_of_the_site(self) -> None:
        booking = booked()
        midnight = datetime(2026, 5, 3, 22, tzinfo=UTC)  # in Brussels
        with pytest.raises(Refused) as refusal:
            arrive(booking, now=midnight - timedelta(minutes=1))
        assert refused_with(refusal.value) == ("LAB-12",)
        assert arrive(booking, now=midnight).booking == booking


class TestAbsences:
    def test_who_does_not_appear_forfeits(self) -> None:
        booking = booked()
        exam_day.mark_absent(booking_id=booking.pk, proctor_id=None, now=OVER)
        booking.refresh_from_db()
        assert booking.status == "no_show"
        assert LogEntry.objects.get().kind == "missed"
        assert Event.objects.get(topic="exams.no_show").payload["minutes_late"] is None

    def test_twice_is_once(self) -> None:
        booking = booked()
        for _ in range(2):
            exam_day.mark_absent(booking_id=booking.pk, proctor_id=None, now=OVER)
        assert topics() == ["exams.no_show"]

    @pytest.mark.parametrize(
        ("status", "now", "unmet"),
        [
            ("sat", OVER, ("LAB-12",)),
            ("cancelled", OVER, ("LAB-14",)),
            ("paid", START - timedelta(days=1), ("LAB-12",)),
        ],
    )
    def test_who_cannot_be_absent(self, status: str, now: datetime, unmet: tuple[str, ...]) -> None:
        booking = booked(status=status)
        with pytest.raises(Refused) as refusal:
            exam_day.mark_absent(booking_id=booking.pk, proctor_id=None, now=now)
        assert refused_with(refusal.value) == unmet
        booking.refresh_from_db()
        assert (booking.status, topics()) == (status, [])


class TestTheEndOfASitting:
    def close(self, sitting: Sitting, proctor: SiteMember, now: datetime = OVER) -> Sitting:
        return exam_day.close_sitting(sitting_id=sitting.pk, proctor_id=proctor.user_id, now=now)

    def test_whoever_is_expected_and_has_not_arrived_did_not_appear(self, proctor: SiteMember) -> None:
        came, missed, unpaid = booked(), booked(), booked(status="unpaid_cancelled")
        elsewhere = booked(sitting=factories.SittingFactory.create(day=day("2026-05-05")))
        arrive(came)
        sitting = came.seat.sitting

        self.close(sitting, proctor)

        states = [Booking.objects.get(pk=each.pk).status for each in (came, missed, unpaid, elsewhere)]
        assert states == ["sat", "no_show", "unpaid_cancelled", "paid"]
        sitting.refresh_from_db()
        assert (sitting.closed_at, sitting.closed_by) == (OVER, proctor.user)
        assert list(LogEntry.objects.values_list("kind", flat=True)) == ["started", "missed", "ended"]
        assert topics() == ["exams.checked_in", "exams.no_show", "exams.sitting_closed"]
        assert Event.objects.get(topic="exams.sitting_closed").payload == {"site": "brussels", "missed": 1}

    def test_twice_is_once(self, proctor: SiteMember) -> None:
        sitting = booked().seat.sitting
        self.close(sitting, proctor)
        assert self.close(sitting, proctor, OVER + timedelta(hours=1)).closed_at == OVER
        assert topics() == ["exams.no_show", "exams.sitting_closed"]

    def test_not_while_somebody_may_still_arrive(self, proctor: SiteMember) -> None:
        booking = booked()
        with pytest.raises(Refused) as refusal:
            self.close(booking.seat.sitting, proctor, START + timedelta(minutes=120))
        assert refused_with(refusal.value) == ("LAB-12",)
        booking.refresh_from_db()
        assert (booking.status, topics()) == ("paid", [])


class TestTheLog:
    def write(self, booking: Booking, proctor: SiteMember, **entry: Any) -> LogEntry:
        return exam_day.add_log_entry(
            sitting_id=booking.seat.sitting_id,
            proctor_id=proctor.user_id,
            now=OVER,
            **{"booking_id": booking.pk, "kind": "break", "minutes": 11, "text": "A nosebleed."} | entry,
        )

    def test_a_long_break_has_its_reason(self, proctor: SiteMember) -> None:
        booking = booked()
        entry = self.write(booking, proctor)
        assert (entry.minutes, entry.text, entry.recorded_by) == (11, "A nosebleed.", proctor.user)
        with pytest.raises(Refused) as refusal:
            self.write(booking, proctor, text="")
        assert refused_with(refusal.value) == ("LAB-18",)
        assert LogEntry.objects.count() == 1

    def test_a_booking_of_another_sitting_has_no_line_in_it(self, proctor: SiteMember) -> None:
        booking, other = booked(), booked(sitting=factories.SittingFactory.create(day=day("2026-05-05")))
        with pytest.raises(Booking.DoesNotExist):
            self.write(booking, proctor, booking_id=other.pk)
        assert not LogEntry.objects.exists()

    def test_nothing_is_written_after_the_end(self, proctor: SiteMember) -> None:
        booking = booked()
        exam_day.close_sitting(sitting_id=booking.seat.sitting_id, proctor_id=proctor.user_id, now=OVER)
        with pytest.raises(Refused):
            self.write(booking, proctor)
        assert list(LogEntry.objects.values_list("kind", flat=True)) == ["missed", "ended"]


class TestWhatIsSaid:
    def test_who_did_not_appear_is_told_what_follows(self) -> None:
        absent, late = booked(), booked()
        exam_day.mark_absent(booking_id=absent.pk, proctor_id=None, now=OVER)
        with pytest.raises(Refused):
            arrive(late, 150)
        deliver(OVER)
        (first,) = notices(absent.candidate, "lab_no_show")
        assert first.startswith("Not appeared: Exam lab-ccie-security on 4 May 2026\n")
        assert "the site has marked you as not appeared" in first
        assert "You can book another exam from 4 June 2026." in first
        (second,) = notices(late.candidate, "lab_no_show")
        assert "you arrived 150 minutes after the start" in second
