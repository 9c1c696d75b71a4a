"""Anyone can see whether the portal signed something, and learns nothing but what the token says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ceportal.kernel import signatures, signed_files
from ceportal.kernel.signed_files import Verdict

CHECK, KEYS = reverse("check"), reverse("jwks")
CONTENT = {
    "at": "2021-05-04T12:00:00+00:00",
    "claim": "CLM-7",
    "candidate": {"number": "CSCO1", "name": "Ayşe <b>Kaya</b>"},
    "completed_on": "2021-04-20",
    "files": [{"name": "certificate.pdf"}],
    "delivery": "",
}
DOCUMENT = {"holder": "Ayşe Kaya", "entries": [{"credits": 40, "day": "2021-04-20"}], "nothing": None}
PDF = b"%PDF-1.7\nsome objects\n%%EOF\n"
GENUINE, CHANGED, UNKNOWN = "Genuine: the portal signed this", "Changed: this is not", "Not genuine: the portal did not"


@pytest.fixture
def token() -> str:
    return signatures.sign(kind="claim_receipt", content=CONTENT)


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def brought(client: Client, content: bytes, name: str = "file") -> str:
    return text_of(client.post(CHECK, {"by_file": "1", "file": SimpleUploadedFile(name, content)}))


def test_the_page_asks_nothing_of_the_database(client: Client, token: str, django_assert_num_queries: Any, db: None):
    with django_assert_num_queries(0):
        assert GENUINE in text_of(client.get(CHECK, {"token": token}))


def test_a_link_says_what_was_signed_and_when(client: Client, db: None, token: str):
    page = client.get(CHECK, {"token": token})
    assert page.status_code == 200
    for said in (
        GENUINE,
        "Receipt of a claim",
        "4 May 2021, 12:00:00 UTC",
        "20 April 2021",
        "certificate.pdf",
        "CLM-7",
    ):
        assert said in text_of(page)
    assert "Ayşe &lt;b&gt;Kaya&lt;/b&gt;" in page.text
    assert "no-store" in page["Cache-Control"]


def test_a_pasted_token_is_checked(client: Client, db: None, token: str):
    assert GENUINE in text_of(client.post(CHECK, {"token": f"  {token}\r\n"}))
    changed = token.replace(".", ".x", 1)
    page = text_of(client.post(CHECK, {"token": changed}))
    assert UNKNOWN in page
    assert "CLM-7" not in page


def test_nothing_given_is_asked_for_and_too_much_is_refused(client: Client, db: None):
    for given, said in [({"token": ""}, "Paste a signature."), ({"by_file": "1"}, "Choose a file.")]:
        empty = client.post(CHECK, given)
        assert (empty.status_code, said in text_of(empty)) == (422, True)
    assert client.post(CHECK, {"token": "x" * 20_000}).status_code == 422
    assert client.get(CHECK, {"token": "x" * 20_000}).status_code == 422
    large = SimpleUploadedFile("large.pdf", b"%PDF" + b" " * 10 * 1024 * 1024)
    assert "larger than anything the portal signs" in text_of(client.post(CHECK, {"by_file": "1", "file": large}))


def test_a_document_is_genuine_however_it_is_written(client: Client, db: None):
    made = signed_files.sign_document(DOCUMENT, kind="credit_statement", content={"at": "2021-05-04"})
    assert GENUINE in brought(client, made)
    whole = json.loads(made)
    assert GENUINE in brought(client, json.dumps(whole, sort_keys=True).encode())
    whole["document"]["entries"][0]["credits"] = 400
    page = brought(client, json.dumps(whole).encode())
    assert CHANGED in page
    assert "4 May 2021" in page  # what the token says still holds


def test_a_pdf_is_genuine_byte_by_byte(client: Client, db: None):
    made = signed_files.sign_pdf(PDF, kind="credit_statement", content={"at": "2021-05-04"})
    assert made.startswith(PDF)
    assert GENUINE in brought(client, made, "statement.pdf")
    assert CHANGED in brought(client, made.replace(b"objects", b"Objects"))
    assert CHANGED in brought(client, PDF + b"more" + made.removeprefix(PDF))
    assert UNKNOWN in brought(client, PDF)


def test_the_token_of_one_file_does_not_make_another_genuine():
    token = signatures.sign(kind="claim_receipt", content=CONTENT)
    other = json.dumps({"document": DOCUMENT, "token": token}).encode()
    assert signed_files.check_file(other).verdict == Verdict.CHANGED
    assert signed_files.check_file(PDF + signed_files.PDF_MARK + token.encode()).verdict == Verdict.CHANGED
    assert signed_files.check_file(token.encode()).verdict == Verdict.GENUINE


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"{",
        b"{}",
        b'{"token": 1, "document": {}}',
        b'{"token": "a.b.c", "document": []}',
        b'{"document": {"a": 1, "a": 2}, "token": "x"}',
        b'{"document": NaN, "token": "x"}',
        b'{"document":' + b"[" * 100_000,
        b"%PDF-",
        b"%PDF-" + signed_files.PDF_MARK + b"\xff",
    ],
)
def test_nonsense_is_not_ours(content: bytes):
    assert signed_files.check_file(content) == signed_files.UNKNOWN


def test_the_keys_are_published(client: Client):
    answer = client.get(KEYS)
    assert answer["Content-Type"] == "application/jwk-set+json"
    assert answer.json() == signatures.public_keys()
