"""The database or Valkey goes away while the portal is asked: nobody gets a blank fault, and then all goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest
from django.test import Client

from ceportal.faults import fault
from ceportal.problems import CONTENT_TYPE

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "/api/v1/catalog/items"


@pytest.fixture
def cut_off() -> Iterator[None]:
    """PostgreSQL has ended the connection of this process."""
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    yield
    connection.close()


@pytest.mark.usefixtures("cut_off")
def test_people_and_programs_are_told_to_try_again() -> None:
    client = Client(raise_request_exception=False)
    page = client.get("/catalog/")
    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert "does not answer" in page.content.decode()
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"], answer["Retry-After"]) == (503, CONTENT_TYPE, "30")
    assert (answer.json()["status"], answer.json()["instance"]) == (503, ADDRESS)
    connection.close()  # as at the end of every request that is not a test's
    assert client.get("/catalog/").status_code == 200


def test_what_cannot_be_counted_is_not_guessed_and_told_to_try_again(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    client = Client(raise_request_exception=False)
    page = client.post("/verify/", {"number": "CE1-CCNA", "name": "Alice Okafor"})
    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert client.get(ADDRESS).status_code == 200  # calls go on uncounted


@pytest.mark.parametrize(("error", "status"), [(InterfaceError("closed"), 503), (ValueError("ours"), 500)])
def test_any_other_fault_stays_a_fault(error: Exception, status: int) -> None:
    for path, kind in (("/catalog/", "text/html; charset=utf-8"), (ADDRESS, CONTENT_TYPE)):
        request = HttpRequest()
        request.path = path
        try:
            raise error
        except type(error):
            response = fault(request)
        assert (response.status_code, response["Content-Type"]) == (status, kind)
        assert response.has_header("Retry-After") is (status == 503)
