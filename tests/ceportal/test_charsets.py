"""What reaches the portal."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import RequestFactory

from ceportal.charsets import in_utf_8

ADDRESS = "/.well-known/oauth-authorization-server?asked=caf%C3%A9"


@pytest.fixture(autouse=True)
def _connections_stay() -> Iterator[None]:
    """As Django's own client has it, the connections are the test's."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.mark.parametrize("charset", ["zlib", "undefined", "UTF-16", "no-such", "utf-8"])
def test_whatever_charset_is_named_everything_is_utf_8(charset: str) -> None:
    asked = RequestFactory().get(ADDRESS).environ
    told: list[str] = []

    answer = in_utf_8(get_wsgi_application())(
        {**asked, "CONTENT_TYPE": f"application/json; Charset={charset}"},
        lambda status, *_more: told.append(status),  # type: ignore[arg-type,return-value]  # nothing is written by it
    )

    assert told == ["200 OK"]
    assert json.loads(b"".join(answer))["token_endpoint"]
