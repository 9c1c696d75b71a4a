"""The exam team's pages: reporting accepted items and workshops, and who may; the candidate's line in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from ceportal.kernel import clock
from credits.models import AuthoredItems, Grant, Workshop
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, text_of
from tests.reference_data import load_reference

pytestmark = pytest.mark.django_db
ITEMS, WORKSHOPS = "/admin/credits/authoreditems/", "/admin/credits/workshop/"


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
def editor(db: None) -> User:
    """A member of the exam team."""
    user = factories.UserFactory.create(is_staff=True, second_factor=True, email="edith@example.org")
    user.groups.add(Group.objects.get(name="Exam team"))
    return user


@pytest.fixture
def desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def items(author: Candidate, **changes: str) -> dict[str, str]:
    report = {"reference": "X-1", "kind": "core", "accepted": "5", "accepted_on": "2021-05-01", "direct": "on"}
    return {"candidate": author.number, **report} | changes


def workshop(author: Candidate, **changes: str) -> dict[str, str]:
    report = {"reference": "W-1", "kind": "jta", "level": "professional", "days": "2", "held_on": "2021-05-02"}
    return {"candidate": author.number, **report} | changes


def test_the_exam_team_reports_and_the_candidate_reads_it(desk: Client, author: Candidate, editor: User) -> None:
    """XDEV-01, XDEV-03."""
    assert desk.post(ITEMS + "add/", items(author)).status_code == HTTPStatus.FOUND
    said = desk.post(WORKSHOPS + "add/", workshop(author, candidate=author.number.lower()), follow=True)
    assert "has earned 12 credits." in text_of(said)
    assert AuthoredItems.objects.get().reported_by == editor
    assert Workshop.objects.get().credits == 12

    record = text_of(desk.get(f"{WORKSHOPS}{Workshop.objects.get().id}/change/"))
    assert "XDEV-03" in record and "provisional" in record

    assert author.user is not None
    desk.force_login(author.user)
    ledger = text_of(desk.get(reverse("credits:ledger")))
    assert "Exam items, core: 5" in ledger
    assert "Earned: your exam items were accepted on 1 May 2021, as the exam team reports. XDEV-01" in ledger
    assert "Workshop, job task analysis, Professional: 2" in ledger
    assert "Earned: the workshop ended on 2 May 2021, as the exam team reports. XDEV-03" in ledger


@pytest.mark.parametrize(
    ("address", "report", "changes", "words"),
    [
        (ITEMS, items, {"direct": ""}, "They were not authored directly"),
        (ITEMS, items, {"accepted_on": "2021-05-05"}, "The completion date lies in the future."),
        (WORKSHOPS, workshop, {"level": "entry"}, "Workshops for this level earn no credits"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_typed(desk, author, address, report, changes, words) -> None:
    page = desk.post(address + "add/", report(author, **changes))
    assert page.status_code == HTTPStatus.CONFLICT
    assert words in text_of(page)
    assert f'value="{author.number}"' in page.content.decode()
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"candidate": "nobody"}, "There is no candidate with the number NOBODY."),
        ({"accepted": "0"}, "greater than or equal to 1"),
        ({"accepted": "40000"}, "less than or equal to 1000"),
        ({"kind": "essay"}, "essay is not one of the available choices"),
        ({"accepted_on": "yesterday"}, "Enter a valid date"),
    ],
)
def test_what_is_mistyped_stands_beside_its_field(desk: Client, author: Candidate, changes, words) -> None:
    page = desk.post(ITEMS + "add/", items(author, **changes))
    assert page.status_code == HTTPStatus.OK
    assert words in text_of(page)
    assert not Grant.objects.exists()


def test_sending_a_report_twice_is_harmless(desk: Client, author: Candidate) -> None:
    for _time in range(2):
        assert desk.post(ITEMS + "add/", items(author)).status_code == HTTPStatus.FOUND
    assert Grant.objects.count() == 1


@pytest.mark.parametrize("address", [ITEMS, WORKSHOPS])
def test_only_the_exam_team_reports(
    client: Client, author: Candidate, bob: ProviderMember, editor: User, address: str
) -> None:
    """CE-10: neither candidates, nor providers, nor staff of other teams; and the team does nothing else."""
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    report = items(author) if address == ITEMS else workshop(author)
    for user in (author.user, bob.user, clerk):
        assert user is not None
        client.force_login(user)
        assert client.post(address + "add/", report).status_code in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}
        assert client.get(address).status_code in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}
    assert not Grant.objects.exists()
    client.force_login(editor)
    assert client.get("/admin/credits/claim/").status_code == HTTPStatus.FORBIDDEN
    assert client.get("/admin/credits/entry/").status_code == HTTPStatus.FORBIDDEN


def test_a_member_of_the_team_does_not_report_for_herself(desk: Client, author: Candidate, editor: User) -> None:
    """CE-10."""
    author.user = editor
    author.save()
    page = desk.post(ITEMS + "add/", items(author))
    assert page.status_code == HTTPStatus.CONFLICT
    assert "Nobody reports a completion of their own." in text_of(page)


def test_the_group_stays_as_administrators_made_it(editor: User) -> None:
    group = Group.objects.get(name="Exam team")
    assert group.permissions.count() == 4
    group.permissions.clear()
    load_reference()
    assert not group.permissions.exists()
