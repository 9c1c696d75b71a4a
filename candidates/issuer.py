"""The portal as the world knows it: an issuer of credentials, by the keys it publishes (did:web, Open Badges 3.0)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from ceportal.kernel import signatures

CREDENTIALS_CONTEXT = "https://www.w3.org/ns/credentials/v2"
BADGES_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CREDENTIAL_TYPE = "application/vc+jwt"  # of credentials and status lists, by VC-JOSE-COSE


def identifier() -> str:
    """The portal's name in credentials: whoever has it finds the keys at /.well-known/did.json of the same host."""
    return f"did:web:{quote(urlsplit(settings.BASE_URL).netloc, safe='.')}"


def moment(at: datetime) -> str:
    """A moment as credentials write it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def profile() -> dict[str, Any]:
    """Who issues: the same in every credential, whatever language is read."""
    with translation.override("en"):
        return {
            "id": identifier(),
            "type": ["Profile"],
            "name": _("Continuing Education Programme"),
            "url": settings.BASE_URL,
        }


def key_document() -> dict[str, Any]:
    """The keys by which what the portal issues can be checked, the signing one first (DID Core 1.0)."""
    name = identifier()
    methods = [
        {"id": f"{name}#{key['kid']}", "type": "JsonWebKey", "controller": name, "publicKeyJwk": key}
        for key in signatures.public_keys()["keys"]
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": name,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
