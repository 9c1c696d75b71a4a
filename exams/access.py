"""Who may see the desk: proctors of a site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from ceportal.kernel.pages import PageRequest
from exams import desk_pages
from exams.models import SiteMember, Sitting


class ProctorRequest(PageRequest):
    """A request of a proctor, with the membership that lets them in."""

    proctor: SiteMember


def proctor_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let proctors through with `request.proctor`; for anyone else who is signed in there is no such page."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        proctors = SiteMember.objects.filter(active=True).select_related("site")
        proctor = proctors.filter(user_id=request.user.pk).first()  # type: ignore[misc]  # signed in, so saved
        if proctor is None:
            raise Http404
        request.proctor = proctor  # type: ignore[attr-defined]  # that makes it a ProctorRequest
        return view(request, *args, **kwargs)

    return guarded


def own_sitting(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the sitting of the proctor's own site on the day of the address; there is no other."""

    @wraps(view)
    @never_cache
    @proctor_required
    def with_sitting(request: ProctorRequest, day: date) -> HttpResponse:
        sittings = Sitting.objects.select_related("site").filter(withdrawn_at=None)
        return view(request, get_object_or_404(sittings, site=request.proctor.site, day=day))

    return with_sitting


def own_booking(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view a booking at the proctor's own site; those of other sites do not exist."""

    @wraps(view)
    @never_cache
    @proctor_required
    def with_booking(request: ProctorRequest, pk: int) -> HttpResponse:
        return view(request, get_object_or_404(desk_pages.bookings_at(request.proctor.site), pk=pk))

    return with_booking
