"""Addresses that there are not: a problem for programs, a page for people."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest
from django.test import Client

from ceportal.problems import CONTENT_TYPE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/v1/jobs/abc", "/api/v1/gatherings/%C2%84"])
def test_an_address_that_there_is_not_is_a_problem_too(address: str) -> None:
    answer = Client().get(address)

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer["Content-Type"] == CONTENT_TYPE
    assert json.loads(answer.content)["instance"]


def test_a_page_that_there_is_not_is_a_page() -> None:
    answer = Client().get("/nothing/")

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer["Content-Type"].startswith("text/html")
