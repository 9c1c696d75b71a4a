"""What browsers are told about every page, and what must never be in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User

PROJECT = Path(__file__).resolve().parent.parent
PUBLIC = [
    "landing",
    "catalog:item_list",
    "policy:book",
    "check",
    "verify",
    "tips:report",
    "tips:follow",
    "candidates:logo_guidelines",
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_email_verification_sent",
]
SIGNED_IN = [
    "candidates:sharing",
    "exams:overview",
    "exams:sharing",
    "account_logout",
    "account_email",
    "account_change_password",
    "mfa_index",
    "home",
]

# Keys that services give out are random, so they have digits; the stand-ins in the repository are words.
KEY = re.compile(
    r"\b(?:[srp]k_(?:live|test)|whsec)_(?=\w*\d)\w{10,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{20,}|\bxox[abp]-\w{10,}"
)


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";") if part.strip())}


def assert_confined(response: Any) -> None:
    """The page may load what is ours and nothing else, run no inline code, and be framed by nobody."""
    policy = directives(response["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & {
        source for sources in policy.values() for source in sources
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def assert_nothing_inline(page: str) -> None:
    """What the policy would refuse is not there in the first place."""
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page)
    assert "<style" not in page
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PUBLIC)
def test_public_pages(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert_confined(response)
    assert_nothing_inline(response.text)


@pytest.mark.django_db
@pytest.mark.parametrize("name", SIGNED_IN)
def test_pages_of_someone_signed_in(client: Client, alice: Candidate, name: str) -> None:
    assert isinstance(alice.user, User)
    client.force_login(alice.user)
    response = client.get(reverse(name), follow=True)
    assert response.status_code == 200
    assert_confined(response)
    assert_nothing_inline(response.text)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/no-such-page/", "/healthz", "/api/v1/schema"])
def test_other_answers(client: Client, path: str) -> None:
    assert_confined(client.get(path))


@pytest.mark.django_db
def test_in_production_cookies_and_answers_keep_to_tls(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    redirected = client.get(reverse("landing"))
    assert (redirected.status_code, redirected["Location"]) == (301, "https://testserver/")
    assert client.get(reverse("healthz")).status_code == 200

    response = client.get(reverse("account_login"), secure=True)
    assert response["Strict-Transport-Security"].startswith("max-age=31536000")
    assert response.cookies["csrftoken"]["secure"] is True


def test_the_repository_holds_no_secret() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        check=False, cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        files = [path for path in PROJECT.rglob("*.py") if ".venv" not in path.parts]
    else:
        files = [PROJECT / name for name in listed.stdout.split("\0") if name]
    found = []
    for path in files:
        if not path.is_file() or path.suffix == ".lock":
            continue
        found += [f"{path.name}: {key[0]}" for key in KEY.finditer(path.read_text(errors="ignore"))]
    assert files
    assert not found
    assert not [path for path in files if path.name.startswith(".env") or path.suffix in {".pem", ".key", ".p12"}]
