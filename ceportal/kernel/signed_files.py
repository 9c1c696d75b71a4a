"""Files that the portal hands out signed, and what becomes of their signature when somebody brings one back.

A *document* is JSON: the document and a token that names its SHA-256 over the canonical form, whichever way the file
was written since. A *PDF* ends with a comment line that holds a token with the SHA-256 of all bytes before it; readers
of PDF pass over it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ceportal.kernel import signatures
from ceportal.kernel.signatures import Signed, canonical_json

PDF_START = b"%PDF-"
PDF_MARK = b"\n%signed-by-the-portal "
DIGEST = "sha256"  # where a token's content names what it is about


class Verdict(StrEnum):
    """What is found about something brought back."""

    GENUINE = "genuine"
    CHANGED = "changed"  # the token is the portal's, the file is not what it was made for
    UNKNOWN = "unknown"  # nothing in it was signed by this portal


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict, and what the token says wherever it is the portal's."""

    verdict: Verdict
    signed: Signed | None = None


UNKNOWN = Checked(Verdict.UNKNOWN)


def sign_document(document: Mapping[str, Any], *, kind: str, content: Mapping[str, Any]) -> bytes:
    """A document of JSON values with its token; the content says what should be read without the document."""
    token = signatures.sign(kind=kind, content={**content, DIGEST: digest_of(document)})
    whole = {"document": document, "token": token}
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def sign_pdf(pdf: bytes, *, kind: str, content: Mapping[str, Any]) -> bytes:
    """A PDF with its token as its last line."""
    token = signatures.sign(kind=kind, content={**content, DIGEST: hashlib.sha256(pdf).hexdigest()})
    return pdf + PDF_MARK + token.encode() + b"\n"


def digest_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a document's canonical form."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def check_token(token: str) -> Checked:
    """What is found about a token by itself."""
    signed = signatures.read(token)
    return Checked(Verdict.GENUINE, signed) if signed else UNKNOWN


def check_file(content: bytes) -> Checked:
    """What is found about a file: a PDF, a document, or a token as text."""
    if content.startswith(PDF_START):
        return _check_pdf(content)
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        return UNKNOWN
    return _check_document(text) if text.startswith("{") else check_token(text)


def _check_pdf(content: bytes) -> Checked:
    pdf, mark, token = content.rpartition(PDF_MARK)
    signed = signatures.read(token.decode(errors="replace")) if mark else None
    return _compared(signed, hashlib.sha256(pdf).hexdigest())


def _check_document(text: str) -> Checked:
    try:
        whole = json.loads(text, object_pairs_hook=_without_doubles)
        token, document = whole["token"], whole["document"]
        return _compared(signatures.read(token), digest_of(document))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return UNKNOWN


def _compared(signed: Signed | None, digest: str) -> Checked:
    if signed is None:
        return UNKNOWN
    return Checked(Verdict.GENUINE if signed.content.get(DIGEST) == digest else Verdict.CHANGED, signed)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice would let two readers see two documents."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A key stands twice.")
    return found
