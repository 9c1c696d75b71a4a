"""Whom the administration lets add a record by an act: the page itself refuses, not only the link to it."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from candidates.models import Candidate, User
from catalog.models import BoardReview
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "report"),
    [
        (
            "/admin/candidates/candidate/add/",
            {"number": "csco7", "name": "Ann", "born": "1990-02-03", "country": "be", "email": "ann@example.org"},
        ),
        ("/admin/candidates/user/add/", {"email": "new@example.org", "name": "New"}),
        ("/admin/catalog/boardreview/add/", {"held_on": "2026-05-04"}),
        ("/admin/catalog/delivery/add/", {}),
        ("/admin/catalog/provider/add/", {"code": "new", "name": "New"}),
    ],
)
def test_what_staff_may_not_add_is_not_added(client: Client, address: str, report: dict[str, str]) -> None:
    client.force_login(factories.UserFactory.create(is_staff=True, second_factor=True))
    before = (Candidate.objects.count(), User.objects.count(), BoardReview.objects.count())

    assert client.get(address).status_code == HTTPStatus.FORBIDDEN
    assert client.post(address, report).status_code == HTTPStatus.FORBIDDEN
    assert (Candidate.objects.count(), User.objects.count(), BoardReview.objects.count()) == before
