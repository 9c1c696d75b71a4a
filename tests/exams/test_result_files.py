"""The test partner's file: looked at line by line, then recorded; what is disallowed is listed with its case."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from openpyxl import Workbook

from candidates.models import Candidate, Case, Certification, User
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.kernel.sheets import Unreadable
from exams.models import Attempt, Exam
from exams.services.result_files import LINES_AT_MOST, Line, record_file
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
HEAD = "candidate,exam,taken_on,result,country,agreement,sections\n"
NOW = noon("2021-03-20")
PAGE = "/admin/exams/attempt/import/"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def exam() -> Exam:
    """One that alone earns a certification."""
    track = factories.TrackFactory.create(code="ccna", level="associate")
    return factories.ExamFactory.create(number="200-301", kind="associate", earns=track)


@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    client.force_login(dan)
    return client


def told(content: str | bytes, *, commit: bool = False) -> list[Line]:
    raw = content.encode() if isinstance(content, str) else content
    return record_file(content=raw, commit=commit, now=NOW)


def outcomes(lines: list[Line]) -> list[tuple[int, str, bool, tuple[str, ...]]]:
    return [(line.number, line.result, line.known, line.clauses) for line in lines]


def test_a_dry_run_judges_the_lines_by_each_other_and_leaves_nothing(alice: Candidate, exam: Exam) -> None:
    """EXAM-03: the fail stands below the pass that it puts in breach; the file need not be in order of the days."""
    before = Event.objects.count()
    table = f"{HEAD}{alice.number},200-301,2021-03-06,pass,,,\n{alice.number.lower()},200-301,2021-03-01,Fail,,,\n"
    lines = told(table)

    assert outcomes(lines) == [(2, "disallowed", False, ("EXAM-03",)), (3, "fail", False, ())]
    assert lines[0].said == [("", "Exam 200-301 was failed on 1 March 2021, and the wait is not over.")]
    assert (lines[0].candidate, lines[0].attempt_id, lines[0].case_id) == (str(alice), None, None)
    assert (Attempt.objects.count(), Case.objects.count(), Event.objects.count()) == (0, 0, before)


def test_what_is_recorded_is_listed_and_a_second_time_nothing_changes(alice: Candidate, exam: Exam) -> None:
    factories.ExamFactory.create(number="300-415", kind="concentration", retires_on=day("2021-03-01"))
    table = (
        f"{HEAD}{alice.number},200-301,2021-03-01,fail,,,\n{alice.number},200-301,2021-03-06,pass,,,\n"
        f"{alice.number},200-301,2021-03-07,pass,KE,yes,Fundamentals: 85%; Security: 70\n"
        f"{alice.number},300-415,2021-03-02,pass,,,\n"
    )
    first = told(table, commit=True)
    assert outcomes(first) == [
        (2, "fail", False, ()),
        (3, "disallowed", False, ("EXAM-03",)),
        (4, "pass", False, ()),
        (5, "", False, ("EXAM-11",)),
    ]
    case = Case.objects.get()
    assert first[1].case_id == case.pk
    assert case.subject == f"exams.attempt:{first[1].attempt_id}"
    counted = Attempt.objects.get(pk=first[2].attempt_id)
    assert counted.held_in == "KE"
    assert counted.sections == [{"title": "Fundamentals", "percent": 85}, {"title": "Security", "percent": 70}]
    assert Certification.objects.get().first_certified_on == day("2021-03-07")

    before = Event.objects.count()
    with clock.standing_at(noon("2021-03-21")):
        again = record_file(content=table.encode(), commit=True, now=noon("2021-03-21"))
    assert outcomes(again)[:3] == [(2, "fail", True, ()), (3, "disallowed", True, ("EXAM-03",)), (4, "pass", True, ())]
    assert again[1].case_id == case.pk
    assert (Attempt.objects.count(), Event.objects.count()) == (3, before)


def test_a_workbook_is_read_as_well(alice: Candidate, exam: Exam) -> None:
    workbook = Workbook()
    workbook.active.append(["Result", "Exam number", "Candidate", "Exam day"])
    workbook.active.append(["pass", "200-301", alice.number, day("2021-03-01")])
    workbook.active.append(["=1+1", "200-301", alice.number, "2021-03-02"])
    file = io.BytesIO()
    workbook.save(file)
    good, formula = told(file.getvalue())
    assert (good.result, good.taken_on) == ("pass", day("2021-03-01"))
    assert formula.said == [("result", "The cell holds a formula. Put the value itself into the cell.")]


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("nobody,200-301,2021-03-01,pass,,,", "candidate", "There is no candidate with this number."),
        (",200-301,2021-03-01,pass,,,", "candidate", "The cell is empty. Fill it in."),
        ("{alice},200-999,2021-03-01,pass,,,", "exam", "There is no exam with this number."),
        ("{alice},200-301,1 March,pass,,,", "taken_on", "This is not a day."),
        ("{alice},200-301,2021-02-29,pass,,,", "taken_on", "This is not a day."),
        ("{alice},200-301,44256,pass,,,", "taken_on", "The cell holds a number that is not formatted as a date."),
        ("{alice},200-301,2021-03-01,disallowed,,,", "result", "This is neither pass nor fail."),
        ("{alice},200-301,2021-03-01,,,,", "result", "The cell is empty."),
        ("{alice},200-301,2021-03-01,pass,XX,,", "country", "These are not the two letters of a country."),
        ("{alice},200-301,2021-03-01,pass,,maybe,", "agreement", "This is neither yes nor no."),
        ("{alice},200-301,2021-03-01,pass,,,Routing: 101", "sections", "This is no breakdown by section."),
        ("{alice},200-301,2021-03-01,pass,,,Routing", "sections", "This is no breakdown by section."),
    ],
)
def test_what_is_wrong_is_said_by_line_and_column(
    alice: Candidate, exam: Exam, line: str, column: str, said: str
) -> None:
    (wrong,) = told(HEAD + line.format(alice=alice.number), commit=True)
    assert (wrong.number, wrong.taken) == (2, False)
    assert [place for place, _sentence in wrong.said] == [column]
    assert wrong.said[0][1].startswith(said)
    assert not Attempt.objects.exists()


def test_all_that_is_wrong_with_a_line_is_said(exam: Exam) -> None:
    (wrong,) = told(f"{HEAD}nobody,200-301,soon,perhaps,,,", commit=True)
    assert [column for column, _sentence in wrong.said] == ["candidate", "taken_on", "result"]


def test_a_long_breakdown_is_kept_whole(alice: Candidate, exam: Exam) -> None:
    """A cell of a hundred sections is too long; what is taken is taken whole."""
    sections = "; ".join(f"Section number {number} with a long title: {number}" for number in range(20))
    (line,) = told(f"{HEAD}{alice.number},200-301,2021-03-01,pass,,,{sections}", commit=True)
    assert len(Attempt.objects.get(pk=line.attempt_id).sections) == 20
    (too_long,) = told(f"{HEAD}{alice.number},200-301,2021-03-01,pass,,,{sections * 3}", commit=True)
    assert too_long.said[0][1].startswith("The cell holds more than 1000 characters.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\xff\xfe\x00", "The file is neither CSV in UTF-8 nor an Excel workbook."),
        (b"candidate,exam\nA,B\n", "These columns are missing"),
        (b"exam,exam,candidate,taken_on,result\nA,,B,,\n", "The column"),
        (HEAD.encode(), "The file names the columns and holds no result."),
        ((HEAD + "A,B,2021-03-01,pass,,,\n" * (LINES_AT_MOST + 1)).encode(), "The file holds more than"),
    ],
)
def test_a_file_that_is_no_such_table_is_said(desk: Client, content: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as trouble:
        told(content, commit=True)
    assert trouble.value.sentence.startswith(said)
    if content:
        page = desk.post(PAGE, {"table": SimpleUploadedFile("results.csv", content)})
        assert (trouble.value.sentence % trouble.value.facts) in html.unescape(page.text)


def test_staff_look_at_the_file_and_record_it(desk: Client, alice: Candidate, exam: Exam) -> None:
    table = f"{HEAD}{alice.number},200-301,2021-03-01,fail,,,\n{alice.number},200-301,2021-03-04,pass,,,\nx,,,,,,\n"
    looked = desk.post(PAGE, {"table": SimpleUploadedFile("results.csv", table.encode())})
    assert not Attempt.objects.exists()
    assert "There is no candidate with this number." in looked.text
    assert "Record 2 results" in looked.text

    recorded = desk.post(PAGE, {"looked_at": looked.context["looked_at"], "record": "1"})
    assert sorted(Attempt.objects.values_list("result", flat=True)) == ["disallowed", "fail"]
    assert "2 results are on record." in recorded.text
    assert f"/admin/candidates/case/{Case.objects.get().pk}/change/" in recorded.text
    assert "/policy/EXAM-03" in recorded.text


def test_who_may_only_read_results_imports_none(client: Client) -> None:
    reader = factories.UserFactory.create(is_staff=True, second_factor=True)
    client.force_login(reader)
    assert client.get(PAGE).status_code == HTTPStatus.FORBIDDEN
    assert client.post(PAGE, {"looked_at": "", "record": "1"}).status_code == HTTPStatus.FORBIDDEN


def test_a_long_file_is_recorded_on_the_command_line(
    alice: Candidate, exam: Exam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results.csv"
    file.write_text(
        f"{HEAD}{alice.number},200-301,2021-03-01,fail,,,\n{alice.number},200-301,2021-03-04,pass,,,\n,,,x,,,"
    )
    call_command("import_results", str(file), "--dry-run")
    assert not Attempt.objects.exists()
    call_command("import_results", str(file))
    told_out = capsys.readouterr()
    last = told_out.out.strip().splitlines()[-1]
    assert last == "On record: 2, of these disallowed: 1, known before: 0. Lines not taken: 1."
    assert "line 3, disallowed: Exam 200-301 was failed on 1 March 2021" in told_out.err
    assert Attempt.objects.count() == 2
