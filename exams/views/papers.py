"""Papers about exams for their candidates."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from exams import transcript as papers


@require_safe
@never_cache
@candidate_required
def transcript(request: CandidateRequest) -> HttpResponse:
    """One's own transcript as PDF."""
    day = clock.day_of(clock.now())
    disposition = f'attachment; filename="{request.candidate.number}-transcript.pdf"'
    return HttpResponse(
        papers.transcript(request.candidate, day=day),
        content_type="application/pdf",
        headers={"Content-Disposition": disposition},
    )
