"""The cast for questions of permission.

Alice owns, Bob reviews for her provider, Carol reviews for another, Dan is staff.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from candidates.models import Candidate, User
from catalog.models import Provider, ProviderMember
from exams.models import SiteMember, SittingPattern
from tests import factories
from tests.reference_data import load_reference


@pytest.fixture
def acme(db: None) -> Provider:
    """The provider whose trainings Alice takes."""
    return factories.ProviderFactory.create(code="acme")


@pytest.fixture
def globex(db: None) -> Provider:
    """Another provider, who has no business with Alice."""
    return factories.ProviderFactory.create(code="globex")


@pytest.fixture
def alice(db: None) -> Candidate:
    """A candidate who can sign in: `client.force_login(alice.user)`."""
    return factories.CandidateFactory.create(login=True, name="Alice Okafor", email="alice@example.org")


@pytest.fixture
def bob(acme: Provider) -> ProviderMember:
    """A reviewer of `acme`."""
    return factories.ProviderMemberFactory.create(provider=acme, user__email="bob@acme.example", user__name="Bob")


@pytest.fixture
def carol(globex: Provider) -> ProviderMember:
    """A reviewer of `globex`."""
    return factories.ProviderMemberFactory.create(
        provider=globex, user__email="carol@globex.example", user__name="Carol"
    )


@pytest.fixture
def dan(db: None) -> User:
    """Programme staff."""
    return factories.UserFactory.create(staff=True, second_factor=True, email="dan@example.org", name="Dan")


@pytest.fixture
def proctor(db: None) -> SiteMember:
    """A proctor in Brussels."""
    return factories.SiteMemberFactory.create(user__email="petra@example.org", user__name="Petra")


@pytest.fixture(scope="module")
def scenario_world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[None]:
    """The reference world, once for all scenarios of a module: each takes back what it did."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr("django.conf.settings.MEDIA_ROOT", str(tmp_path_factory.mktemp("media")))
        load_reference()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def no_calendars(db: None) -> None:
    """No site holds sittings: nights of lives without labs need open none, and are told in half the time."""
    SittingPattern.objects.all().delete()
