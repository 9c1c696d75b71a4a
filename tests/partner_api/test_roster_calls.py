"""Providers' programs hand in rosters: what the page does with the same rows, each told, nothing twice (CE-10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates.models import Candidate
from catalog.models import Delivery, Item, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import jobs, scopes
from ceportal.partner_api.models import Job
from credits import roster_api
from credits.models import CompletionReport, Grant, Roster
from credits.services import reports, rosters
from tests import factories
from tests.credits.provider_world import TODAY, enrolled
from tests.credits.report_world import cast_of, trainings_of, what_happens
from tests.credits.roster_world import csv_file
from tests.factories import day
from tests.partner_api.world import program, registered

pytestmark = pytest.mark.django_db
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    monkeypatch.setattr(roster_api, "ROWS_OF_CHUNK", 3)
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def trainings(bob: ProviderMember) -> dict[str, Item]:
    return trainings_of(bob)


@pytest.fixture
def cast(bob: ProviderMember, trainings: dict[str, Item]) -> dict[str, Candidate]:
    return cast_of(bob, trainings)


@pytest.fixture
def run(bob: ProviderMember, trainings: dict[str, Item]) -> Delivery:
    """Five weeks of a training."""
    return factories.DeliveryFactory.create(
        provider=bob.provider, item=trainings["lab"], starts_on=day("2026-03-30"), ends_on=day("2026-04-30")
    )


@pytest.fixture
def caller(bob: ProviderMember) -> Client:
    return program(registered(scopes.PROVIDER, "acme", responsible=bob.user))


def post(caller: Client, run: Delivery, rows: Any, *, key: str = "", query: str = "") -> Any:
    address = f"/api/v1/deliveries/{run.pk}/rosters{query}"
    headers = {"Idempotency-Key": key or str(uuid4())}
    return caller.post(address, json.dumps({"rows": rows}), content_type="application/json", headers=headers)


def work(job: int, *, at: datetime = TODAY) -> None:
    jobs.run_job(job_id=job, clock=lambda: at)


def outcomes(caller: Client, job: int) -> dict[int, Row]:
    """What became of each row, over all pages."""
    found: dict[int, Row] = {}
    address = f"/api/v1/jobs/{job}/outcomes"
    while address:
        page = caller.get(address).json()
        found |= {each["row"]: each for each in page["results"]}
        address = page["next"]
    return found


def handed_in(caller: Client, run: Delivery, rows: list[Any], *, query: str = "") -> dict[int, Row]:
    job = post(caller, run, rows, query=query).json()["id"]
    work(job)
    return outcomes(caller, job)


def row(who: Candidate | str, on: str = "2026-04-01", **more: Any) -> Row:
    return {"candidate": who if isinstance(who, str) else who.number, "completed_on": on, **more}


# ── The page and the program are one ──────────────────────────────────────────────────────────────
def by_page(bob: ProviderMember, rows: list[Row], run: Delivery) -> Callable[[], Roster]:
    """The rows as a file that a member uploads, looks at and reports."""
    lines = [(each["candidate"], each.get("name", ""), run.item.code, run.code, each["completed_on"]) for each in rows]

    def work() -> Roster:
        roster = rosters.upload_roster(
            member_id=bob.pk, form_key=uuid4(), file_name="may.csv", content=csv_file(*lines), now=TODAY
        )
        rosters.check_roster(roster_id=roster.pk, now=TODAY)
        rosters.report_roster(roster_id=roster.pk, member_id=bob.pk, now=TODAY)
        while rosters.work_on(roster_id=roster.pk, now=TODAY, at_most=2):
            pass
        return roster

    return work


def lines_of(roster: Roster, *, first: int) -> list[Any]:
    """What became of each line, counted from 1: a file has the names of its columns first."""
    found = []
    for each in roster.rows.all():
        for problem in each.problems:
            if "line" in problem["finding"]["facts"]:
                problem["finding"]["facts"]["line"] -= first - 1
        found.append((each.line - first + 1, each.outcome, each.credits, each.claim_id, each.problems, each.remarks))
    return found


def test_the_same_rows_by_page_and_by_program_come_to_the_same(
    caller: Client, bob: ProviderMember, cast: dict[str, Candidate], run: Delivery
) -> None:
    """CE-10, CR-04, CE-09, CAT-07: decisions, reports, grants, entries, renewals, events and notices."""
    known = enrolled(factories.CandidateFactory.create())
    reports.report_completion(
        provider_id=bob.provider_id,
        candidate_id=known.pk,
        item_code=run.item.code,
        completed_on=day("2026-04-01"),
        now=TODAY,
    )
    rows = [
        row(known),
        row(cast["expert"], "2026-04-09", name="Somebody Else"),
        row(cast["claimed"]),
        row(cast["approved"]),
        row(cast["stranger"]),
        row("CSCO404"),
        row(cast["associate"], "2026-04-02"),
        row(cast["associate"], "2026-04-25"),
        row(cast["lapsing"], "2026-04-01"),
        row(cast["expert"], "2026-04-02"),  # counts, as it was completed before the first
        row(cast["claimed"]),  # the same as the second
        row(cast["expert"], "2026-03-29"),  # before the run
        row(cast["expert"], "2026-05-05"),  # after today
        row("", "soon"),
        row(cast["expert"], "2026-04-02", name="=A1"),
    ]

    def by_program() -> Roster:
        job = post(caller, run, rows).json()
        work(job["id"])
        return Roster.objects.get(form_key=job["about"]["roster"])

    paged, on_record = what_happens(lambda: lines_of(by_page(bob, rows, run)(), first=2))
    called, recorded = what_happens(lambda: lines_of(by_program(), first=1))

    assert called == paged
    ended = [each for each in recorded["events"] if "partner_api.job_finished" in each]
    assert [recorded["events"].pop(each) for each in ended] == [1], "of the bulk, which a page has not"
    assert recorded == on_record
    assert {outcome for _line, outcome, *_rest in called} == {"earns", "approves", "counted", "refused"}


def test_each_row_is_told_what_became_of_it(caller: Client, cast: dict[str, Candidate], run: Delivery) -> None:
    told = handed_in(
        caller,
        run,
        [
            row(cast["expert"], name="Somebody Else"),
            row(cast["claimed"]),
            row(cast["approved"]),
            row("CSCO404"),
            row(cast["expert"], "2026-04-02"),
            row(cast["claimed"]),
        ],
    )
    claim = cast["claimed"].claims.get().number

    assert (told[1]["status"], told[1]["effect"], told[1]["credits"]) == ("accepted", "earns", 24)
    assert list(told[1]["remarks"]) == ["name"]
    assert (told[2]["status"], told[2]["effect"], told[2]["claim"]) == ("accepted", "approves", claim)
    assert told[3]["status"] == "refused"  # the same training, under another code, has counted
    assert [(each["status"], list(each["errors"])) for each in (told[4], told[5], told[6])] == [
        ("refused", ["candidate"]),
        ("refused", ["item"]),
        ("refused", ["row"]),
    ]
    assert [each["clause"] for each in told[4]["decision"]["findings"]] == ["CE-05"]
    assert "Row" not in told[5]["errors"]["item"][0]
    assert told[5]["decision"]["findings"][0]["facts"] == {"line": 1}


def test_what_is_wrong_in_shape_is_told_by_column_and_hinders_no_other_row(
    caller: Client, cast: dict[str, Candidate], run: Delivery
) -> None:
    told = handed_in(
        caller,
        run,
        [
            "nonsense",
            None,
            row(cast["expert"], shoe_size="\x00\ud800 44"),
            {"candidate": 12, "completed_on": ["2026-04-01"], "name": None},
            row("X" * 21, "2026-02-30"),
            {},
            row(f" {cast['expert'].number.lower()}\ud800", name=None),
        ],
    )
    assert [told[number]["status"] for number in range(1, 8)] == ["wrong"] * 6 + ["accepted"]
    assert [set(told[number]["errors"]) for number in range(1, 7)] == [
        {"row"},
        {"row"},
        {"shoe_size"},
        {"candidate", "completed_on"},
        {"candidate", "completed_on"},
        {"candidate", "completed_on"},
    ]
    assert Grant.objects.filter(candidate=cast["expert"]).count() == 1


def test_the_earlier_completion_counts_whatever_chunk_it_is_in(
    caller: Client, cast: dict[str, Candidate], run: Delivery
) -> None:
    """CR-04: in the dry run, too, which leaves nothing."""
    others = [row(enrolled(factories.CandidateFactory.create())) for _each in range(5)]
    rows = [row(cast["expert"], "2026-04-09"), *others, row(cast["expert"], "2026-04-03")]

    tried = handed_in(caller, run, rows, query="?dry_run=true")
    assert not Roster.objects.exists()
    assert not CompletionReport.objects.exists()
    assert not Event.objects.filter(topic__startswith="credits.roster").exists()

    done = handed_in(caller, run, rows)
    assert tried == done
    assert [done[number]["status"] for number in range(1, 8)] == ["refused"] + ["accepted"] * 6
    assert done[1]["decision"]["findings"][0]["facts"] == {"line": 7}

    again = handed_in(caller, run, rows)
    assert {each["status"] for each in again.values()} == {"refused", "repeated"}
    assert CompletionReport.objects.count() == len(rows) - 1


# ── Whose, and which ──────────────────────────────────────────────────────────────────────────────
def test_only_of_runs_of_ones_own_and_so_many_rows_at_most(
    caller: Client, carol: ProviderMember, cast: dict[str, Candidate], run: Delivery
) -> None:
    stranger = program(registered(scopes.PROVIDER, "globex", responsible=carol.user))
    reader = program(registered(scopes.PROVIDER, "acme", responsible=None, allowed=["rosters:read"]))

    assert post(stranger, run, [row(cast["expert"])]).status_code == HTTPStatus.NOT_FOUND
    assert post(reader, run, [row(cast["expert"])]).status_code == HTTPStatus.FORBIDDEN
    for rows in ([], [{}] * (jobs.MOST_ROWS + 1), {}, None):
        refused = post(caller, run, rows)
        assert (refused.status_code, list(refused.json()["errors"])) == (HTTPStatus.BAD_REQUEST, ["rows"])
    assert not Roster.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cancelled_at": TODAY}, "This run was cancelled."),
        ({"ends_on": day("2026-05-05")}, "This run lasts until 5 May 2026."),
    ],
)
def test_of_a_run_that_cannot_be_reported_nothing_is(
    caller: Client, cast: dict[str, Candidate], run: Delivery, changes: dict[str, Any], sentence: str
) -> None:
    """CAT-07: the roster is put aside, so that it waits for nobody."""
    Delivery.objects.filter(pk=run.pk).update(**changes)
    told = handed_in(caller, run, [row(cast["expert"])])
    assert told[1]["status"] == "refused"
    assert told[1]["errors"]["delivery"][0].startswith(sentence)
    assert Roster.objects.get().status == Roster.Status.DISCARDED
    assert not CompletionReport.objects.exists()


def test_sent_again_under_its_key_it_is_one_roster(caller: Client, cast: dict[str, Candidate], run: Delivery) -> None:
    first, again = (post(caller, run, [row(cast["expert"])], key="april") for _time in range(2))
    other = post(caller, run, [row(cast["claimed"])], key="april")

    assert (first.status_code, again.json()) == (HTTPStatus.ACCEPTED, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert other.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Roster.objects.count() == Job.objects.count() == 1


# ── Interrupted ───────────────────────────────────────────────────────────────────────────────────
class Killed(BaseException):
    """Stands for the end of a worker."""


def until(chunks: int) -> Callable[[], datetime]:
    """A clock with which a worker does so many chunks and is gone."""
    moments = iter([TODAY] * chunks)

    def tell() -> datetime:
        for moment in moments:
            return moment
        raise Killed

    return tell


@pytest.fixture
def half_done(caller: Client, run: Delivery) -> int:
    """A job of seven people whose worker ended after the first chunk."""
    people = [enrolled(factories.CandidateFactory.create()) for _each in range(7)]
    job: int = post(caller, run, [row(each) for each in people]).json()["id"]
    with pytest.raises(Killed):
        jobs.run_job(job_id=job, clock=until(1))
    assert Grant.objects.count() == 3
    return job


def test_another_worker_goes_on_and_nothing_counts_twice(caller: Client, half_done: int) -> None:
    work(half_done)
    assert caller.get(f"/api/v1/jobs/{half_done}").json()["counts"] == {"accepted": 7}
    assert Grant.objects.count() == CompletionReport.objects.count() == 7
    for topic in ("credits.roster_uploaded", "credits.roster_report_begun", "credits.roster_reported"):
        assert Event.objects.filter(topic=topic).count() == 1


def test_what_the_sweep_of_rosters_did_meanwhile_is_told(caller: Client, half_done: int) -> None:
    (roster,) = rosters.left_alone(now=TODAY + timedelta(minutes=2))
    assert not rosters.work_on(roster_id=roster.pk, now=TODAY, at_most=9)
    work(half_done)
    assert {each["status"] for each in outcomes(caller, half_done).values()} == {"accepted"}
    assert Grant.objects.count() == 7


def test_a_responsible_who_left_reports_no_further_row(caller: Client, half_done: int, bob: ProviderMember) -> None:
    ProviderMember.objects.filter(pk=bob.pk).update(active=False)
    work(half_done)
    assert Job.objects.get().counts == {"accepted": 3, "refused": 4}
    assert Grant.objects.count() == 3


def test_what_a_member_put_aside_before_it_was_reported_stays_aside(
    caller: Client, cast: dict[str, Candidate], run: Delivery
) -> None:
    job = post(caller, run, [row(cast["expert"])]).json()
    roster = Roster.objects.get(form_key=UUID(job["about"]["roster"]))
    rosters.check_roster(roster_id=roster.pk, now=TODAY)
    rosters.discard_roster(roster_id=roster.pk, now=TODAY)
    work(job["id"])
    assert outcomes(caller, job["id"])[1]["status"] == "refused"
    assert not CompletionReport.objects.exists()


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────
def test_rosters_are_read_with_what_became_of_their_lines(
    caller: Client, cast: dict[str, Candidate], run: Delivery
) -> None:
    handed_in(caller, run, [row(cast["expert"]), row("CSCO404"), "nonsense"])
    (roster,) = caller.get("/api/v1/rosters", {"status": "reported"}).json()["results"]
    address = f"/api/v1/rosters/{roster['id']}"
    lines = caller.get(f"{address}/lines").json()["results"]

    assert caller.get(address).json() == roster
    assert roster["name"] == run.code
    assert roster["summary"] == {
        "lines": 3, "earns": 1, "approves": 0, "counted": 0, "refused": 2, "done": 1, "credits": 24
    }  # fmt: skip
    assert [(each["line"], each["effect"]) for each in lines] == [(1, "earns"), (2, "refused"), (3, "refused")]
    assert lines[0]["candidate"] == cast["expert"].number
    assert (lines[0]["reported_at"], lines[1]["reported_at"]) == ("2026-05-04T12:00:00Z", None)
    assert [each["line"] for each in caller.get(f"{address}/lines", {"effect": "earns"}).json()["results"]] == [1]
    assert caller.get("/api/v1/rosters", {"status": "checked"}).json()["results"] == []
    assert list(caller.get("/api/v1/rosters", {"fields": "id"}).json()["results"][0]) == ["id"]


def test_more_rosters_and_lines_are_no_more_questions(
    caller: Client, cast: dict[str, Candidate], run: Delivery
) -> None:
    counts = []
    for _time in range(2):
        handed_in(caller, run, [row(cast["expert"], f"2026-04-0{number}") for number in range(1, 8)])
        address = f"/api/v1/rosters/{Roster.objects.latest('id').form_key}/lines"
        with CaptureQueriesContext(connection) as queries:
            assert caller.get("/api/v1/rosters").status_code == caller.get(address).status_code == HTTPStatus.OK
        counts.append(len(queries))
    assert counts[1] <= counts[0]
