"""The administration: who gets in, that every page opens without asking too much, and what stays as it is."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from exams.models import SiteMember

OURS = ("kernel", "candidates", "catalog", "payments", "exams", "emeritus", "credits")
pytestmark = pytest.mark.django_db
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
LISTS = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in MODELS]


def test_every_model_is_registered() -> None:
    assert [model for model in MODELS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("name", ["admin:index", *LISTS])
def test_staff_open_every_list(name: str, client: Client, dan: User) -> None:
    client.force_login(dan)
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["admin:index", *LISTS])
def test_nobody_else_does(
    name: str, client: Client, alice: Candidate, bob: ProviderMember, proctor: SiteMember
) -> None:
    assert client.get(reverse(name)).status_code == 302
    for user in (alice.user, bob.user, proctor.user):
        client.force_login(user)
        assert client.get(reverse(name)).status_code in {302, 403}
