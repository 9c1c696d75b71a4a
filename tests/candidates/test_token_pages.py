"""The page of a person's own tokens: shown once, told by mail, withdrawn; and nobody else's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.partner_api import services
from ceportal.partner_api.models import PersonalToken
from tests import factories
from tests.partner_api.world import with_token

pytestmark = pytest.mark.django_db
PASSWORD = "a long and quiet sentence"
PAGE = reverse("candidates:tokens")
FILLED_IN = {"name": "Spreadsheet", "scopes": ["me:credits"], "days": "30"}


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    """Alice, who has just said her password."""
    assert alice.user is not None
    alice.user.set_password(PASSWORD)
    alice.user.save()
    client.post(reverse("account_login"), {"login": alice.user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def made(me: Client) -> str:
    """Make a token on the page; the secret that it shows."""
    page = me.post(PAGE, FILLED_IN, follow=True)
    return str(page.context["secret"])


def test_a_token_is_shown_once_works_and_is_told_by_mail(me: Client, alice: Candidate) -> None:
    secret = made(me)
    after = me.get(PAGE)

    assert with_token(secret).get("/api/v1/me/credits").status_code == HTTPStatus.OK
    assert secret not in after.text
    assert "Spreadsheet" in after.text
    (told,) = [each for each in mail.outbox if "token" in each.subject]
    assert told.to == [alice.user.email]  # type: ignore[union-attr]  # she has one
    assert "Spreadsheet" in told.body
    assert secret not in told.body


def test_a_token_withdrawn_on_the_page_is_good_no_more(me: Client) -> None:
    secret = made(me)
    token = PersonalToken.objects.get()

    page = me.post(reverse("candidates:withdraw_token", args=[token.pk]), follow=True)

    assert "is good no more" in page.text
    assert with_token(secret).get("/api/v1/me/credits").status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["claims:decide"]}, "scopes"),
        ({"days": "9999"}, "days"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_and_nothing_is_lost(me: Client, changed: Any, field: str) -> None:
    page = me.post(PAGE, FILLED_IN | changed)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert list(page.context["form"].errors) == [field]
    assert not PersonalToken.objects.exists()


def test_the_form_sent_twice_makes_one_token(me: Client) -> None:
    made(me)
    again = me.post(PAGE, FILLED_IN)

    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert PersonalToken.objects.count() == 1


def test_nobody_sees_or_withdraws_anothers(me: Client) -> None:
    other = factories.CandidateFactory.create(login=True)
    assert other.user_id is not None
    token, _secret = services.create_personal_token(
        user_id=other.user_id, name="Secret plan", allowed=["me:credits"], days=9, now=clock.now()
    )

    assert "Secret plan" not in me.get(PAGE).text
    gone = me.post(reverse("candidates:withdraw_token", args=[token.pk]))
    assert gone.status_code == HTTPStatus.NOT_FOUND
    token.refresh_from_db()
    assert token.withdrawn_at is None


def test_strangers_sign_in_and_old_sessions_say_the_password_again(client: Client, alice: Candidate) -> None:
    assert alice.user is not None
    assert client.get(PAGE)["Location"].startswith(reverse("account_login"))
    alice.user.set_password(PASSWORD)
    alice.user.save()
    client.force_login(alice.user)  # without a password said in this session
    assert client.get(PAGE)["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(PAGE, FILLED_IN).status_code == HTTPStatus.FOUND
    assert not PersonalToken.objects.exists()
