"""Certificates of completion as files: PDF, PNG or JPEG, checked by content and not by name (CE-11)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from credits.rules.claims import WITH_CANDIDATE

MEGABYTES_AT_MOST = 10  # CE-11 says the number in its own words
BYTES_AT_MOST = MEGABYTES_AT_MOST * 1024 * 1024
SIGNATURES = (
    (b"%PDF-", b"%%EOF", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", b"IEND", "image/png"),
    (b"\xff\xd8\xff", b"\xff\xd9", "image/jpeg"),
)
TAIL_BYTES = 2048  # writers pad a file's end; the closing mark is near it


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is by its content, and whether it may be evidence."""

    kind: str
    decision: Decision


def inspect(*, name: str, content: bytes) -> Inspected:
    """Tell a file's kind by how it begins and ends, and whether it can be kept as evidence."""
    kind = next(
        (kind for start, end, kind in SIGNATURES if content.startswith(start) and end in content[-TAIL_BYTES:]),
        "",
    )
    return Inspected(
        kind,
        Decision(
            (
                finding(
                    "CE-11",
                    len(content) <= BYTES_AT_MOST,
                    yes=_("The file is small enough."),
                    no=_("“%(name)s” is larger than %(limit)s MB."),
                    next_step=_("Save it with a lower resolution, or as PDF, and attach it again."),
                    name=name,
                    limit=MEGABYTES_AT_MOST,
                ),
                finding(
                    "CE-11",
                    bool(kind),
                    yes=_("The file is a PDF, PNG or JPEG."),
                    no=_("“%(name)s” is not a PDF, PNG or JPEG, whatever its name says."),
                    next_step=_("Export the certificate as PDF or take a picture of it."),
                    name=name,
                ),
            )
        ),
    )


def assess_count(attached: int, policy: Policy) -> Decision:
    """Whether one more file fits beside those attached, by the book of the day of its upload (CE-11)."""
    limit = policy["claims.files_at_most"]
    return Decision(
        (
            finding(
                "CE-11",
                attached < limit.value,
                yes=_("There is room for one more file."),
                no=_("%(limit)s files are attached, which is as many as there can be."),
                next_step=_("Take one back first, or put several pages into one PDF."),
                because=(limit,),
                limit=limit.value,
            ),
        )
    )


def assess_place(status: str) -> Decision:
    """Files can be attached and taken back while a claim is with the candidate."""
    return Decision(
        (
            finding(
                "CE-10",
                status in WITH_CANDIDATE,
                yes=_("The claim is with you."),
                no=_("The claim has been handed in; its evidence cannot be changed now."),
                next_step=_("Wait for the provider's answer."),
            ),
        )
    )


def random_name() -> str:
    """A name that tells nothing and cannot be guessed."""
    return secrets.token_hex(16)
