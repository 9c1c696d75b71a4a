"""The desk of a site."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render

from ceportal.kernel import clock
from exams.access import ProctorRequest, proctor_required


@proctor_required
def desk(request: ProctorRequest) -> HttpResponse:
    """A proctor's site, its local time, and what happens there today."""
    site = request.proctor.site
    local_now = clock.now().astimezone(ZoneInfo(site.time_zone))
    return render(request, "exams/desk.html", {"site": site, "local_now": local_now})
