"""Programs are registered by a command: it prints credentials that work, or says what is wrong."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from candidates.models import User
from ceportal.partner_api.models import Application

pytestmark = pytest.mark.django_db


def register(*scopes: str, responsible: str = "dan@example.org") -> dict[str, str]:
    out = StringIO()
    named = [f"--scope={scope}" for scope in scopes]
    options = ["--kind=provider", "--partner=acme", f"--responsible={responsible}", *named]
    call_command("register_program", "Roster sync", *options, stdout=out)
    printed: dict[str, str] = json.loads(out.getvalue())
    return printed


def test_what_it_prints_gets_a_token(dan: User) -> None:
    printed = register("claims:read")

    told = Client().post("/oauth/token", {"grant_type": "client_credentials", **printed}).json()

    assert told["scope"] == "claims:read"
    assert Application.objects.get().responsible == dan


def test_somebody_unknown_and_a_scope_of_others_are_said(dan: User) -> None:
    with pytest.raises(CommandError, match=r"Nobody signs in as nobody@example\.org"):
        register(responsible="nobody@example.org")
    with pytest.raises(CommandError, match="results:write"):
        register("results:write")
    assert not Application.objects.exists()
