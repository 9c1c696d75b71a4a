"""Reports of the exam team as a table: looked at row by row, what is wrong is said by row and column, then reported."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from candidates.models import Candidate, User
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from credits.models import AuthoredItems, Grant, Workshop
from credits.services.development_files import ITEMS, MOST_ROWS, WORKSHOPS, Line, Sheet, report_table
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, text_of
from tests.reference_data import load_reference

pytestmark = pytest.mark.django_db
HEAD = "candidate,reference,kind,accepted,accepted_on,direct\n"
PAGE = "/admin/credits/authoreditems/import/"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    load_reference()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def author(alice: Candidate) -> Candidate:
    pages.certify(alice)
    pages.enroll(alice)
    return alice


@pytest.fixture
def desk(client: Client) -> Client:
    editor = factories.UserFactory.create(is_staff=True, second_factor=True)
    editor.groups.add(Group.objects.get(name="Exam team"))
    client.force_login(editor)
    return client


def told(content: str | bytes, *, sheet: Sheet = ITEMS, commit: bool = False) -> list[Line]:
    raw = content.encode() if isinstance(content, str) else content
    return report_table(sheet=sheet, content=raw, staff_id=None, commit=commit, now=NOW)


def test_a_dry_run_says_what_each_row_would_do_and_leaves_nothing(author: Candidate) -> None:
    before = Event.objects.count()
    lines = told(
        f"{HEAD}{author.number},X-1,core,5,2021-05-01,yes\n{author.number.lower()},X-2,associate,2,2021-05-01,Yes\n"
    )
    assert [(line.row, line.candidate, line.credits, line.said) for line in lines] == [
        (2, str(author), 15, ""),
        (3, str(author), 2, ""),
    ]
    assert (AuthoredItems.objects.count(), Grant.objects.count(), Event.objects.count()) == (0, 0, before)


def test_what_is_in_order_is_reported_and_the_rest_is_said(author: Candidate) -> None:
    """XDEV-02, CE-05: a refusal of one row does not stop the others; a second time nothing is reported twice."""
    stranger = factories.CandidateFactory.create()
    table = (
        f"{HEAD}{author.number},X-1,core,5,2021-05-01,yes\n{author.number},X-2,core,5,2021-05-01,no\n"
        f"{stranger.number},X-3,core,5,2021-05-01,yes\n"
    )
    for _time in range(2):
        good, indirect, unknown = told(table, commit=True)
        assert (good.credits, indirect.credits, unknown.credits) == (15, None, None)
        assert indirect.clauses == ("XDEV-02",)
        assert "They were not authored directly" in indirect.said
        assert "CE-05" in unknown.clauses
    assert Grant.objects.get().amount == 15


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("nobody,X-1,core,5,2021-05-01,yes", "row 2, candidate: There is no candidate with this number."),
        ("{author},,core,5,2021-05-01,yes", "row 2, reference: A reference has 1 to 60 characters."),
        ("{author},X-1,core,0,2021-05-01,yes", "row 2, accepted: This is not a number from 1 to 1000."),
        ("{author},X-1,core,-3,2021-05-01,yes", "row 2, accepted: This is not a number from 1 to 1000."),
        ("{author},X-1,core,99999,2021-05-01,yes", "row 2, accepted: This is not a number from 1 to 1000."),
        ("{author},X-1,core,5,1 May,yes", "row 2, accepted_on: This is not a day such as 2026-02-10."),
        ("{author},X-1,core,5,2021-02-30,yes", "row 2, accepted_on: This is not a day such as 2026-02-10."),
        ("{author},X-1,core,5,2021-05-01,perhaps", "row 2, direct: This is neither yes nor no."),
        (
            "{author},X-1,essay,5,2021-05-01,yes",
            "Items of this kind earn no credits by the book of the acceptance day.",
        ),
        ("{author},X-1,core,5,2021-05-01,yes,more", "row 2: This row has more cells than the heading."),
    ],
)
def test_what_is_wrong_is_said_by_row_and_column(author: Candidate, row: str, said: str) -> None:
    (line,) = told(HEAD + row.format(author=author.number), commit=True)
    assert (line.said, line.credits) == (said, None)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "row 1: The heading lacks: candidate"),
        (b"\xff\xfe\x00", "the file: This is not a text file in UTF-8."),
        (b"candidate,reference\nA,B\n", "row 1: The heading lacks: kind, accepted, accepted_on, direct."),
        (
            (HEAD + "A,B,core,1,2021-05-01,yes\n" * (MOST_ROWS + 1)).encode(),
            "the file: The table has more than 300 rows",
        ),
    ],
)
def test_a_file_that_is_no_such_table_is_said(content: bytes, said: str) -> None:
    (line,) = told(content, commit=True)
    assert line.said.startswith(said)


def test_a_reference_that_stands_twice_is_reported_for_neither(author: Candidate) -> None:
    row = f"{author.number},X-1,core,5,2021-05-01,yes\n"
    lines = told(HEAD + row + row, commit=True)
    assert [line.said for line in lines] == [
        f"row {number}, reference: This reference stands in the table more than once." for number in (2, 3)
    ]
    assert not Grant.objects.exists()


def test_workshops_have_a_table_of_their_own(author: Candidate) -> None:
    table = (
        "held_on;days;level;kind;reference;candidate;room\n"
        f"2021-05-01;2;professional;jta;W-1;{author.number};12\n"
        f"2021-05-01;2;entry;mqc;W-2;{author.number};12\n"
    )
    taken, refused = told(table, sheet=WORKSHOPS, commit=True)
    assert (taken.credits, refused.clauses) == (12, ("XDEV-03",))
    assert Workshop.objects.get().reference == "W-1"


def test_the_page_shows_what_would_happen_and_then_does_it(desk: Client, author: Candidate) -> None:
    table = f"{HEAD}{author.number},X-1,core,5,2021-05-01,yes\nnobody,X-2,core,5,2021-05-01,yes\n".encode()
    page = desk.post(PAGE, {"table": SimpleUploadedFile("items.csv", table)})
    words = text_of(page)
    assert "row 3, candidate: There is no candidate with this number." in words
    assert "Report 1 row" in words
    assert not Grant.objects.exists()

    done = desk.post(PAGE, {"looked_at": base64.b64encode(table).decode(), "report": "1"}, follow=True)
    assert "1 row is reported." in text_of(done)
    assert "row 3, candidate" in text_of(done)
    assert Grant.objects.get().amount == 15


@pytest.mark.parametrize(
    ("sent", "said"),
    [({}, "Choose a file."), ({"looked_at": "no table!", "report": "1"}, "Choose the file again.")],
)
def test_a_form_without_a_table_is_said(desk: Client, sent: dict[str, str], said: str) -> None:
    page = desk.post(PAGE, sent)
    assert page.status_code == HTTPStatus.OK
    assert said in text_of(page)


def test_a_table_that_is_too_large_is_said(desk: Client) -> None:
    page = desk.post(PAGE, {"table": SimpleUploadedFile("items.csv", b"x" * (1024 * 1024 + 1))})
    assert "The table is larger than 1 MB" in text_of(page)


def test_only_the_exam_team_hands_in_tables(client: Client, dan: User, author: Candidate) -> None:
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    for user in (author.user, clerk):
        assert user is not None
        client.force_login(user)
        assert client.post(PAGE, {}).status_code in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}
    client.force_login(dan)
    assert client.get(PAGE).status_code == HTTPStatus.OK
