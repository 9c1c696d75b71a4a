"""Staff, provider members and proctors sign in with a second factor, outside the demonstration."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from ceportal import people

# Where one can go before the second factor is set up: the account pages themselves, and what is public.
OPEN_PREFIXES = ("/accounts/", "/static/", "/healthz", "/readyz", "/policy/", "/payments/webhook/")


class SecondFactorMiddleware:
    """Sends those who act for others to set up their second factor before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.DEMO and not request.path.startswith(OPEN_PREFIXES) and self._lacks_factor(request):
            messages.info(
                request,
                _("You act for others here, so your account needs a second factor. Set it up to go on."),
            )
            return redirect(reverse("mfa_activate_totp"))
        return self.get_response(request)

    @staticmethod
    def _lacks_factor(request: HttpRequest) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        roles = people.roles_of(user)
        return bool(user.is_staff or roles.member or roles.proctor) and not is_mfa_enabled(user)
