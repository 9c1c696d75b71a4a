"""The provider's pages of rosters: upload, dry run, report, result; and who has no business there."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from candidates.models import Candidate, User
from catalog.models import Item, Provider, ProviderMember
from ceportal.kernel import clock
from credits import tasks
from credits.models import CompletionReport, Grant, Roster
from tests import factories
from tests.credits.pages import text_of
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.credits.roster_world import csv_file, excel_file

LIST = "/provider/rosters/"
pytestmark = pytest.mark.django_db
MaxQueries = Callable[[int], Any]


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def training(acme: Provider) -> Item:
    return factories.listed_item(code="secure-lab", title="Secure networks lab", provider=acme, credits=40)


@pytest.fixture
def me(client: Client, bob: ProviderMember, training: Item) -> Client:
    client.force_login(bob.user)
    return client


def send(client: Client, content: bytes, *, name: str = "may.csv", key: str = "") -> Any:
    return client.post(LIST, {"form_key": key or str(uuid4()), "file": SimpleUploadedFile(name, content)})


def row(number: str, on: str = "2026-04-01", name: str = "") -> tuple[str, ...]:
    return (number, name, "secure-lab", "", on)


def uploaded(client: Client, *rows: tuple[str, ...]) -> str:
    """The address of a roster that was looked at."""
    response = send(client, csv_file(*rows))
    assert response.status_code == HTTPStatus.FOUND
    return str(response["Location"])


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────
ACTS = ("report/", "check/", "discard/")


@pytest.mark.parametrize("who", ["alice", "dan", "proctor", "carol", "left", "nobody"])
def test_a_roster_is_its_providers_own(
    who: str, me: Client, bob: ProviderMember, alice: Candidate, request: pytest.FixtureRequest
) -> None:
    address = uploaded(me, row(enrolled(alice).number))
    stranger = Client()
    if who == "left":
        bob.active = False
        bob.save()
        stranger.force_login(bob.user)
    elif who != "nobody":
        person = request.getfixturevalue(who)
        stranger.force_login(person if isinstance(person, User) else person.user)
    shut = HTTPStatus.FOUND if who == "nobody" else HTTPStatus.NOT_FOUND

    assert stranger.get(address).status_code == shut
    assert stranger.get(f"{address}result.csv").status_code == shut
    for act in ACTS:
        assert stranger.post(f"{address}{act}").status_code == shut
    if who != "carol":
        assert stranger.get(LIST).status_code == shut
        assert send(stranger, csv_file(row("X1"))).status_code == shut
        assert stranger.get(f"{LIST}empty.csv").status_code == shut

    assert list(Roster.objects.values_list("status", flat=True)) == ["checked"]
    assert not CompletionReport.objects.exists()


def test_another_provider_sees_none_of_it_in_its_list(me: Client, carol: ProviderMember) -> None:
    uploaded(me, row("X1"))
    stranger = Client()
    stranger.force_login(carol.user)
    assert "may.csv" not in stranger.get(LIST).text
    key = Roster.objects.get().form_key
    assert send(stranger, csv_file(row("X2")), key=str(key)).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("act", ACTS)
def test_what_changes_something_is_posted(me: Client, act: str) -> None:
    assert me.get(uploaded(me, row("X1")) + act).status_code == HTTPStatus.METHOD_NOT_ALLOWED


# ── Upload ────────────────────────────────────────────────────────────────────────────────────────
def test_the_first_state_says_what_a_roster_is(me: Client) -> None:
    page = text_of(me.get(LIST))
    assert "No roster has been uploaded yet." in page
    assert "at most 5 MB and 10,000 lines" in page
    for column in ("candidate", "name", "item", "delivery", "completed_on"):
        assert column in page


def test_an_empty_roster_can_be_had_and_is_one(me: Client) -> None:
    content = b"".join(me.get(f"{LIST}empty.csv"))
    assert content.startswith(b"\xef\xbb\xbfcandidate,name,item,delivery,completed_on\r\n")
    assert send(me, content).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    ("_case", "content", "words"),
    [
        ("empty", b"", "This file is empty."),
        ("a picture", b"\x89PNG\r\n\x1a\n\0", "neither CSV in UTF-8 nor an Excel workbook"),
        ("an unknown column", csv_file(header=("who",)), "Column A is called “who”"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_its_field(
    me: Client, _case: str, content: bytes, words: str
) -> None:
    page = send(me, content)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page.context["form"].errors["file"][0]
    assert not Roster.objects.exists()


def test_a_form_without_a_file_or_without_its_key_is_no_roster(me: Client) -> None:
    assert me.post(LIST, {"form_key": str(uuid4())}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert send(me, csv_file(row("X1")), key="nonsense").status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_sent_twice_it_is_one_and_the_same_file_again_is_said_to_be_here(me: Client) -> None:
    key = str(uuid4())
    first = send(me, csv_file(row("X1")), key=key)["Location"]
    assert send(me, csv_file(row("X1")), key=key)["Location"] == first
    again = send(me, csv_file(row("X1")))
    assert again["Location"] == first
    assert "This very file waits here already" in me.get(first).text
    assert Roster.objects.count() == 1


# ── The dry run ───────────────────────────────────────────────────────────────────────────────────
def test_the_dry_run_shows_each_line_with_what_it_does_or_lacks(me: Client, alice: Candidate, training: Item) -> None:
    claim = handed_in(enrolled(alice), training)
    other = enrolled(factories.CandidateFactory.create(name="Zoë Adler"))
    address = send(
        me,
        excel_file(
            row(alice.number), row(other.number, name="Somebody Else"), row("CSCO404"), row(other.number, "soon")
        ),
        name="may.xlsx",
    )["Location"]

    page = me.get(address)
    words = text_of(page)

    assert "This is a dry run: nothing has been reported." in words
    assert "Report 2 completions" in words
    assert "2 lines are left out." in words
    assert "80 credits in all" in words
    assert f"approves the claim that waits {claim.number}" in words
    assert "The record has another name for this number." in words
    assert "Zoë Adler" not in words
    assert "candidate Nobody who is enrolled has this number." in words
    assert "completed_on This is not a day." in words
    assert [line.row.line for line in page.context["lines"]] == [2, 3, 4, 5]
    assert [line.row.line for line in me.get(f"{address}?show=refused").context["lines"]] == [4, 5]
    assert [line.row.line for line in me.get(f"{address}?show=nonsense&page=9").context["lines"]] == [2, 3, 4, 5]
    assert not CompletionReport.objects.exists()


def test_a_dry_run_is_made_again_and_put_aside(me: Client, alice: Candidate) -> None:
    address = uploaded(me, row(alice.number))
    assert "Report 1" not in text_of(me.get(address))
    enrolled(alice)
    assert me.post(f"{address}check/")["Location"] == address
    assert "Report 1 completion" in text_of(me.get(address))
    assert me.post(f"{address}discard/")["Location"] == LIST
    assert "This dry run was put aside" in text_of(me.get(address))
    assert me.post(f"{address}report/").status_code == HTTPStatus.CONFLICT
    assert not CompletionReport.objects.exists()


@pytest.mark.parametrize("length", [1, 40])
def test_pages_ask_the_same_whatever_the_length(
    me: Client, training: Item, length: int, django_assert_max_num_queries: MaxQueries
) -> None:
    people = [enrolled(factories.CandidateFactory.create()) for _each in range(length)]
    for person in people:
        handed_in(person, training)
    address = uploaded(me, *(row(person.number) for person in people))
    for number in range(length):
        uploaded(me, row(f"X{number}"))
    with django_assert_max_num_queries(12):
        page = me.get(address)
    assert len(page.context["lines"]) == length
    with django_assert_max_num_queries(12):
        me.get(LIST)


# ── Reporting ─────────────────────────────────────────────────────────────────────────────────────
def test_one_button_reports_it_once(me: Client, alice: Candidate, bob: ProviderMember) -> None:
    address = uploaded(me, row(enrolled(alice).number), row("CSCO404"))
    for _click in range(2):
        assert me.post(f"{address}report/")["Location"] == address
    words = text_of(me.get(address))
    assert "Reported by" in words
    assert "What could not be reported stands below" in words
    assert Grant.objects.get().amount == 40
    assert CompletionReport.objects.get().reported_by == bob
    assert "reported" in text_of(me.get(LIST))


def test_without_a_good_line_there_is_no_button_and_no_report(me: Client) -> None:
    address = uploaded(me, row("CSCO404"))
    assert f"{address}report/" not in me.get(address).text
    refused = me.post(f"{address}report/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "No line of it can be reported." in refused.text
    assert "Why?" in refused.text


def test_long_work_is_a_workers_and_the_page_follows_it(me: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CHECKED_AT_ONCE", 0)
    monkeypatch.setattr(tasks, "REPORTED_AT_ONCE", 0)
    people = [enrolled(factories.CandidateFactory.create()) for _each in range(3)]
    address = uploaded(me, *(row(person.number) for person in people))

    page = me.get(address)
    assert "3 lines are being checked." in text_of(page)
    assert 'hx-trigger="every 1500ms"' in page.text
    assert "<html" not in me.get(address, headers={"HX-Request": "true"}).text
    tasks.work_on_roster(Roster.objects.get().id)
    assert "hx-trigger" not in me.get(address, headers={"HX-Request": "true"}).text

    me.post(f"{address}report/")
    assert "0 of 3 lines are reported." in text_of(me.get(address))
    tasks.work_on_roster(Roster.objects.get().id)
    assert "Reported by" in text_of(me.get(address))
    assert Grant.objects.count() == 3


# ── The result ────────────────────────────────────────────────────────────────────────────────────
def test_the_result_is_a_table_that_no_spreadsheet_takes_for_formulas(me: Client, alice: Candidate) -> None:
    address = uploaded(me, row(enrolled(alice).number), row("+1", name="@SUM(A1)"))
    me.post(f"{address}report/")

    response = me.get(f"{address}result.csv")
    lines = list(csv.reader(b"".join(response).decode("utf-8-sig").splitlines()))

    assert response["Content-Disposition"] == 'attachment; filename="may-result.csv"'
    assert lines[0][:5] == ["candidate", "name", "item", "delivery", "completed_on"]
    assert lines[1][5:8] == ["2", "earns credits", "40"]
    assert lines[2][:2] == ["'+1", "'@SUM(A1)"]
    assert lines[2][6] == "cannot be reported"
    assert lines[2][10:] == ["CE-05", "candidate: Nobody who is enrolled has this number."]
