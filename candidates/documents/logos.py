"""The logos that go with a status, with the guidelines by which they may be used (CERT-08, EMR-14)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from candidates import artwork, verification
from candidates.models import Badge
from candidates.queries import Held

INKS = ("colour", "black", "white")
PIXELS = (512, 1024)
READABLE_BY_ALL = 0o644 << 16


@dataclass(frozen=True, slots=True)
class Guideline:
    """One rule of the use of logos, with its clause."""

    title: str
    text: str
    clause: str


def guidelines() -> tuple[Guideline, ...]:
    """What holders may do with a logo, and what they may not, in the reader's language (CERT-08)."""
    return (
        Guideline(
            _("It is yours"),
            _(
                "You may show the logo beside your own name: on a business card, a profile, a letter, a talk. It "
                "speaks for you and for nobody else; you may not lend it, nor let an employer show it as its own."
            ),
            "CERT-07",
        ),
        Guideline(
            _("It says what is so"),
            _(
                "Show only the logo of the status you have today. When the status ends, take the logo away; an "
                "Emeritus or Lifetime Emeritus logo is never shown as if the certification were active."
            ),
            "EMR-15",
        ),
        Guideline(
            _("One at a time"),
            _("Each status has its own logo. That of Lifetime Emeritus takes the place of that of Emeritus."),
            "EMR-14",
        ),
        Guideline(
            _("As it is drawn"),
            _(
                "Scale it as you like, and leave it otherwise as it is: no other colours than those here, nothing "
                "added, cut off, turned or moved. Keep some space around it, and keep it large enough for its words "
                "to be read. Use the black or the white one where there is one colour only."
            ),
            "CERT-08",
        ),
        Guideline(
            _("Nothing else"),
            _(
                "It is no trade mark of yours: not in a company's or product's name, not on things that are sold, "
                "not so that the programme seems to recommend something. Misuse can cost every certification and the "
                "right to sit exams."
            ),
            "CERT-08",
        ),
    )


def logo_pack(held: Held, *, status: str, day: date) -> bytes:
    """The logos of a status as a ZIP, SVG and PNG, with the guidelines; the same bytes on the same day."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in _files(held, status):
            entry = zipfile.ZipInfo(name, date_time=(day.year, day.month, day.day, 0, 0, 0))
            entry.external_attr, entry.compress_type = READABLE_BY_ALL, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def _files(held: Held, status: str) -> Iterator[tuple[str, bytes]]:
    track = held.certification.track
    stem = f"{track.code}-{status.replace('_', '-')}"
    for ink in INKS:
        yield f"{stem}-{ink}.svg", artwork.emblem(track, status, form="svg", ink=ink)
        for pixels in PIXELS:
            yield f"{stem}-{ink}-{pixels}.png", artwork.emblem(track, status, form="png", ink=ink, pixels=pixels)
    with translation.override(held.certification.candidate.language):
        yield "GUIDELINES.txt", _guidelines_text(held, status).encode()


def _guidelines_text(held: Held, status: str) -> str:
    certification = held.certification
    context = {
        "certification": certification,
        "candidate": certification.candidate,
        "standing": Badge.Standing(status).label,
        "guidelines": guidelines(),
        "verify": verification.address_for(number=certification.number, name=certification.candidate.name),
        "policy": settings.BASE_URL + reverse("policy:clause", args=["CERT-08"]),
    }
    return render_to_string("candidates/documents/guidelines.txt", context)
