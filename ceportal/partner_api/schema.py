"""How the schema says who may call: scopes by token, or the session of the portal."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from ceportal.partner_api.scopes import ALL, OF_CANDIDATES


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's
    """Tokens: of an application by OAuth 2, or a person's own."""

    target_class = "ceportal.partner_api.authentication.TokenAuthentication"
    name = ["application", "personalToken"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        scope = auto_schema.view.scope_of(auto_schema.method)
        if scope is None:
            return [{}]
        return [{"personalToken": [scope]} if scope in OF_CANDIDATES else {"application": [scope]}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - its signature
        flow = {"tokenUrl": "/oauth/token", "scopes": {name: str(words) for name, words in ALL.items()}}
        return [
            {"type": "oauth2", "flows": {"clientCredentials": flow}},
            {"type": "http", "scheme": "bearer", "description": "A token that a person made in the portal."},
        ]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's
    """The session of the portal, for a person's own reads."""

    target_class = "ceportal.partner_api.authentication.SignedInAuthentication"
    name = "session"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{"session": []}] if auto_schema.view.scope_of(auto_schema.method) in OF_CANDIDATES else []

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002 - its signature
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
