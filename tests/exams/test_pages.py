"""The desk belongs to proctors."""

from __future__ import annotations

import pytest
from django.test import Client

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from ceportal.kernel import clock
from exams.models import SiteMember
from tests import factories
from tests.factories import noon

pytestmark = pytest.mark.django_db


def test_a_proctor_sees_the_site_in_its_own_time(client: Client) -> None:
    tokyo = factories.SiteFactory.create(
        code="tokyo", country="JP", time_zone="Asia/Tokyo", address="Akasaka 9-7-1\nTokyo"
    )
    proctor = factories.SiteMemberFactory.create(site=tokyo)
    client.force_login(proctor.user)
    with clock.standing_at(noon("2026-03-02").replace(hour=16)):
        page = client.get("/desk/").text
    assert "3 March 2026, 01:00" in page
    assert "Akasaka 9-7-1" in page
    assert "No sitting today" in page


def test_for_others_there_is_no_desk(client: Client, alice: Candidate, bob: ProviderMember, dan: User) -> None:
    for user in (alice.user, bob.user, dan):
        client.force_login(user)
        assert client.get("/desk/").status_code == 404


def test_who_is_no_proctor_any_more_has_no_desk(client: Client, proctor: SiteMember) -> None:
    SiteMember.objects.update(active=False)
    client.force_login(proctor.user)
    assert client.get("/desk/").status_code == 404


def test_visitors_sign_in_first(client: Client) -> None:
    response = client.get("/desk/")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/desk/"
