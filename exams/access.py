"""Who may see the desk: proctors of a site."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from ceportal.kernel.pages import PageRequest
from exams.models import SiteMember


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
