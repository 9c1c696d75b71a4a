"""The cast for questions of permission.

Alice owns, Bob reviews for her provider, Carol reviews for another, Dan is staff.
"""

from __future__ import annotations

import pytest

from candidates.models import Candidate, User
from catalog.models import Provider, ProviderMember
from exams.models import SiteMember
from tests import factories


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
