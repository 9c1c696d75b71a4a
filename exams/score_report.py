"""A score report as a sheet of paper: the result of one exam and its breakdown by section, signed (EXAM-10).

Only a result that counts is set: one that a correction has superseded, that is annulled or disallowed, is told on its
page alone. Paper says how things were on its day, so its code leads to what was signed, and only the page is official.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ceportal.kernel import clock, signatures, signed_files, typesetting
from ceportal.kernel.countries import country_name
from ceportal.kernel.square_codes import square_code
from exams.models import Attempt
from exams.reading import sections_of

KIND = "score_report"
TEMPLATE = "exams/score_report.typ"


def score_report(attempt: Attempt, *, day: date) -> bytes:
    """A result's report as PDF in its candidate's language, signed, as of a day: the same bytes on the same day."""
    with translation.override(attempt.candidate.language):
        sheet = sheet_of(attempt, day)
    pdf = typesetting.set_pdf(TEMPLATE, at=clock.at(day, 0), sheet=sheet)
    return signed_files.sign_pdf(pdf, kind=KIND, content=content_of(attempt, day))


def content_of(attempt: Attempt, day: date) -> dict[str, Any]:
    """What is signed."""
    return {
        "as_of": day.isoformat(),
        "candidate": {"name": attempt.candidate.name, "number": attempt.candidate.number},
        "exam": {"number": attempt.exam.number, "name": attempt.exam.name},
        "taken_on": attempt.taken_on.isoformat(),
        "result": attempt.result,
    }


def sheet_of(attempt: Attempt, day: date) -> dict[str, Any]:
    """The words of the sheet, as they are read; its code holds what is signed."""
    check = settings.BASE_URL + reverse("check")
    token = signatures.sign(kind=KIND, content=content_of(attempt, day))
    facts = [
        [_("Name"), attempt.candidate.name],
        [_("Candidate number"), attempt.candidate.number],
        [_("Exam"), f"{attempt.exam.number}, {attempt.exam.name}"],
        [_("Taken on"), _day(attempt.taken_on)],
        [_("Taken in"), country_name(attempt.held_in) if attempt.held_in else _("not recorded")],
        [_("As of"), _day(day)],
    ]
    return {
        "language": attempt.candidate.language,
        "issued": [day.year, day.month, day.day],
        "issuer": _("Continuing Education Programme"),
        "issuer_address": settings.BASE_URL,
        "title": _("Score report"),
        "facts": facts,
        "result_title": _("Result"),
        "result": attempt.get_result_display(),
        "sections_title": _("By section"),
        "sections": [[each.title, each.percent, each.width] for each in sections_of(attempt)],
        "no_sections": _("No breakdown came with this result."),
        "sections_note": _("Passing scores are not published."),
        "proof": _(
            "This file is signed. Whoever doubts it hands it in at %(address)s; printed, it leads there by this code. "
            "A result can be corrected later, and only the candidate's page or a link made there is official."
        )
        % {"address": check},
        "code": square_code(f"{check}?{urlencode({'token': token})}"),
    }


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
