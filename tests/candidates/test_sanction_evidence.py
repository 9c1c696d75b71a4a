"""What sanctions rest on: from each kind of case, with files, frozen when proposed and read by both who sign."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from candidates import services
from candidates.models import Candidate, Case, Sanction, SanctionFile, User
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from ceportal.kernel.uploads import Upload
from tests import factories
from tests.factories import day, noon
from tests.story import PDF

pytestmark = pytest.mark.django_db
NOW = noon("2026-05-04")
PICTURE = b"\x89PNG\r\n\x1a\n....IEND...."


@pytest.fixture(autouse=True)
def today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def erin(db: None) -> User:
    return factories.UserFactory.create(staff=True, second_factor=True)


def propose(candidate: Candidate, by: User, **other: Any) -> Sanction:
    return services.propose_sanction(
        **{"candidate_id": candidate.id, "clause": "CERT-08", "statement": "Sold mugs.", "staff_id": by.id, **other},
        now=NOW,
    )


def tip_about(candidate: Candidate, by: User, *uploads: Upload) -> Case:
    form = services.TipForm(words="Sold mugs with the logo.", happened_on=day("2026-05-01"))
    tip = services.file_tip(form_key=uuid4(), form=form, uploads=uploads, now=NOW).tip
    services.link_tip(tip_id=tip.id, candidate_id=candidate.id, staff_id=by.id, now=NOW)
    return tip.case


def test_files_and_words_come_with_the_proposal(alice: Candidate, dan: User) -> None:
    files = [Upload("mug.pdf", PDF), Upload("the same.pdf", PDF), Upload("shop.png", PICTURE)]
    sanction = propose(alice, dan, evidence="Two pictures.", uploads=files)
    kept = [(each.original_name, each.kind, each.attached_at) for each in sanction.files.all()]
    assert kept == [("mug.pdf", "application/pdf", NOW), ("shop.png", "image/png", NOW)]


def test_those_of_the_tip_come_along_once(alice: Candidate, dan: User) -> None:
    case = tip_about(alice, dan, Upload("seen.pdf", PDF))
    sanction = propose(alice, dan, case_id=case.id, uploads=[Upload("again.pdf", PDF), Upload("shop.png", PICTURE)])
    assert [each.original_name for each in sanction.files.all()] == ["seen.pdf", "shop.png"]
    with sanction.files.earliest("id").file.open("rb") as kept:
        assert kept.read() == PDF


def test_what_is_no_evidence_leaves_nothing(alice: Candidate, dan: User) -> None:
    before = Event.objects.count()
    with pytest.raises(Refused, match="CAND-02"):
        propose(alice, dan, uploads=[Upload("mug.pdf", b"MZ")])
    assert (Sanction.objects.count(), SanctionFile.objects.count(), Event.objects.count()) == (0, 0, before)


def test_a_case_about_somebody_else_is_no_ground(alice: Candidate, dan: User) -> None:
    case = tip_about(factories.CandidateFactory.create(), dan)
    with pytest.raises(Refused, match="CAND-02"):
        propose(alice, dan, case_id=case.id)
    assert not Sanction.objects.exists()


def test_the_database_freezes_what_was_proposed_until_it_ends(alice: Candidate, dan: User, erin: User) -> None:
    sanction = propose(alice, dan, uploads=[Upload("mug.pdf", PDF)])
    file = sanction.files.get()
    changes = (
        lambda: Sanction.objects.update(statement="Sold cups."),
        lambda: Sanction.objects.update(evidence="More."),
        lambda: Sanction.objects.update(permanent=False),
        lambda: SanctionFile.objects.update(original_name="cup.pdf"),
        lambda: SanctionFile.objects.all().delete(),
        lambda: SanctionFile.objects.create(
            sanction=sanction, file="sanctions/x", original_name="x", kind="image/png", size_bytes=1, sha256="x",
            attached_at=NOW + (NOW - noon("2026-05-03")),
        ),
    )  # fmt: skip
    for signed in (False, True):
        if signed:
            services.confirm_sanction(sanction_id=sanction.id, staff_id=erin.id, now=NOW)
        for change in changes:
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
    assert SanctionFile.objects.get() == file
    services.lift_sanction(sanction_id=sanction.id, reason="They were cups.", staff_id=erin.id, now=NOW)
    assert Sanction.objects.update(statement="-") == 1  # what ended can be anonymised (CAND-09)


class TestPages:
    def test_proposed_from_a_tip_with_files_and_read_by_the_second(
        self, client: Client, alice: Candidate, dan: User, erin: User
    ) -> None:
        case = tip_about(alice, dan, Upload("seen.pdf", PDF))
        client.force_login(dan)
        asked = {
            "clause": "CERT-08",
            "statement": "Sold mugs.",
            "evidence": "A shop.",
            "reach": "everything",
            "uploads": SimpleUploadedFile("shop.png", PICTURE),
        }
        url = f"/admin/candidates/case/{case.id}/propose-sanction/"
        assert client.post(url, asked).status_code == HTTPStatus.FOUND
        sanction = Sanction.objects.get(case=case)
        client.force_login(erin)
        page = client.get(f"/admin/candidates/sanction/{sanction.id}/change/").text
        for shown in ("A shop.", "seen.pdf", "shop.png", "Suspected misconduct was reported", f"/case/{case.id}/"):
            assert shown in page
        found = client.get(reverse("candidates:sanction_file", args=[sanction.files.latest("id").id]))
        assert (found.status_code, found["Content-Type"]) == (HTTPStatus.OK, "image/png")
        assert b"".join(found.streaming_content) == PICTURE  # type: ignore[attr-defined]

    def test_a_tip_that_is_linked_to_nobody_is_linked_first(self, client: Client, dan: User) -> None:
        form = services.TipForm(words="Sold.", happened_on=day("2026-05-01"))
        tip = services.file_tip(form_key=uuid4(), form=form, now=NOW).tip
        client.force_login(dan)
        answer = client.post(f"/admin/candidates/case/{tip.case_id}/propose-sanction/", {})
        assert answer["Location"] == f"/admin/candidates/tip/{tip.id}/change/"

    def test_everything_a_case_knows_is_shown_in_words(self, client: Client, alice: Candidate, dan: User) -> None:
        facts = {"claim": "C-1", "drawn_by_lot": True, "answer": "", "files": [{"name": "a.pdf", "sha256": "f00"}]}
        case = services.open_case(
            key="one", kind=Case.Kind.FAILED_AUDIT, clause="CE-12", candidate_id=alice.id,
            subject="credits.audit:1", facts=facts, now=NOW,
        )  # fmt: skip
        client.force_login(dan)
        page = client.get(f"/admin/candidates/case/{case.id}/change/").text
        for shown in ("Claim: C-1", "Drawn by lot: yes", "name a.pdf, sha256 f00", "/admin/credits/audit/1/change/"):
            assert shown in page

    def test_evidence_is_for_staff_and_not_for_whom_it_is_about(
        self, client: Client, alice: Candidate, dan: User, erin: User
    ) -> None:
        own = factories.CandidateFactory.create(user=dan)
        sanction = propose(own, erin, uploads=[Upload("mug.pdf", PDF)])
        url = reverse("candidates:sanction_file", args=[sanction.files.get().id])
        assert client.get(url).status_code == HTTPStatus.FOUND
        clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
        for user, status in ((alice.user, 302), (clerk, 403), (dan, 404), (erin, 200)):
            assert user is not None
            client.force_login(user)
            found = client.get(url)
            assert found.status_code == status
        assert b"".join(found.streaming_content) == PDF  # type: ignore[attr-defined]
