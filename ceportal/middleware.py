"""Who is asking, what is written down about it, and the second factor of those who act for others."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import structlog
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_structlog.middlewares import RequestMiddleware

from ceportal import people, problems

IN_CONFIDENCE = "/report/"  # whoever is there may be reporting somebody: no account goes with it (CAND-03)
# Where one can go before the second factor is set up: to set it up, to say the password again for that, and out.
OPEN_PREFIXES = ("/accounts/2fa/", "/accounts/reauthenticate/", "/accounts/logout/")


class ClientAddressMiddleware:
    """Gives everything behind it the client's address, which a proxy hides: rate limits, acceptances of terms.

    Each of our proxies adds the address it was called from at the end of X-Forwarded-For; what stands before that
    was written by the client and is not believed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        if 0 < settings.TRUSTED_PROXIES <= len(forwarded) and (address := forwarded[-settings.TRUSTED_PROXIES].strip()):
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


class RequestLogMiddleware(RequestMiddleware):
    """Logs each request under an id that is also sent back and goes with the tasks the request starts.

    Of the request it says method and path only: what stands behind the question mark may be a name searched for. Of a
    report in confidence it does not say who was signed in (CAND-03).
    """

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        if not request.path.startswith(IN_CONFIDENCE):
            RequestMiddleware.bind_user_id(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response["X-Request-ID"] = structlog.contextvars.get_contextvars().get("request_id", "")
        super().handle_response(request, response)


class SecondFactorMiddleware:
    """Sends staff, proctors, and members of providers and partners to set up their second factor first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.DEMO or request.path.startswith(OPEN_PREFIXES) or not self._lacks_factor(request):
            return self.get_response(request)
        needed = _("You act for others here, so your account needs a second factor. Set it up to go on.")
        if request.path.startswith("/api/"):
            return _forbidden(request, needed)
        messages.info(request, needed)
        return redirect("mfa_activate_totp")

    @staticmethod
    def _lacks_factor(request: HttpRequest) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        roles = people.roles_of(user)
        return bool(user.is_staff or roles.member or roles.proctor or roles.partner) and not is_mfa_enabled(user)


def _forbidden(request: HttpRequest, detail: str) -> HttpResponse:
    """The answer to a program, which no page can help."""
    status = HTTPStatus.FORBIDDEN
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": request.path,
    }
    return JsonResponse(problem, status=status, content_type=problems.CONTENT_TYPE)
