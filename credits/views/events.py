"""Sessions at events, as the candidate who attended them sees them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from credits.reading import attendance_reading


@require_safe
@never_cache
@candidate_required
def event_list(request: CandidateRequest) -> HttpResponse:
    """The sessions somebody attended, latest first: what each has earned, or why it earned nothing."""
    context = attendance_reading.events_page(request.candidate, request.GET, day=clock.day_of(clock.now()))
    return render(request, "credits/event_list.html", context)
