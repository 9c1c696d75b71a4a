"""The receipt of a claim: frozen and signed at every handing-in, so that its moment can be proved (CE-14, CE-11)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from ceportal.kernel import clock, signatures, signed_files
from ceportal.kernel.signed_files import Verdict
from credits.models import Claim, Receipt
from credits.papers import receipt as papers
from credits.services import claims
from credits.services.claims import ClaimForm
from tests import factories
from tests.credits.dispute_world import World, make_world
from tests.factories import noon
from tests.story import PDF

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> Iterator[World]:
    settings.PROGRAMME_TIME_ZONE = "Asia/Tokyo"
    world = make_world(settings, tmp_path)
    world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    with clock.standing_at(noon("2021-04-12")):
        yield world


def test_it_says_what_was_filed_when_and_with_which_files(world: World) -> None:
    receipt = Receipt.objects.get()
    said = receipt.content
    claim = world.claim()

    assert (said["claim"], said["ordinal"], said["candidate"]["name"]) == (claim.number, 1, "Alice Okafor")
    assert (said["at"], said["at_in_the_programme"]) == ("2021-04-12T12:00:00+00:00", "2021-04-12T21:00:00+09:00")
    assert (said["completed_on"], said["first_filed_on"], said["credits"]) == ("2021-04-10", "2021-04-12", 40)
    assert said["files"] == [
        {
            "name": "certificate.pdf",
            "kind": "application/pdf",
            "bytes": len(PDF),
            "sha256": hashlib.sha256(PDF).hexdigest(),
        }
    ]
    signed = signatures.read(receipt.token)
    assert signed is not None
    assert (signed.kind, signed.content) == ("claim_receipt", said)


def test_handing_in_twice_is_one_receipt_and_each_handing_in_has_its_own(world: World) -> None:
    claim = world.claim()
    claims.submit_claim(candidate_id=world.story.candidate.id, claim_id=claim.id, now=world.story.now)
    assert Receipt.objects.count() == 1

    world.story.to("2021-04-20").decide(outcome="return", by=world.bob)
    claims.save_draft(
        candidate_id=world.story.candidate.id,
        form_key=claim.form_key,
        form=ClaimForm(completed_on=claim.completed_on, note="The second page is there now."),
        now=world.story.now,
    )
    claims.submit_claim(candidate_id=world.story.candidate.id, claim_id=claim.id, now=world.story.now)
    first, second = Receipt.objects.order_by("ordinal")
    assert (second.ordinal, second.content["first_filed_on"]) == (2, "2021-04-12")
    assert second.content["at"] == "2021-04-20T12:00:00+00:00"
    assert second.content["note_sha256"] == hashlib.sha256(second.note.encode()).hexdigest()
    assert first.content["note_sha256"] == ""


def test_a_refused_claim_has_no_receipt(world: World) -> None:
    before = Receipt.objects.count()
    draft = Claim.objects.create(
        candidate=world.story.candidate,
        number="C-DRAFT",
        form_key="00000000-0000-4000-8000-000000000000",
        created_at=world.story.now,
    )
    assert draft.receipts.count() == 0
    assert Receipt.objects.count() == before


@pytest.mark.parametrize("change", [{"content": {}}, {"token": "x"}, {"filed_at": noon("2021-04-01")}])
def test_the_database_refuses_to_change_or_remove_one(world: World, change: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Receipt.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Receipt.objects.all()._raw_delete("default")


def test_the_pdf_is_signed_and_the_same_each_time(world: World) -> None:
    receipt = Receipt.objects.get()
    pdf = papers.set_receipt(receipt)

    assert papers.set_receipt(receipt) == pdf
    checked = signed_files.check_file(pdf)
    assert checked.verdict == Verdict.GENUINE
    assert checked.signed is not None
    assert checked.signed.content["claim"] == world.claim().number
    assert signed_files.check_file(pdf.replace(b"%PDF-1.7", b"%PDF-1.6")).verdict == Verdict.CHANGED


def test_the_longest_receipt_can_still_be_signed_and_set(world: World) -> None:
    """As many files as there can be, twice over, with the longest names in the widest letters."""
    receipt = Receipt.objects.get()
    file = {"name": "名" * 60, "kind": "application/pdf", "bytes": 10 * 1024 * 1024, "sha256": "f" * 64}
    receipt.content |= {
        "files": [file] * 20,
        "note_sha256": "f" * 64,
        "training": {"code": "c" * 60, "title": "名" * 200},
        "provider": {"code": "p" * 40, "name": "名" * 120},
        "candidate": {"number": "C" * 20, "name": "名" * 150},
    }
    receipt.token = signatures.sign(kind="claim_receipt", content=receipt.content)
    assert papers.set_receipt(receipt).startswith(b"%PDF-")


def test_only_its_owner_gets_it(client: Client, world: World) -> None:
    url = f"/claims/{world.claim().number}/receipts/1.pdf"
    assert client.get(url).status_code == HTTPStatus.FOUND
    for user in (factories.CandidateFactory.create(login=True).user, world.bob.user, world.dan):
        assert user is not None
        client.force_login(user)
        assert client.get(url).status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.FOUND}

    owner = world.story.candidate.user
    assert owner is not None
    client.force_login(owner)
    found = client.get(url)
    assert (found.status_code, found["Content-Type"]) == (HTTPStatus.OK, "application/pdf")
    assert client.get(f"/claims/{world.claim().number}/receipts/2.pdf").status_code == HTTPStatus.NOT_FOUND
    page = client.get(f"/claims/{world.claim().number}/").content.decode()
    assert hashlib.sha256(PDF).hexdigest() in page
    assert url in page


def test_anyone_can_check_what_the_page_offers(client: Client, world: World) -> None:
    checked = client.post("/check/", {"token": Receipt.objects.get().token}).content.decode()
    assert "Genuine" in checked
    assert world.claim().number in checked
