"""Applications and their tokens, as partners come by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.test import Client

from candidates.models import User
from ceportal.kernel import clock
from ceportal.partner_api import scopes, services
from tests import factories


def registered(
    kind: str, tenant: str, *, responsible: User | None = None, allowed: Sequence[str] | None = None
) -> services.Issued:
    """An application of a partner with its first credentials; with every scope of its kind where none is named."""
    person = responsible or factories.UserFactory.create()
    return services.register_application(
        name=f"Program of {tenant}",
        kind=kind,
        tenant=tenant,
        responsible_id=person.pk,
        allowed=sorted(scopes.of_kind(kind)) if allowed is None else allowed,
        now=clock.now(),
    )


def ask_token(issued: services.Issued, *, secret: str = "", scope: str = "", address: str = "") -> Any:
    """What the token endpoint answers; from an address of its own, so that no test is limited by the others."""
    asked = {
        "grant_type": "client_credentials",
        "client_id": issued.client_id,
        "client_secret": secret or issued.secret,
        **({"scope": scope} if scope else {}),
    }
    return Client(REMOTE_ADDR=address or f"fd00::{uuid4().hex[:4]}:{uuid4().hex[:4]}").post("/oauth/token", asked)


def program(issued: services.Issued) -> Client:
    """A client that calls with a token of the application."""
    return with_token(ask_token(issued).json()["access_token"])


def with_token(token: str) -> Client:
    """A client that calls with a token."""
    return Client(headers={"Authorization": f"Bearer {token}"})
