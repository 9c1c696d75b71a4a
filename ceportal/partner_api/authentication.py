"""How a call shows who makes it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ceportal.kernel import clock
from ceportal.partner_api import callers


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ...`: a token of an application, or a person's own."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = callers.by_token(value.strip(), now=clock.now())
        if found is None:
            raise AuthenticationFailed(
                _("The token is not good: it has expired, was withdrawn, or never was one. Ask for a new one.")
            )
        return found

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Bearer realm="api"'


class SignedInAuthentication(SessionAuthentication):
    """The session of somebody who is signed in to the portal."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        return (found[0], callers.signed_in(found[0])) if found else None
