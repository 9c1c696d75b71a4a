"""Certificate, card, logos and what the page of a certification offers: by status, and to the holder only (CERT-08)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates import documents, queries, rules, services, verification
from candidates.documents import papers
from candidates.models import Candidate, Certification, User
from candidates.queries import Held
from ceportal.kernel import clock, signed_files
from ceportal.kernel.square_codes import square_code
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, TODAY, text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
KINDS = ("certificate", "card", "logos")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def held(alice: Candidate) -> Held:
    """Alice's professional certification, active until June 2023."""
    return read(pages.certify(alice))


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


def read(certification: Certification) -> Held:
    (found,) = queries.held_in(Certification.objects.filter(id=certification.id).select_related("candidate"))
    return found


def asked(client: Client, kind: str, number: str) -> Any:
    return client.get(reverse(f"candidates:{kind}", args=[number]))


def objects_in(pdf: bytes) -> bytes:
    """A PDF's objects in the open, whichever way they are packed."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", objects_in(pdf)))


# ── What is given ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("status", "papers_unmet", "marks_unmet"),
    [
        ("active", (), ()),
        ("suspended", (), ("CERT-08",)),
        ("grace", (), ("CERT-08",)),
        ("emeritus", (), ()),
        ("lifetime_emeritus", (), ()),
        ("inactive", ("CERT-01",), ("CERT-01", "CERT-08")),
        ("revoked", ("CERT-10",), ("CERT-10", "CERT-08")),
    ],
)
def test_what_each_status_is_given(status: str, papers_unmet: tuple[str, ...], marks_unmet: tuple[str, ...]) -> None:
    given = {
        kind: rules.assess_document(kind, status).clauses_unmet for kind in ("certificate", "card", "logo", "badge")
    }
    assert given == {"certificate": papers_unmet, "card": papers_unmet, "logo": marks_unmet, "badge": marks_unmet}
    assert rules.assess_document("transcript", status).granted


# ── Papers ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("kind", "sheets"), [("certificate", 1), ("card", 2)])
def test_a_paper_is_signed_the_same_each_time_and_says_what_verification_says(
    me: Client, alice: Candidate, held: Held, kind: str, sheets: int
) -> None:
    number = held.certification.number
    answer = asked(me, kind, number)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{number}-{kind}.pdf"'
    assert answer.content == asked(me, kind, number).content
    assert pages_in(answer.content) == sheets

    checked = signed_files.check_file(answer.content)
    assert checked.verdict == "genuine"
    assert checked.signed is not None
    assert (checked.signed.kind, checked.signed.content["candidate"]) == (kind, alice.name)
    told = text_of(me.post("/check/", {"token": answer.content.rpartition(b" ")[2].decode()}))
    assert f"Certificate number {number}" in told
    assert "Valid until 1 June 2023" in told
    changed = answer.content.replace(b"%%EOF", b"%%eof")
    assert signed_files.check_file(changed).verdict == "changed"
    with clock.standing_at(noon("2021-05-05")):
        assert asked(me, kind, number).content != answer.content


def words(held: Held, status: str | None = None, on: date = TODAY) -> dict[str, Any]:
    answer = verification.answer_for(held, on)
    assert answer is not None
    return papers.sheet_of(held, replace(answer, status=status or answer.status), on)


def test_the_words_of_a_paper(alice: Candidate, held: Held) -> None:
    sheet = words(held)
    assert (sheet["name"], sheet["holds"], sheet["track"]) == (alice.name, "holds the certification", "CCNP SECURITY")
    assert sheet["facts"] == [
        ["Number", held.certification.number],
        ["First certified", "1 June 2020"],
        ["Active until", "1 June 2023"],
    ]
    assert (sheet["as_of"], sheet["address"]) == ("As of 4 May 2021", "testserver/verify")
    asked_at = f"http://testserver/verify/?number={held.certification.number}&name=Alice+Okafor"
    assert sheet["code"] == square_code(asked_at)
    assert Client().get(asked_at.removeprefix("http://testserver")).context["answer"].status == "active"


@pytest.mark.parametrize(
    ("status", "holds", "means", "with_emblem"),
    [
        ("active", "holds the certification", "", True),
        ("suspended", "earned the certification, which is not active now,", "its active period has ended", False),
        ("grace", "earned the certification, which is not active now,", "its active status has ended", False),
        ("emeritus", "holds, in Emeritus, the certification", "counts toward no partner requirement", True),
        ("lifetime_emeritus", "holds, in Emeritus for life, the certification", "no partner requirement", True),
    ],
)
def test_emr_15_a_paper_shows_each_status_for_what_it_is(
    held: Held, status: str, holds: str, means: str, with_emblem: bool
) -> None:
    sheet = words(held, status)
    assert sheet["holds"] == holds
    assert means in sheet["meaning"]
    assert bool(sheet["emblem"]) == with_emblem
    assert bool(sheet["meaning"]) == (status != "active")


@pytest.mark.parametrize(
    ("name", "japanese"),
    [("佐藤 愛子", True), ("Maximiliane von und zu Hohenstein-Wachenheim-Löwenstein " * 2, False), ("Ng", False)],
)
def test_names_of_any_kind_and_length_have_room(alice: Candidate, held: Held, name: str, japanese: bool) -> None:
    held.certification.candidate.name = name.strip()
    for paper, sheets in ((documents.certificate, 1), (documents.card, 2)):
        pdf = paper(held, day=TODAY)
        assert pages_in(pdf) == sheets
        assert (b"NotoSansCJKjp" in objects_in(pdf)) == japanese


# ── Who gets it, and who does not ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", KINDS)
def test_documents_of_others_are_not_there(client: Client, me: Client, kind: str) -> None:
    theirs = pages.certify(factories.CandidateFactory.create())
    assert asked(me, kind, theirs.number).status_code == 404
    assert asked(me, kind, "NO-NUMBER").status_code == 404
    client.logout()
    assert asked(client, kind, theirs.number).url.startswith("/accounts/login/")


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_expired_gets_none_and_is_told_why(me: Client, alice: Candidate, kind: str) -> None:
    over = pages.certify(alice, "ccna", "associate", on="2017-01-01")
    page = asked(me, kind, over.number)
    assert page.status_code == 409
    assert "The certification has expired. Your transcript says what you held." in text_of(page)
    assert me.get(reverse("exams:transcript")).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_cert_10_what_is_revoked_gets_none_until_the_sanction_is_lifted(
    me: Client, alice: Candidate, held: Held, dan: User, kind: str
) -> None:
    erin = factories.UserFactory.create(staff=True)
    proposed = services.propose_sanction(
        candidate_id=alice.id, clause="CERT-08", statement="Mugs.", permanent=True, staff_id=dan.id, now=NOW
    )
    sanction = services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=NOW)
    page = asked(me, kind, held.certification.number)
    assert page.status_code == 409
    assert "The certification is revoked." in text_of(page)
    assert me.get(reverse("exams:transcript")).status_code == 200
    services.lift_sanction(sanction_id=sanction.id, reason="A gift.", staff_id=erin.id, now=NOW)
    assert asked(me, kind, held.certification.number).status_code == 200


def test_a_suspended_certification_has_papers_and_no_logo(me: Client, alice: Candidate) -> None:
    with clock.standing_at(noon("2020-02-10")):
        expert = pages.certify(alice, "ccie-security", "expert", on="2018-02-05")
        assert [asked(me, kind, expert.number).status_code for kind in KINDS] == [200, 200, 409]
        assert "CERT-08" in text_of(asked(me, "logos", expert.number))


# ── Logos ─────────────────────────────────────────────────────────────────────────────────────────
def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_logos_of_an_active_certification(me: Client, alice: Candidate, held: Held) -> None:
    answer = asked(me, "logos", held.certification.number)
    files = unpacked(answer.content)
    assert set(files) == {"GUIDELINES.txt"} | {
        f"ccnp-security-active-{ink}{form}"
        for ink in ("colour", "black", "white")
        for form in (".svg", "-512.png", "-1024.png")
    }
    for name, content in files.items():
        if name.endswith(".svg"):
            assert content.startswith(b"<svg")
            assert b"<text" not in content  # outlines, so that it looks the same without the font
        if name.endswith(".png"):
            width, height = (int.from_bytes(content[place : place + 4]) for place in (16, 20))
            assert f"-{width}.png" in name
            assert width == height
    guidelines = " ".join(files["GUIDELINES.txt"].decode().split())
    assert f"{alice.name}, {held.certification.number}" in guidelines
    assert "Misuse can cost every certification" in guidelines
    assert "CERT-08" in guidelines
    assert answer.content == asked(me, "logos", held.certification.number).content


def test_emr_14_each_status_has_its_own_logo_and_lifetimes_replaces_that_of_emeritus(alice: Candidate) -> None:
    track = factories.TrackFactory.create(code="ccie-security")
    held = read(
        services.import_certification(
            candidate_id=alice.id,
            track_code=track.code,
            certified_on=day("2010-02-01"),
            emeritus_until=day("2022-02-01"),
            now=NOW,
        )
    )
    packs = {
        status: unpacked(documents.logo_pack(held, status=status, day=TODAY))
        for status in ("active", "emeritus", "lifetime_emeritus")
    }
    pictures = {status: pack[f"ccie-security-{status.replace('_', '-')}-colour.svg"] for status, pack in packs.items()}
    assert len(set(pictures.values())) == 3
    assert not [name for name in packs["lifetime_emeritus"] if "-emeritus-" in name.replace("lifetime-emeritus", "")]
    assert "Status they speak for: Lifetime Emeritus" in packs["lifetime_emeritus"]["GUIDELINES.txt"].decode()


def test_the_guidelines_are_there_for_anyone(client: Client) -> None:
    page = text_of(client.get(reverse("candidates:logo_guidelines")))
    for clause in ("CERT-07", "CERT-08", "EMR-14", "EMR-15"):
        assert clause in page


# ── The page of a certification ───────────────────────────────────────────────────────────────────
def test_the_page_offers_what_is_given(me: Client, held: Held) -> None:
    number = held.certification.number
    page = me.get(reverse("candidates:certification", args=[number]))
    addresses = [f"/certifications/{number}/{name}" for name in ("certificate.pdf", "card.pdf", "logos.zip")]
    addresses += [f"/badges/{number}.{form}" for form in ("png", "svg", "jwt")] + ["/transcript.pdf"]
    for address in addresses:
        assert f'href="{address}"' in page.text
        assert me.get(address).status_code == 200, address
    assert '<img class="emblem" src="/badges/achievements/ccnp-security/active.svg"' in page.text
    assert f'href="{reverse("candidates:sharing")}?certification={number}"' in page.text


def test_the_page_says_why_it_does_not(me: Client, alice: Candidate) -> None:
    over = pages.certify(alice, "ccna", "associate", on="2017-01-01")
    page = me.get(reverse("candidates:certification", args=[over.number]))
    assert [offer.links for offer in page.context["offers"][:4]] == [()] * 4
    assert page.context["offers"][4].links
    assert "The certification has expired." in text_of(page)
    assert "certificate.pdf" not in page.text
    assert 'class="emblem"' not in page.text
