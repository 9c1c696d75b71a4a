"""The receipt of a handing-in as a sheet of paper: what was filed, when, and the signature that proves it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ceportal.kernel import signed_files, typesetting
from ceportal.kernel.square_codes import square_code
from credits.models import Claim, Receipt
from credits.services.receipts import KIND

TEMPLATE = "credits/receipt.typ"


def set_receipt(receipt: Receipt) -> bytes:
    """A receipt as PDF in the candidate's language, itself signed: the same bytes each time on the same machine."""
    with translation.override(receipt.claim.candidate.language):
        sheet = _sheet(receipt)
    pdf = typesetting.set_pdf(TEMPLATE, receipt=sheet, at=receipt.filed_at)
    return signed_files.sign_pdf(pdf, kind=KIND, content=receipt.content)


def _sheet(receipt: Receipt) -> dict[str, Any]:
    """The words of the sheet, as they are read."""
    said, check = receipt.content, settings.BASE_URL + reverse("check")
    kits = dict(Claim.Kit.choices)
    facts = [
        [_("Claim"), said["claim"]],
        [_("Handed in"), _moment(said["at"])],
        [_("In the programme's time zone"), f"{_moment(said['at_in_the_programme'])} ({said['zone']})"],
        [_("First handed in on"), _day(said["first_filed_on"])],
        [_("Candidate"), f"{said['candidate']['name']}, {said['candidate']['number']}"],
        [_("Training"), f"{said['training']['title']} ({said['training']['code']})"],
        [_("Provider"), said["provider"]["name"]],
        [_("Delivery"), said["delivery"] or _("not named")],
        [_("Completed on"), _day(said["completed_on"])],
        [_("Kit"), str(kits.get(said["kit"], said["kit"]))],
        [_("Credits as listed"), str(said["credits"])],
        [_("Answer promised by"), _day(said["answer_due_on"])],
    ]
    if said["note_sha256"]:
        facts.append([_("SHA-256 of the note"), said["note_sha256"]])
    return {
        "language": receipt.claim.candidate.language,
        "issued": [receipt.filed_at.year, receipt.filed_at.month, receipt.filed_at.day],
        "title": _("Receipt of claim %(number)s") % {"number": said["claim"]},
        "issuer": _("Continuing Education Programme"),
        "issuer_address": settings.BASE_URL,
        "lead": _("The portal received this claim at the moment below, with these files and no others."),
        "facts": facts,
        "files_title": _("Files"),
        "files": [
            [file["name"], f"{filesizeformat(file['bytes'])} ({file['bytes']})", file["sha256"]]
            for file in said["files"]
        ],
        "no_files": _("No file was attached."),
        "signature_title": _("Signature"),
        "signature_text": _("This file is signed by the portal. Whoever doubts it hands it in at %(address)s.")
        % {"address": check},
        "code": square_code(f"{check}?{urlencode({'token': receipt.token})}"),
        "code_text": _("Printed, it leads there by this code, which holds all of the above."),
    }


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "DATE_FORMAT")


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return f"{date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M:%S} {moment.tzname()}"
