"""A certificate and a card for the wallet, in the holder's language, with what a verification answers (CERT-09)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates import artwork, verification
from candidates.queries import Held
from candidates.rules import WITH_LOGO
from candidates.verification import Answer
from ceportal.kernel import clock, signed_files, typesetting
from ceportal.kernel.square_codes import square_code

TEMPLATES = {"certificate": "candidates/documents/certificate.typ", "card": "candidates/documents/card.typ"}


def certificate(held: Held, *, day: date) -> bytes:
    """A certificate as PDF, signed, as the certification stands on a day: a sheet in landscape."""
    return _paper("certificate", held, day)


def card(held: Held, *, day: date) -> bytes:
    """A card as PDF, signed: front and back, of the size of a bank card."""
    return _paper("card", held, day)


def signed_content(answer: Answer, day: date) -> dict[str, Any]:
    """What a paper's token says by itself: enough to compare with the paper it stands on."""
    return {
        "as_of": day.isoformat(),
        "candidate": answer.name,
        "certificate_number": answer.number,
        "certification": answer.track,
        "status": answer.status_label,
        "first_certified_on": answer.first_certified_on.isoformat(),
        "valid_until": answer.active_ends_on.isoformat() if answer.counts and answer.active_ends_on else "",
    }


def sheet_of(held: Held, answer: Answer, day: date) -> dict[str, Any]:
    """The words of the paper, as they are read."""
    track, on = held.certification.track, date_format(day, "DATE_FORMAT")
    emblem = artwork.emblem(track, answer.status, form="svg").decode() if answer.status in WITH_LOGO else ""
    address, colour = settings.BASE_URL + reverse("verify"), artwork.ring_colour(track.level, answer.status)
    return {
        "language": held.certification.candidate.language,
        "issued": [day.year, day.month, day.day],
        "issuer": _("Continuing Education Programme"),
        "title": _("Certificate"),
        "certifies": _("This certifies that"),
        "name": answer.name,
        "holds": _holds(answer.status),
        "track": answer.track,
        "level": str(track.get_level_display()),
        "facts": [
            [_("Number"), answer.number],
            *([label, date_format(each, "DATE_FORMAT") if each else _("for life")] for label, each in answer.dates),
        ],
        "status": answer.status_label,
        "meaning": "" if answer.counts else answer.meaning,
        "as_of": _("As of %(day)s") % {"day": on},
        "verify": _("How it stands today:"),
        "address": address.removeprefix("https://").removeprefix("http://").rstrip("/"),
        "official": _("Only verification is official: by the number and the name, or by this code."),
        "code": square_code(verification.address_of(answer)),
        "emblem": emblem,
        "rosette": artwork.rosette(colour, opacity=0.55),
        "watermark": artwork.rosette(colour, opacity=0.09),
        "colour": colour,
    }


def _paper(kind: str, held: Held, day: date) -> bytes:
    with translation.override(held.certification.candidate.language):
        answer = verification.answer_for(held, day)
        assert answer is not None, "A paper is made of what was earned."
        pdf = typesetting.set_pdf(TEMPLATES[kind], at=clock.at(day, 0), sheet=sheet_of(held, answer, day))
        return signed_files.sign_pdf(pdf, kind=kind, content=signed_content(answer, day))


def _holds(status: str) -> str:
    """What the holder does with the certification, as the status has it."""
    return {
        "active": _("holds the certification"),
        "emeritus": _("holds, in Emeritus, the certification"),
        "lifetime_emeritus": _("holds, in Emeritus for life, the certification"),
    }.get(status, _("earned the certification, which is not active now,"))
