"""The test partner's programs: eligibility, results one by one and in bulk, corrections; each partner its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from candidates.models import Candidate, Case
from ceportal.kernel import clock
from ceportal.partner_api import jobs, scopes
from exams.models import Attempt, Exam
from tests import factories
from tests.factories import day, noon
from tests.partner_api.world import program, registered

pytestmark = pytest.mark.django_db
NOW = noon("2021-03-20")
RESULTS = "/api/v1/results"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def exam() -> Exam:
    return factories.ExamFactory.create(number="350-701")


@pytest.fixture
def caller() -> Client:
    return program(registered(scopes.TEST_PARTNER, "tests-inc"))


@pytest.fixture
def other() -> Client:
    return program(registered(scopes.TEST_PARTNER, "exams-ltd"))


def report(candidate: Candidate, **changed: Any) -> dict[str, Any]:
    return {"candidate": candidate.number, "exam": "350-701", "taken_on": "2021-03-19", "result": "fail", **changed}


def post(caller: Client, address: str, body: Any) -> Any:
    headers = {"Idempotency-Key": str(uuid4())}
    return caller.post(address, json.dumps(body), content_type="application/json", headers=headers)


def eligible(caller: Client, candidate: Candidate, **changed: Any) -> Any:
    asked = {"candidate": candidate.number, "born": candidate.born.isoformat(), "day": "2021-03-20", **changed}
    return caller.get("/api/v1/exams/350-701/eligibility", asked)


def test_eligibility_says_everything_and_the_first_possible_day(caller: Client, alice: Candidate, exam: Exam) -> None:
    before = eligible(caller, alice).json()
    post(caller, RESULTS, report(alice))
    after = eligible(caller, alice).json()

    assert (before["decision"]["granted"], before["opens_on"]) == (True, "2021-03-20")
    assert not after["decision"]["granted"]
    assert after["opens_on"] == "2021-03-25"
    unmet = [each for each in after["decision"]["findings"] if not each["met"]]
    assert [each["clause"] for each in unmet] == ["EXAM-03"]
    assert unmet[0]["because"]


def test_whose_number_it_is_is_told_to_nobody(caller: Client, alice: Candidate, exam: Exam) -> None:
    unknown = caller.get(
        "/api/v1/exams/350-701/eligibility", {"candidate": "CSCO0", "born": "1990-01-01", "day": "2021-03-20"}
    )
    wrong = eligible(caller, alice, born="1990-01-01")

    assert unknown.status_code == wrong.status_code == HTTPStatus.NOT_FOUND
    assert unknown.json() == wrong.json()
    assert set(eligible(caller, alice, born="then", day="").json()["errors"]) == {"born", "day"}


def test_a_result_is_recorded_once_however_often_it_is_reported(caller: Client, alice: Candidate, exam: Exam) -> None:
    sections = [{"title": "Routing", "percent": 70}]

    first, again = (post(caller, RESULTS, report(alice, sections=sections)) for _time in range(2))

    assert (first.status_code, first.json()) == (HTTPStatus.CREATED, again.json())
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.sections, attempt.reported_by) == ("fail", sections, "tests-inc")


def test_what_the_rules_forbid_is_kept_as_disallowed_and_says_so(caller: Client, alice: Candidate, exam: Exam) -> None:
    post(caller, RESULTS, report(alice, taken_on="2021-03-18"))

    told = post(caller, RESULTS, report(alice, result="pass")).json()

    assert (told["result"], told["reported"]) == ("disallowed", "pass")
    assert [each["clause"] for each in told["decision"]["findings"] if not each["met"]] == ["EXAM-03"]
    assert Case.objects.filter(kind=Case.Kind.DISALLOWED_RESULT).count() == 1


def test_what_cannot_be_right_is_refused_and_what_is_misshapen_named(
    caller: Client, alice: Candidate, exam: Exam
) -> None:
    to_come = post(caller, RESULTS, report(alice, taken_on="2021-03-21"))
    wrong = post(caller, RESULTS, report(alice, exam="no-such", result="perhaps", sections=[{"title": "x"}]))

    assert to_come.status_code == HTTPStatus.CONFLICT
    assert [each["clause"] for each in to_come.json()["decision"]["findings"] if not each["met"]] == ["EXAM-09"]
    assert set(wrong.json()["errors"]) == {"exam", "result", "sections"}
    assert not Attempt.objects.exists()


def test_a_partner_sees_and_corrects_its_own_results_only(
    caller: Client, other: Client, alice: Candidate, exam: Exam
) -> None:
    made = post(caller, RESULTS, report(alice, result="pass")).json()
    correction = {"result": "annulled", "reason": "The room lost its power."}

    foreign = post(other, f"{RESULTS}/{made['id']}/correction", correction)
    mine = post(caller, f"{RESULTS}/{made['id']}/correction", correction)

    assert (foreign.status_code, mine.status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.CREATED)
    assert (mine.json()["result"], mine.json()["supersedes"]) == ("annulled", made["id"])
    assert other.get(RESULTS).json()["results"] == []
    listed = caller.get(RESULTS, {"exam": "350-701", "candidate": alice.number}).json()["results"]
    assert [each["result"] for each in listed] == ["annulled", "pass"]
    assert caller.get(RESULTS, {"result": "fail"}).json()["results"] == []


def test_what_another_partner_reported_is_neither_told_nor_reported_again(
    caller: Client, other: Client, alice: Candidate, exam: Exam
) -> None:
    made = [post(caller, RESULTS, report(alice, taken_on="2021-03-18")).json()]
    made.append(post(caller, RESULTS, report(alice, result="pass")).json())  # within the wait: disallowed
    rows = [report(alice, taken_on="2021-03-18"), report(alice, result="pass")]
    otherwise = report(alice, taken_on="2021-03-18", result="pass")

    told = [post(other, RESULTS, row) for row in (*rows, otherwise)]
    job = post(other, f"{RESULTS}/bulk", {"rows": rows}).json()
    jobs.run_job(job_id=job["id"], clock=lambda: NOW)

    assert [each.status_code for each in told] == [HTTPStatus.CONFLICT] * 3
    assert {finding["clause"] for each in told for finding in each.json()["decision"]["findings"]} == {"EXAM-09"}
    assert other.get(f"/api/v1/jobs/{job['id']}").json()["counts"] == {"refused": 2}
    assert [post(caller, RESULTS, row).json()["id"] for row in rows] == [each["id"] for each in made]
    assert Attempt.objects.count() == 2


def test_a_correction_is_of_the_result_that_stands_and_never_of_anothers(
    caller: Client, other: Client, alice: Candidate, exam: Exam
) -> None:
    annulled, failed = ({"result": result, "reason": "The room lost its power."} for result in ("annulled", "fail"))
    first = post(caller, RESULTS, report(alice, taken_on="2021-03-18")).json()
    disallowed = post(other, RESULTS, report(alice, result="pass")).json()  # within the wait that the first leaves
    post(caller, f"{RESULTS}/{first['id']}/correction", annulled)
    standing = post(caller, RESULTS, report(alice, result="pass")).json()
    assert (disallowed["result"], standing["result"]) == ("disallowed", "pass")

    beside = post(other, f"{RESULTS}/{disallowed['id']}/correction", annulled)
    made, again = (post(caller, f"{RESULTS}/{standing['id']}/correction", annulled) for _time in range(2))
    stale = post(caller, f"{RESULTS}/{standing['id']}/correction", failed)

    assert [each.status_code for each in (beside, made, again, stale)] == [412, 201, 201, 412]
    assert (again.json()["id"], made.json()["supersedes"]) == (made.json()["id"], standing["id"])
    assert Attempt.objects.count() == 5


def test_a_bulk_takes_each_row_by_itself_in_the_order_of_the_days(caller: Client, alice: Candidate, exam: Exam) -> None:
    second = factories.CandidateFactory.create()
    rows = [
        report(alice, taken_on="2021-03-19", result="pass"),  # within the wait that the next one leaves
        report(alice, taken_on="2021-03-18"),
        report(second, result="pass"),
        report(second, result="fail"),  # another result of that day
        report(second, result="pass"),
        {"candidate": "CSCO0", "exam": "350-701"},
        "nonsense",
    ]

    job = post(caller, f"{RESULTS}/bulk", {"rows": rows}).json()
    jobs.run_job(job_id=job["id"], clock=lambda: NOW)
    outcomes = caller.get(f"/api/v1/jobs/{job['id']}/outcomes").json()["results"]

    assert [(each["status"], each.get("result")) for each in outcomes] == [
        ("accepted", "disallowed"),
        ("accepted", "fail"),
        ("accepted", "pass"),
        ("refused", None),
        ("accepted", "pass"),
        ("wrong", None),
        ("wrong", None),
    ]
    assert outcomes[2]["id"] == outcomes[4]["id"]
    assert set(outcomes[5]["errors"]) == {"candidate", "taken_on", "result"}
    assert Attempt.objects.count() == 3

    again = post(caller, f"{RESULTS}/bulk", {"rows": rows}).json()
    jobs.run_job(job_id=again["id"], clock=lambda: noon(day("2021-03-21")))
    assert caller.get(f"/api/v1/jobs/{again['id']}").json()["counts"] == {"repeated": 4, "refused": 1, "wrong": 2}
    assert Attempt.objects.count() == 3


def test_a_bulk_can_be_tried(caller: Client, alice: Candidate, exam: Exam) -> None:
    job = post(caller, f"{RESULTS}/bulk?dry_run=true", {"rows": [report(alice)]}).json()
    jobs.run_job(job_id=job["id"], clock=lambda: NOW)

    assert caller.get(f"/api/v1/jobs/{job['id']}").json()["counts"] == {"accepted": 1}
    assert not Attempt.objects.exists()
