"""Where programs get their tokens, and find out how (RFC 6749, RFC 8414)."""

from __future__ import annotations

import base64
from http import HTTPStatus

from allauth.idp.oidc import views
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ceportal.partner_api.limits import STRANGERS_PER_MINUTE, count_call
from ceportal.partner_api.scopes import OF_PARTNERS, of_kind


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponseBase:
    """A token for good credentials; from one address only so many are asked for in a minute, right or wrong."""
    room = count_call(f"token:{request.META['REMOTE_ADDR']}", STRANGERS_PER_MINUTE)
    if room is not None and room.left < 0:
        told = {
            "error": "temporarily_unavailable",
            "error_description": _("Too many tokens were asked for from this address. Keep a token for its hour."),
        }
        headers = {"Retry-After": str(room.seconds), **room.headers()}
        return JsonResponse(told, status=HTTPStatus.TOO_MANY_REQUESTS, headers=headers)
    if _holds_nul(request):
        return JsonResponse({"error": "invalid_request"}, status=HTTPStatus.BAD_REQUEST)
    answer: HttpResponseBase = views.token(request)
    return answer


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponseBase:
    """The end of a token before its hour is over (RFC 7009)."""
    if _holds_nul(request):
        return JsonResponse({"error": "invalid_request"}, status=HTTPStatus.BAD_REQUEST)
    answer: HttpResponseBase = views.revoke(request)
    return answer


def _holds_nul(request: HttpRequest) -> bool:
    """Whether what is asked holds a NUL, for which the database cannot be asked; no secret and no name has one."""
    _scheme, _space, pair = request.headers.get("Authorization", "").partition(" ")
    try:
        named = base64.b64decode(pair)
    except ValueError:
        named = b""
    return b"\0" in named or any("\0" in value for values in request.POST.lists() for value in values[1])


@require_safe
def metadata(_request: HttpRequest) -> JsonResponse:
    """The addresses of the authorization server, and what it can be asked for."""
    scopes = sorted({scope for kind in OF_PARTNERS for scope in of_kind(kind)})
    return JsonResponse(
        {
            "issuer": settings.BASE_URL,
            "token_endpoint": settings.BASE_URL + reverse("oauth_token"),
            "revocation_endpoint": settings.BASE_URL + reverse("oauth_revoke"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": scopes,
            "service_documentation": settings.BASE_URL + reverse("api:documentation"),
        }
    )
