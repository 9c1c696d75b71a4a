"""Programs of partners in the administration: each act by its service, and not by whoever may not."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from django.test import Client

from candidates.models import User
from catalog.models import ProviderMember
from ceportal.partner_api import scopes, services
from ceportal.partner_api.models import Application, Credential
from tests import factories
from tests.partner_api.world import ask_token, program, registered

pytestmark = pytest.mark.django_db
PROGRAMS = "/admin/partner_api/application/"
ADD = f"{PROGRAMS}add/"
JOB = "/api/v1/jobs/1"


@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    """Somebody who may do everything there."""
    dan.is_superuser = True
    dan.save()
    client.force_login(dan)
    return client


@pytest.fixture
def issued(bob: ProviderMember) -> services.Issued:
    return registered(scopes.PROVIDER, "acme", responsible=bob.user)


@pytest.fixture
def form(bob: ProviderMember) -> dict[str, str]:
    return {"name": "Roster sync", "kind": "provider", "tenant": "acme", "responsible": bob.user.email}


def test_a_program_is_registered_and_its_secret_shown_once(
    desk: Client, form: dict[str, str], bob: ProviderMember
) -> None:
    page = desk.post(ADD, form, follow=True)

    shown = re.search(r"client id (\w+), secret ([\w-]+)", page.text)
    assert shown
    told = {"grant_type": "client_credentials", "client_id": shown[1], "client_secret": shown[2]}
    assert Client().post("/oauth/token", told).status_code == HTTPStatus.OK
    assert shown[2] not in desk.get(PROGRAMS).text
    application = Application.objects.get()
    assert (application.responsible, set(application.scopes)) == (bob.user, scopes.of_kind("provider"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"responsible": "nobody@example.org"}, "Nobody signs in by this address."),
        ({"allowed": ["results:write"]}, "cannot be given: results:write"),
        ({"tenant": "not a code"}, "valid “slug”"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    desk: Client, form: dict[str, str], changed: dict[str, str], said: str
) -> None:
    page = desk.post(ADD, form | changed)

    assert said in page.text
    assert "Roster sync" in page.text
    assert not Application.objects.exists()


def test_new_credentials_overlap_with_those_before(desk: Client, issued: services.Issued) -> None:
    desk.post(f"{PROGRAMS}{issued.credential.application_id}/rotate/")

    assert Credential.objects.count() == 2
    assert ask_token(issued).status_code == HTTPStatus.OK


def test_what_a_program_may_is_changed_and_it_is_switched_off_and_on(desk: Client, issued: services.Issued) -> None:
    caller, pk = program(issued), issued.credential.application_id

    wrong = desk.post(f"{PROGRAMS}{pk}/allow/", {"allowed": ["results:write"]})
    assert "cannot be given" in wrong.text
    assert caller.get(JOB).status_code == HTTPStatus.NOT_FOUND
    desk.post(f"{PROGRAMS}{pk}/allow/", {"allowed": ["claims:read"]})
    assert caller.get(JOB).status_code == HTTPStatus.FORBIDDEN
    desk.post(f"{PROGRAMS}{pk}/switch/")
    assert caller.get(JOB).status_code == HTTPStatus.UNAUTHORIZED
    desk.post(f"{PROGRAMS}{pk}/switch/")
    assert caller.get(JOB).status_code == HTTPStatus.FORBIDDEN


def test_credentials_are_ended(desk: Client, issued: services.Issued) -> None:
    caller = program(issued)

    for _again in range(2):
        desk.post(f"/admin/partner_api/credential/{issued.credential.pk}/end/")

    assert caller.get(JOB).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("act", ["rotate", "allow", "switch"])
def test_staff_without_the_power_do_nothing(
    client: Client, issued: services.Issued, form: dict[str, str], act: str
) -> None:
    client.force_login(factories.UserFactory.create(is_staff=True, second_factor=True))
    pk = issued.credential.application_id

    acted = client.post(f"{PROGRAMS}{pk}/{act}/", {"allowed": ["claims:read"]})
    ended = client.post(f"/admin/partner_api/credential/{issued.credential.pk}/end/")
    added = client.post(ADD, form)

    assert {acted.status_code, ended.status_code, added.status_code} == {HTTPStatus.FORBIDDEN}
    application = Application.objects.get()
    assert application.active
    assert set(application.scopes) == scopes.of_kind("provider")
    assert Credential.objects.get().ends_at is None
