"""A transcript: everything a candidate was ever certified in, with its terms, and the exams passed, on signed paper.

It is given whatever the status is, also after a revocation: it tells what was, and what is now (CERT-10).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates import queries, verification
from candidates.models import Candidate, Certification
from candidates.queries import Held
from candidates.reading import terms_of
from candidates.rules import LEVELS
from ceportal.kernel import clock, signed_files, typesetting
from ceportal.kernel.square_codes import square_code
from exams.models import Attempt

KIND = "transcript"
TEMPLATE = "exams/transcript.typ"


def transcript(candidate: Candidate, *, day: date) -> bytes:
    """A candidate's transcript as PDF in their language, signed, as of a day: the same bytes on the same day."""
    with translation.override(candidate.language):
        sheet = sheet_of(candidate, day)
        pdf = typesetting.set_pdf(TEMPLATE, at=clock.at(day, 0), sheet=sheet)
        content = {
            "as_of": day.isoformat(),
            "candidate": {"name": candidate.name, "number": candidate.number},
            "certifications": len(sheet["certifications"]),
            "exams_passed": len(sheet["exams"]),
        }
        return signed_files.sign_pdf(pdf, kind=KIND, content=content)


def sheet_of(candidate: Candidate, day: date) -> dict[str, Any]:
    """The words of the sheet, as they are read; three questions, whatever was earned and passed."""
    held, passes = _held_until(candidate, day), _passes(candidate, day)
    address = settings.BASE_URL + reverse("verify")
    return {
        "language": candidate.language,
        "issued": [day.year, day.month, day.day],
        "issuer": _("Continuing Education Programme"),
        "issuer_address": settings.BASE_URL,
        "title": _("Transcript"),
        "facts": [
            [_("Name"), candidate.name],
            [_("Candidate number"), candidate.number],
            [_("As of"), _day(day)],
        ],
        "certifications_title": _("Certifications"),
        "certifications": [_certification(each, day) for each in held],
        "no_certifications": _("No certification has been earned."),
        "terms_columns": [_("From"), _("Up to"), _("Because")],
        "exams_title": _("Exams passed"),
        "exams_columns": [_("Day"), _("Exam"), _("Name")],
        "exams": [[_day(each.taken_on), each.exam.number, each.exam.name] for each in passes],
        "no_exams": _("No exam is on record as passed."),
        "proof": _(
            "This file is signed. Whether a certification still stands is answered at %(address)s, by its number and "
            "the name above, or by the code beside it; only that answer is official."
        )
        % {"address": address},
        "page_of": _("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
        "footer": f"{candidate.name}, {candidate.number} · {_day(day)}",
    }


def _held_until(candidate: Candidate, day: date) -> list[Held]:
    """What was earned by a day, the highest level first."""
    certifications = Certification.objects.filter(candidate=candidate).select_related("candidate")
    found = [held for held in queries.held_in(certifications) if held.status_on(day) is not None]
    return sorted(found, key=lambda held: (-LEVELS.index(held.life.level), held.life.first_certified_on))


def _passes(candidate: Candidate, day: date) -> list[Attempt]:
    """The passes that no correction has superseded, oldest first (EXAM-09)."""
    standing = Attempt.objects.filter(
        candidate=candidate, result=Attempt.Result.PASS, attempt__isnull=True, taken_on__lte=day
    )
    return list(standing.select_related("exam").order_by("taken_on", "id"))


def _certification(held: Held, day: date) -> dict[str, Any]:
    answer = verification.answer_for(held, day)
    assert answer is not None, "Only what was earned stands here."
    return {
        "track": answer.track,
        "level": str(held.certification.track.get_level_display()),
        "number": answer.number,
        "status": answer.status_label,
        "meaning": answer.meaning,
        "dates": [f"{label} {_day(each) if each else _('for life')}" for label, each in answer.dates],
        "terms": [
            [
                _day(line.term.starts_on),
                _day(line.ends_on) if line.ends_on else _("for life"),
                f"{line.term.get_kind_display()}, {line.term.get_reason_display()}",
            ]
            for line in terms_of(held, day)
        ],
        "code": square_code(verification.address_of(answer)),
    }


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
