"""Vouchers from a file: a dry run that says what is wrong in which line and column, then all or nothing (VCH-01)."""

from __future__ import annotations

import io
from datetime import date
from http import HTTPStatus

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from candidates.models import Notice
from ceportal.kernel.decisions import Refused
from ceportal.kernel.sheets import Unreadable
from payments import services, voucher_files
from payments.models import Voucher
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2026-02-03")
HEADER = "candidate,expires_on,reference"
PAGE = "/admin/payments/voucher/issue/"


@pytest.fixture
def people():
    """Alice and Bela, CE1 and CE2."""
    return [factories.CandidateFactory.create(number=f"CE{number}", name=f"Person {number}") for number in (1, 2)]


def csv_file(*lines, header=HEADER):
    return "\n".join([header, *lines]).encode()


def look(content):
    return services.look_at_vouchers(content=content, now=NOW)


def issue(content):
    return services.issue_vouchers(content=content, staff_id=None, now=NOW)


def test_a_file_is_looked_at_and_then_issued_once(people):
    content = csv_file("ce1,2026-12-31,PO-1/1", "CE2,2026-12-31,PO-1/2")
    assert [line.issues for line in look(content)] == [True, True]
    assert not Voucher.objects.exists()
    assert len(issue(content)) == 2
    assert issue(content) == []
    assert [line.issued_before for line in look(content)] == [True, True]
    held = Voucher.objects.order_by("reference").values_list("candidate__number", "expires_on", "reference", "status")
    assert list(held) == [
        ("CE1", day("2026-12-31"), "PO-1/1", "unused"),
        ("CE2", day("2026-12-31"), "PO-1/2", "unused"),
    ]
    assert Notice.objects.filter(kind="voucher_issued").count() == 2


def test_an_excel_file_will_do_as_well(people):
    book = Workbook()
    for row in (("Reference", "Candidate number", "Valid until"), ("PO-2", "CE1", date(2026, 12, 31))):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    (voucher,) = issue(file.getvalue())
    assert (voucher.candidate.number, voucher.expires_on, voucher.reference) == ("CE1", day("2026-12-31"), "PO-2")


@pytest.mark.parametrize(
    ("_case", "line", "column", "words"),
    [
        ("nobody", "CE9,2026-12-31,A", "candidate", "There is no candidate with this number."),
        ("no candidate", ",2026-12-31,A", "candidate", "The cell is empty."),
        ("no day", "CE1,soon,A", "expires_on", "This is not a day."),
        ("no such day", "CE1,2026-02-30,A", "expires_on", "This is not a day."),
        ("an unformatted day", "CE1,46022,A", "expires_on", "not formatted as a date"),
        ("over yesterday", "CE1,2026-02-02,A", "expires_on", "would have expired at the end of"),
        ("no reference", "CE1,2026-12-31,", "reference", "The cell is empty."),
        ("a reference twice", "CE1,2026-12-31,GOOD", "reference", "The same reference stands in line 2"),
        ("of somebody else", "CE1,2026-12-31,TAKEN", "reference", "was issued to another candidate"),
        ("a formula", "CE1,2026-12-31,=A1", "reference", "The cell holds a formula."),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column_and_nothing_is_issued(people, _case, line, column, words):
    services.issue_voucher(candidate_id=people[1].id, expires_on=day("2026-12-31"), reference="TAKEN", now=NOW)
    content = csv_file("CE2,2026-02-03,GOOD", line)
    good, wrong = look(content)
    assert (good.issues, wrong.number, [name for name, _words in wrong.said]) == (True, 3, [column])
    assert words in wrong.said[0][1]
    with pytest.raises(Refused) as refusal:
        issue(content)
    assert refusal.value.decision.clauses_unmet == ("VCH-01",)
    assert list(Voucher.objects.values_list("reference", flat=True)) == ["TAKEN"]


@pytest.mark.parametrize(
    ("_case", "content", "words"),
    [
        ("nothing", b"", "The file is empty."),
        ("the columns alone", csv_file(), "asks for no voucher"),
        ("a column missing", csv_file("CE1,2026-12-31", header="candidate,expires_on"), "columns are missing"),
        ("an unknown column", csv_file("CE1,2026-12-31,A,9", header=f"{HEADER},price"), "not a column of this table"),
        ("too many", csv_file(*["CE1,2026-12-31,A"] * (voucher_files.VOUCHERS_AT_MOST + 1)), "asks for more than"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(_case, content, words):
    with pytest.raises(Unreadable) as trouble:
        look(content)
    assert words in trouble.value.sentence


class TestPage:
    """Staff hand a file in, look at what it would do, and issue."""

    @pytest.fixture
    def desk(self, client, dan):
        client.force_login(dan)
        return client

    def upload(self, desk, content):
        return desk.post(PAGE, {"table": SimpleUploadedFile("vouchers.csv", content)})

    def test_the_dry_run_comes_first(self, desk, dan, people):
        page = self.upload(desk, csv_file("CE1,2099-12-31,PO-1"))
        text = page.content.decode()
        assert "A voucher is issued." in text
        assert "Issue 1 voucher" in text
        assert not Voucher.objects.exists()
        looked_at = page.context["looked_at"]
        for _time in range(2):
            done = desk.post(PAGE, {"looked_at": looked_at, "issue": "1"})
            assert done.status_code == HTTPStatus.FOUND
        assert Voucher.objects.get().issued_by == dan

    def test_what_is_wrong_leaves_no_button(self, desk, people):
        text = self.upload(desk, csv_file("CE1,2099-12-31,PO-1", "CE9,2099-12-31,PO-2")).content.decode()
        assert "There is no candidate with this number." in text
        assert 'name="issue"' not in text

    def test_what_became_wrong_since_is_said(self, desk, people):
        looked_at = self.upload(desk, csv_file("CE1,2099-12-31,PO-1")).context["looked_at"]
        services.issue_voucher(candidate_id=people[1].id, expires_on=day("2099-12-31"), reference="PO-1", now=NOW)
        text = desk.post(PAGE, {"looked_at": looked_at, "issue": "1"}).content.decode()
        assert "no voucher was issued" in text
        assert "was issued to another candidate" in text
        assert Voucher.objects.count() == 1

    def test_a_file_that_cannot_be_read_is_said_beside_it(self, desk):
        assert "columns are missing" in self.upload(desk, csv_file(header="candidate")).content.decode()
        assert "Choose a file." in desk.post(PAGE, {}).content.decode()

    def test_only_who_may_issue_opens_it(self, client):
        clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_voucher"))
        client.force_login(clerk)
        assert client.get(PAGE).status_code == HTTPStatus.FORBIDDEN
        assert client.post("/admin/payments/voucher/add/", {}).status_code == HTTPStatus.FORBIDDEN
