"""Who may see a candidate's pages: the candidate, through the linked login."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from candidates import queries
from candidates.models import Candidate
from ceportal.kernel.pages import PageRequest


class CandidateRequest(PageRequest):
    """A request of a signed-in user who is linked to a candidate's record."""

    candidate: Candidate


def candidate_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let linked candidates through with `request.candidate`; others link their record first."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        candidate = queries.record_of(request.user)
        if candidate is None:
            return redirect("candidates:link")
        request.candidate = candidate  # type: ignore[attr-defined]  # that makes it a CandidateRequest
        return view(request, *args, **kwargs)

    return guarded


def client_address(request: HttpRequest) -> str:
    """The address a request came from, as the login pages see it."""
    address: str = get_adapter(request).get_client_ip(request)
    return address
