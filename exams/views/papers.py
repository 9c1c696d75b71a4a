"""Papers about exams for their candidates."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from exams import reading
from exams.score_report import score_report
from exams.transcript import transcript


@require_safe
@never_cache
@candidate_required
def transcript_file(request: CandidateRequest) -> HttpResponse:
    """One's own transcript as PDF."""
    paper = transcript(request.candidate, day=clock.day_of(clock.now()))
    return _file(paper, f"{request.candidate.number}-transcript.pdf")


@require_safe
@never_cache
@candidate_required
def score_report_file(request: CandidateRequest, attempt_id: int) -> HttpResponse:
    """The score report of a result of one's own that counts, as PDF (EXAM-10)."""
    report = reading.report_of(request.candidate, attempt_id)
    if report is None or not report.counts:
        raise Http404
    attempt = report.attempt
    paper = score_report(attempt, day=clock.day_of(clock.now()))
    return _file(paper, f"{request.candidate.number}-{attempt.exam.number}-{attempt.taken_on}.pdf")


def _file(paper: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        paper, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
