"""Results of labs: published once, told to the candidate, followed where they are corrected."""

from __future__ import annotations

from typing import Any

import pytest

from candidates.models import Certification
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from exams.models import Attempt, Booking, SiteMember
from exams.services import incidents, results
from exams.services.attempts import correct_attempt
from tests.exams.lab_world import agreements, deliver, notices, topics
from tests.exams.test_exam_day import booked
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

NOW = noon("2026-05-06")


@pytest.fixture
def sat(db: None) -> Booking:
    """A lab sat in Brussels on 4 May 2026."""
    agreements()
    return booked(status="sat", candidate__country="US")


def publish(booking: Booking, result: str, **about: Any) -> Booking:
    return results.publish_result(booking_id=booking.pk, result=result, publisher_id=None, now=NOW, **about)


def again(booking: Booking) -> Booking:
    return Booking.objects.select_related("attempt").get(pk=booking.pk)


def test_a_pass_earns_the_certification_as_of_the_exam_day(sat: Booking, proctor: SiteMember) -> None:
    results.publish_result(booking_id=sat.pk, result="pass", publisher_id=proctor.user_id, now=NOW)

    booking = again(sat)
    assert (booking.status, booking.rereadable, booking.topics) == ("passed", None, [])
    attempt = booking.attempt
    assert attempt is not None
    assert (attempt.exam, attempt.taken_on, attempt.result, attempt.held_in) == (
        sat.exam,
        day("2026-05-04"),
        "pass",
        "BE",  # that of the site, not of the residence
    )
    assert Certification.objects.get().first_certified_on == day("2026-05-04")
    event = Event.objects.get(topic="exams.result_published")
    assert event.payload == {"track": "ccie-security", "result": "pass", "by": proctor.user_id}


def test_a_fail_names_topic_areas_and_whether_it_can_turn(sat: Booking) -> None:
    publish(sat, "fail", topics=["Routing", "Automation"], rereadable=False)
    booking = again(sat)
    assert (booking.status, booking.rereadable, booking.topics) == ("failed", False, ["Routing", "Automation"])
    assert not Certification.objects.exists()


def test_twice_is_once(sat: Booking) -> None:
    publish(sat, "fail")
    publish(sat, "fail", topics=["Routing"])
    assert again(sat).topics == []
    assert Attempt.objects.filter(exam=sat.exam).count() == 1
    assert topics(sat.candidate).count("result_published") == 1


@pytest.mark.parametrize(
    ("_case", "status", "unmet"),
    [
        ("before the candidate came", "paid", ("LAB-12", "LAB-19")),
        ("of somebody who did not come", "no_show", ("LAB-13", "LAB-19")),
        ("of a lab that a fault ended", "incident", ("INC-02", "LAB-19")),
    ],
)
def test_what_has_no_result(_case: str, status: str, unmet: tuple[str, ...], sat: Booking) -> None:
    Booking.objects.update(status=status)
    with pytest.raises(Refused) as refusal:
        publish(sat, "pass")
    assert refused_with(refusal.value) == unmet
    assert again(sat).status == status
    assert not Attempt.objects.filter(exam=sat.exam).exists()
    assert topics(sat.candidate) == []


def test_another_result_is_a_correction_and_not_published(sat: Booking) -> None:
    publish(sat, "fail")
    with pytest.raises(Refused) as refusal:
        publish(sat, "pass")
    assert refused_with(refusal.value) == ("LAB-19",)
    assert again(sat).status == "failed"


def test_while_a_fault_lasts_there_is_none(sat: Booking) -> None:
    incidents.begin_incident(booking_id=sat.pk, proctor_id=None, now=noon("2026-05-04"))
    with pytest.raises(Refused) as refusal:
        publish(sat, "pass")
    assert refused_with(refusal.value) == ("INC-01",)


def test_what_the_rules_forbid_is_kept_as_disallowed_and_refused(sat: Booking) -> None:
    """A fail of the same lab, reported after the check-in, left a wait that was not over on the exam day."""
    Attempt.objects.create(
        candidate=sat.candidate, exam=sat.exam, taken_on=day("2026-04-20"), result="fail", recorded_at=NOW
    )
    with pytest.raises(Refused) as refusal:
        publish(sat, "pass")
    assert "EXAM-04" in refused_with(refusal.value)
    booking = again(sat)
    assert booking.attempt is not None
    assert (booking.status, booking.rereadable, booking.attempt.result) == ("failed", False, "disallowed")
    assert not Certification.objects.exists()
    assert "result_published" not in topics(sat.candidate)


class TestCorrections:
    def correct(self, booking: Booking, result: str) -> None:
        correct_attempt(
            candidate_id=booking.candidate_id,
            exam_number=booking.exam.number,
            taken_on=day("2026-05-04"),
            result=result,
            reason="A scoring error.",
            now=noon("2026-05-10"),
        )

    @pytest.mark.parametrize(
        ("first", "then", "status"),
        [
            ("pass", "fail", "failed"),
            ("pass", "annulled", "failed"),
            ("fail", "pass", "passed"),
            ("fail", "annulled", "failed"),
        ],
    )
    def test_the_booking_says_what_its_result_says(self, first: str, then: str, status: str, sat: Booking) -> None:
        publish(sat, first)
        self.correct(sat, then)
        booking = again(sat)
        assert booking.attempt is not None
        assert (booking.status, booking.attempt.result) == (status, then)
        assert topics(sat.candidate)[-1] == "booking_corrected"

    def test_a_written_exam_has_no_booking(self, sat: Booking) -> None:
        assert sat.exam.opened_by is not None
        correct_attempt(
            candidate_id=sat.candidate_id,
            exam_number=sat.exam.opened_by.number,
            taken_on=day("2025-10-06"),
            result="fail",
            reason="A scoring error.",
            now=NOW,
        )
        assert again(sat).status == "sat"
        assert "booking_corrected" not in topics(sat.candidate)


class TestWhatIsSaid:
    def test_a_pass(self, sat: Booking) -> None:
        publish(sat, "pass")
        deliver(NOW)
        (message,) = notices(sat.candidate, "lab_result")
        assert message.startswith("Passed: Exam lab-ccie-security\n")
        assert "Topic areas" not in message

    def test_a_fail(self, sat: Booking) -> None:
        publish(sat, "fail", topics=["Routing", "Automation"])
        deliver(NOW)
        (message,) = notices(sat.candidate, "lab_result")
        assert "you did not pass" in message
        assert "- Routing\n- Automation\n" in message
        assert "if you ask for it by 18 May 2026 (RRD-01)" in message

    def test_a_fail_that_cannot_turn(self, sat: Booking) -> None:
        publish(sat, "fail", rereadable=False)
        deliver(NOW)
        (message,) = notices(sat.candidate, "lab_result")
        assert "RRD-01" not in message
