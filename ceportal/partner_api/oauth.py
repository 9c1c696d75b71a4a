"""Where programs find out how to get a token (RFC 8414)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from ceportal.partner_api.scopes import OF_PARTNERS, of_kind


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
