"""What candidates read of their own by tokens of their own: certifications as of a day, results, exams, bookings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.partner_api import services
from exams.services import correct_attempt, record_attempt
from tests import factories
from tests.factories import day, noon
from tests.partner_api.world import with_token

pytestmark = pytest.mark.django_db
NOW = noon("2026-05-04")
ME = "/api/v1/me"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def own(alice: Candidate) -> Client:
    assert alice.user_id is not None
    _token, secret = services.create_personal_token(
        user_id=alice.user_id,
        name="Spreadsheet",
        allowed=["me:certifications", "me:exams", "me:bookings"],
        days=900,
        now=NOW,
    )
    return with_token(secret)


def test_certifications_stand_as_they_stood_on_the_day_asked_for(own: Client, alice: Candidate) -> None:
    factories.CertificationFactory.create(candidate=alice)  # of 1 January 2024, for three years

    def statuses(**asked: str) -> list[str]:
        return [each["status"] for each in own.get(f"{ME}/certifications", asked).json()]

    assert statuses() == statuses(as_of="2024-01-01") == ["active"]
    assert statuses(as_of="2023-12-31") == []
    with clock.standing_at(noon("2027-06-01")):
        assert statuses() != ["active"]
        assert statuses(as_of="2026-05-04") == ["active"]
    assert list(own.get(f"{ME}/certifications", {"as_of": "2026-05-05"}).json()["errors"]) == ["as_of"]
    (told,) = own.get(f"{ME}/certifications", {"fields": "status,counts"}).json()
    assert told == {"status": "active", "counts": True}


def test_results_are_ones_own_with_their_corrections(own: Client, alice: Candidate) -> None:
    factories.ExamFactory.create()
    for candidate in (alice, factories.CandidateFactory.create()):
        report = {"candidate_id": candidate.pk, "exam_number": "350-701", "taken_on": day("2026-05-01")}
        record_attempt(**report, result="pass", now=NOW)
        correct_attempt(**report, result="fail", reason="Graded again.", now=noon("2026-05-05"))

    told = own.get(f"{ME}/results").json()["results"]

    assert [(each["result"], each["candidate"]) for each in told] == [("fail", alice.number), ("pass", alice.number)]
    assert told[0]["supersedes"] == told[1]["id"]


def test_which_exams_may_be_sat_is_told_with_every_finding(own: Client, alice: Candidate) -> None:
    factories.ExamFactory.create()
    factories.ExamFactory.create(number="200-301", kind="associate")
    record_attempt(candidate_id=alice.pk, exam_number="350-701", taken_on=day("2026-05-03"), result="fail", now=NOW)

    told = {each["exam"]: each for each in own.get(f"{ME}/exams").json()}
    core = own.get(f"{ME}/exams", {"kind": "core", "day": "2026-05-09"}).json()

    assert (told["350-701"]["decision"]["granted"], told["350-701"]["opens_on"]) == (False, "2026-05-09")
    assert told["200-301"]["decision"]["granted"]
    assert [(each["exam"], each["decision"]["granted"]) for each in core] == [("350-701", True)]
    assert list(own.get(f"{ME}/exams", {"held_in": "Belgium"}).json()["errors"]) == ["held_in"]


def test_bookings_are_ones_own_in_the_sites_time(
    own: Client, alice: Candidate, django_assert_max_num_queries: Any
) -> None:
    sitting = factories.SittingFactory.create(site=factories.SiteFactory.create(code="brussels"), seats=4)
    booking = factories.BookingFactory.create(candidate=alice, sitting=sitting, status="paid")
    for _other in range(3):
        factories.BookingFactory.create(sitting=sitting, status="paid")

    with django_assert_max_num_queries(5):
        (told,) = own.get(f"{ME}/bookings").json()["results"]

    assert (told["id"], told["site"], told["status"]) == (booking.pk, "brussels", "paid")
    assert (told["day"], told["time_zone"]) == (sitting.day.isoformat(), sitting.site.time_zone)
    assert own.get(f"{ME}/bookings", {"status": "dropped"}).json()["results"] == []
