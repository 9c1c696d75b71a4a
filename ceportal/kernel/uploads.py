"""Files that people hand over as evidence: PDF, PNG or JPEG, told by content and not by name.

Pure: bytes in, a decision out. Each area names the clause that asks for its files.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _

MEGABYTES_AT_MOST = 10  # CE-11 says the number in its own words
BYTES_AT_MOST = MEGABYTES_AT_MOST * 1024 * 1024
KINDS_IN_FORMS = ".pdf,.png,.jpg,.jpeg"  # what a file control offers
SIGNATURES = (
    (b"%PDF-", b"%%EOF", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", b"IEND", "image/png"),
    (b"\xff\xd8\xff", b"\xff\xd9", "image/jpeg"),
)
TAIL_BYTES = 2048  # writers pad a file's end; the closing mark is near it


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed over."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is by its content, and whether it may be evidence."""

    kind: str
    decision: Decision


def inspect(*, name: str, content: bytes, clause: str, next_step: str) -> Inspected:
    """Tell a file's kind by how it begins and ends, and whether it can be kept as evidence under a clause.

    `next_step` says what to do with one that is of no such kind.
    """
    kind = next(
        (kind for start, end, kind in SIGNATURES if content.startswith(start) and end in content[-TAIL_BYTES:]),
        "",
    )
    return Inspected(
        kind,
        Decision(
            (
                finding(
                    clause,
                    len(content) <= BYTES_AT_MOST,
                    yes=_("The file is small enough."),
                    no=_("“%(name)s” is larger than %(limit)s MB."),
                    next_step=_("Save it with a lower resolution, or as PDF, and attach it again."),
                    name=name,
                    limit=MEGABYTES_AT_MOST,
                ),
                finding(
                    clause,
                    bool(kind),
                    yes=_("The file is a PDF, PNG or JPEG."),
                    no=_("“%(name)s” is not a PDF, PNG or JPEG, whatever its name says."),
                    next_step=next_step,
                    name=name,
                ),
            )
        ),
    )


def random_name() -> str:
    """A name that tells nothing and cannot be guessed."""
    return secrets.token_hex(16)
