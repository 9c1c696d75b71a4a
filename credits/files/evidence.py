"""Certificates of completion as files: PDF, PNG or JPEG, checked by content and not by name (CE-11)."""

from __future__ import annotations

from ceportal.kernel import uploads
from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy
from ceportal.kernel.uploads import BYTES_AT_MOST, MEGABYTES_AT_MOST, Inspected, random_name
from credits.rules.claims import WITH_CANDIDATE

__all__ = [
    "BYTES_AT_MOST",
    "MEGABYTES_AT_MOST",
    "Inspected",
    "assess_count",
    "assess_place",
    "inspect",
    "random_name",
]


def inspect(*, name: str, content: bytes) -> Inspected:
    """Tell a file's kind by how it begins and ends, and whether it can be kept as evidence (CE-11)."""
    return uploads.inspect(
        name=name,
        content=content,
        clause="CE-11",
        next_step=_("Export the certificate as PDF or take a picture of it."),
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
