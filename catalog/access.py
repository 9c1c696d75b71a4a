"""Who may see a provider's pages: its active members."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase

from catalog.models import ProviderMember
from ceportal.kernel.pages import PageRequest


class MemberRequest(PageRequest):
    """A request of someone who acts for a provider, with the membership that lets them in."""

    member: ProviderMember


def provider_member_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let members through with `request.member`; for anyone else who is signed in there is no such page."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        members = ProviderMember.objects.filter(active=True).select_related("provider")
        member = members.filter(user_id=request.user.pk).first()  # type: ignore[misc]  # signed in, so saved
        if member is None:
            raise Http404
        request.member = member  # type: ignore[attr-defined]  # that makes it a MemberRequest
        return view(request, *args, **kwargs)

    return guarded


def is_manager(member: ProviderMember) -> bool:
    """Whether a member speaks for the provider: to the board, and about who acts for it."""
    return member.active and member.role == ProviderMember.Role.MANAGER
