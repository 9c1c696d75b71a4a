"""The transcript: everything held and passed, as of a day, whatever the status is (CERT-10, EXAM-09)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import services
from candidates.models import Candidate, User
from ceportal.kernel import clock, signed_files
from ceportal.kernel.square_codes import square_code
from exams.transcript import sheet_of, transcript
from tests import factories
from tests.factories import day
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db
TRANSCRIPT = reverse("exams:transcript")


@pytest.fixture
def story(alice: Candidate) -> Story:
    """Alice earned, renewed and let lapse; one of her passes was taken back."""
    load_reference()
    story = Story(alice).to("2020-06-01")
    story.certify("ccnp-enterprise", "2019-06-03")
    story.certify("ccna", "2016-01-04")
    story.sit("350-401")
    story.to("2021-05-04").sit("300-420", "fail")
    return story


def test_what_stands_on_it(story: Story) -> None:
    sheet = sheet_of(story.candidate, story.now.date())
    assert [(each["track"], each["status"]) for each in sheet["certifications"]] == [
        ("CCNP Enterprise", "Active"),
        ("CCNA", "Inactive"),
    ]
    enterprise = sheet["certifications"][0]
    assert [why for *_days, why in enterprise["terms"]] == [
        "active term, renewed",
        "active term, imported from the certification records",
    ]
    address = f"http://testserver/verify/?number={enterprise['number']}&name=Alice+Okafor"
    assert enterprise["code"] == square_code(address)
    assert [(on, number) for on, number, _name in sheet["exams"]] == [("1 June 2020", "350-401")]
    assert sheet["facts"][2] == ["As of", "4 May 2021"]

    story.correct("350-401", "2020-06-01")
    assert sheet_of(story.candidate, story.now.date())["exams"] == []
    assert [each["track"] for each in sheet_of(story.candidate, day("2018-01-01"))["certifications"]] == ["CCNA"]


def test_it_is_signed_and_the_same_on_the_same_day(client: Client, story: Story) -> None:
    client.force_login(story.candidate.user)
    with clock.standing_at(story.now):
        paper = client.get(TRANSCRIPT)
    assert paper.content == transcript(story.candidate, day=story.now.date())
    assert paper["Content-Disposition"] == f'attachment; filename="{story.candidate.number}-transcript.pdf"'
    checked = signed_files.check_file(paper.content)
    assert checked.verdict == "genuine"
    assert checked.signed is not None
    assert checked.signed.content == {
        "as_of": "2021-05-04",
        "candidate": {"name": "Alice Okafor", "number": story.candidate.number},
        "certifications": 2,
        "exams_passed": 1,
        "sha256": checked.signed.content["sha256"],
    }


def test_cert_10_a_revocation_stands_on_it(story: Story, dan: User) -> None:
    erin = factories.UserFactory.create(staff=True)
    proposed = services.propose_sanction(
        candidate_id=story.candidate.id,
        clause="CERT-08",
        statement="Mugs.",
        permanent=True,
        staff_id=dan.id,
        now=story.now,
    )
    services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=story.now)
    statuses = [each["status"] for each in sheet_of(story.candidate, story.now.date())["certifications"]]
    assert statuses == ["Revoked", "Inactive"]


def test_everybody_gets_their_own(client: Client, story: Story) -> None:
    assert client.get(TRANSCRIPT).url.startswith("/accounts/login/")
    nobody = factories.CandidateFactory.create(login=True, name="Zoë New")
    client.force_login(nobody.user)
    with clock.standing_at(story.now):
        checked = signed_files.check_file(client.get(TRANSCRIPT).content)
    assert checked.signed is not None
    assert checked.signed.content["candidate"] == {"name": "Zoë New", "number": nobody.number}
    assert (checked.signed.content["certifications"], checked.signed.content["exams_passed"]) == (0, 0)
    client.force_login(factories.UserFactory.create())
    assert client.get(TRANSCRIPT).url == reverse("candidates:link")


def test_it_asks_as_much_for_a_long_life_as_for_a_short_one(story: Story, django_assert_num_queries: Any) -> None:
    with CaptureQueriesContext(connection) as few:
        sheet_of(story.candidate, story.now.date())
    for track in ("ccie-security", "devnet-associate"):
        story.certify(track, "2021-01-04")
    story.sit("350-701")
    # Once an expert certification is there, what is held beside it is read, too (EMR-08).
    with django_assert_num_queries(len(few) + 1):
        sheet_of(story.candidate, story.now.date())
    assert len(few) == 3
