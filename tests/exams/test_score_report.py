"""The score report on paper: what stands on it, its signature and its code, and for whom there is none (EXAM-10)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate
from ceportal.kernel import clock, signatures, signed_files
from ceportal.kernel.square_codes import square_code
from exams import services
from exams.models import Attempt, Exam
from exams.score_report import score_report, sheet_of
from tests import factories
from tests.credits.pages import text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2021-05-04")
SECTIONS = [{"title": "Firewalls", "percent": 85}, {"title": "Policies", "percent": 40}]
SIGNED = {
    "as_of": "2021-05-04",
    "exam": {"number": "350-701", "name": "Security core"},
    "taken_on": "2021-05-03",
    "result": "pass",
}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def exam() -> Exam:
    return factories.ExamFactory.create(number="350-701", name="Security core")


@pytest.fixture
def attempt(alice: Candidate, exam: Exam) -> Attempt:
    factories.AgreementFactory.create()
    return services.record_attempt(
        candidate_id=alice.pk,
        exam_number=exam.number,
        taken_on=day("2021-05-03"),
        result="pass",
        held_in="JP",
        sections=SECTIONS,
        now=NOW,
    )


def file_of(attempt: Attempt) -> str:
    return reverse("exams:report_file", args=[attempt.pk])


def test_it_says_the_result_by_section_and_no_passing_score(attempt: Attempt) -> None:
    sheet = sheet_of(attempt, day("2021-05-04"))

    assert dict(sheet["facts"])["Exam"] == "350-701, Security core"
    assert dict(sheet["facts"])["Taken in"] == "Japan"
    assert sheet["result"] == "pass"
    assert sheet["sections"] == [["Firewalls", 85, 85], ["Policies", 40, 40]]
    assert sheet["sections_note"] == "Passing scores are not published."


def test_it_is_signed_and_the_same_on_the_same_day_and_its_code_says_the_same(
    client: Client, alice: Candidate, attempt: Attempt
) -> None:
    client.force_login(alice.user)
    report = client.get(reverse("exams:report", args=[attempt.pk]))
    assert file_of(attempt) in report.text

    paper = client.get(file_of(attempt))

    assert paper["Content-Type"] == "application/pdf"
    assert paper["Content-Disposition"] == f'attachment; filename="{alice.number}-350-701-2021-05-03.pdf"'
    assert paper.content == score_report(attempt, day=day("2021-05-04"))
    checked = signed_files.check_file(paper.content)
    assert checked.verdict == "genuine"
    assert checked.signed is not None
    said = {"candidate": {"name": alice.name, "number": alice.number}, **SIGNED}
    assert checked.signed.content == {**said, "sha256": checked.signed.content["sha256"]}
    forged = signed_files.check_file(paper.content.replace(b"%PDF-1.7", b"%PDF-1.6"))
    assert forged.verdict != "genuine"


def test_its_code_leads_a_stranger_to_what_was_signed(client: Client, alice: Candidate, attempt: Attempt) -> None:
    said = {"candidate": {"name": alice.name, "number": alice.number}, **SIGNED}
    address = f"/check/?token={signatures.sign(kind='score_report', content=said)}"
    assert sheet_of(attempt, day("2021-05-04"))["code"] == square_code(f"http://testserver{address}")

    told = text_of(client.get(address))
    for words in ("Score report", alice.name, "350-701", "3 May 2021", "pass"):
        assert words in told


def test_a_name_in_japanese_is_set(alice: Candidate, attempt: Attempt) -> None:
    Candidate.objects.filter(pk=alice.pk).update(name="山田 花子", language="ja")
    japanese = Attempt.objects.select_related("candidate", "exam").get(pk=attempt.pk)
    assert score_report(japanese, day=day("2021-05-04")).startswith(b"%PDF")


@pytest.mark.parametrize("becomes", ["annulled", "disallowed", "corrected"])
def test_there_is_none_of_what_does_not_count(
    client: Client, alice: Candidate, exam: Exam, attempt: Attempt, becomes: str
) -> None:
    client.force_login(alice.user)
    asked = attempt
    if becomes == "disallowed":  # the wait after a pass is not over
        asked = services.record_attempt(
            candidate_id=alice.pk, exam_number=exam.number, taken_on=day("2021-05-04"), result="pass", now=NOW
        )
    else:
        made = services.correct_attempt(
            candidate_id=alice.pk,
            exam_number=exam.number,
            taken_on=attempt.taken_on,
            result="annulled" if becomes == "annulled" else "fail",
            reason="A scoring error.",
            now=NOW,
        )
        asked = made if becomes == "annulled" else attempt

    assert client.get(file_of(asked)).status_code == HTTPStatus.NOT_FOUND
    assert file_of(asked) not in client.get(reverse("exams:report", args=[asked.pk])).text


def test_others_have_none(client: Client, attempt: Attempt) -> None:
    assert client.get(file_of(attempt)).status_code == HTTPStatus.FOUND
    client.force_login(factories.CandidateFactory.create(login=True).user)
    assert client.get(file_of(attempt)).status_code == HTTPStatus.NOT_FOUND
