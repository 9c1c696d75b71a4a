"""Signing up, in and out, and a forgotten password, over the pages as people use them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from candidates.models import User
from tests import factories

pytestmark = pytest.mark.django_db
EMAIL = "nadia@example.org"
PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "a quite different password"


@pytest.fixture(autouse=True)
def no_limits_left_over() -> Iterator[None]:
    """Limits are counted in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def nadia() -> User:
    """Someone with a confirmed address and a password."""
    return factories.UserFactory.create(email=EMAIL, password=PASSWORD)


def sign_up(client: Client, email: str = EMAIL) -> str:
    answer = client.post(reverse("account_signup"), {"email": email, "password1": PASSWORD, "password2": PASSWORD})
    return answer["Location"]


def sign_in(client: Client, *, email: str = EMAIL, password: str = PASSWORD) -> str:
    """Sign in by the page; where it leads, or empty where it refuses."""
    answer = client.post(reverse("account_login"), {"login": email, "password": password})
    return answer.get("Location", "")


def link_in(message: mail.EmailMessage) -> str:
    """The path of the first link that a message gives."""
    found = re.search(r"http://testserver(/accounts/\S+)", message.body)
    assert found, message.body
    return found[1]


def assert_reads_well(message: mail.EmailMessage, *, subject: str) -> None:
    """Our words: a subject in one line, a greeting, and nothing of the library's."""
    assert message.subject == subject
    assert message.body.startswith("Hello,\n\n")
    assert message.from_email == "CE Portal <portal@example.org>"
    for alien in ("example.com", "Thank you for using", "None", "{{", "{%", "&#", "\n\n\n\n"):
        assert alien not in message.body


class TestSigningUp:
    def test_the_address_is_confirmed_before_anything_opens(self, client: Client) -> None:
        assert sign_up(client) == reverse("account_email_verification_sent")
        (message,) = mail.outbox
        assert message.to == [EMAIL]
        assert_reads_well(message, subject="Confirm your e-mail address")
        assert client.get(reverse("home"))["Location"].startswith(reverse("account_login"))

        link = link_in(message)
        assert client.get(link).status_code == 200
        assert not EmailAddress.objects.get().verified, "a mail scanner that opens the link confirms nothing"
        client.post(link)
        assert EmailAddress.objects.get().verified
        assert sign_in(Client()) == reverse("home")

    def test_signing_in_before_confirming_opens_nothing_and_sends_the_link_again(self, client: Client) -> None:
        sign_up(client)
        cache.clear()
        other = Client()
        assert sign_in(other) == reverse("account_email_verification_sent")
        assert "_auth_user_id" not in other.session
        assert len(mail.outbox) == 2

    def test_an_address_that_has_an_account_is_not_told_to_who_asks(self, client: Client, nadia: User) -> None:
        assert sign_up(client, nadia.email.upper()) == reverse("account_email_verification_sent")
        (message,) = mail.outbox
        assert_reads_well(message, subject="You have an account already")
        assert link_in(message) == reverse("account_reset_password")
        assert User.objects.count() == 1

    @pytest.mark.parametrize("password", ["short", "1234567890123", "password1"])
    def test_a_weak_password_is_refused(self, client: Client, password: str) -> None:
        answer = client.post(reverse("account_signup"), {"email": EMAIL, "password1": password, "password2": password})
        assert answer.status_code == 200
        assert answer.context["form"].errors
        assert not User.objects.exists()


class TestSigningIn:
    def test_by_address_in_any_case_and_out_again(self, client: Client, nadia: User) -> None:
        assert sign_in(client, email=nadia.email.title()) == reverse("home")
        assert client.session["_auth_user_id"] == str(nadia.pk)

        client.get(reverse("account_logout"))
        assert "_auth_user_id" in client.session, "a link somebody else placed signs nobody out"
        assert client.post(reverse("account_logout"))["Location"] == reverse("landing")
        assert "_auth_user_id" not in client.session

    def test_the_page_asked_for_comes_after_it_and_no_other_site(self, client: Client, nadia: User) -> None:
        form = {"login": nadia.email, "password": PASSWORD}
        assert client.post(reverse("account_login"), {**form, "next": "/policy/"})["Location"] == "/policy/"
        client.logout()
        elsewhere = {**form, "next": "https://elsewhere.example/"}
        assert client.post(reverse("account_login"), elsewhere)["Location"] == reverse("home")

    def test_a_wrong_password_and_an_unknown_address_look_the_same(self, client: Client, nadia: User) -> None:
        answers = [
            client.post(reverse("account_login"), {"login": email, "password": "wrong"})
            for email in (nadia.email, "nobody@example.org")
        ]
        first, second = (answer.context["form"].non_field_errors() for answer in answers)
        assert first == second
        assert first

    def test_guessing_is_stopped_and_then_even_the_right_password_waits(self, client: Client, nadia: User) -> None:
        for _attempt in range(5):
            assert sign_in(client, password="wrong") == ""
        assert sign_in(client) == ""
        assert "_auth_user_id" not in client.session

    def test_a_guesser_does_not_get_round_it_by_naming_other_addresses_of_origin(
        self, client: Client, nadia: User
    ) -> None:
        for attempt in range(6):
            client.post(
                reverse("account_login"),
                {"login": nadia.email, "password": "wrong"},
                headers={"X-Forwarded-For": f"203.0.113.{attempt}"},
            )
        assert sign_in(client) == ""


class TestForgottenPassword:
    def ask(self, client: Client, email: str) -> str:
        return client.post(reverse("account_reset_password"), {"email": email})["Location"]

    def test_a_link_sets_a_new_one_once(self, client: Client, nadia: User) -> None:
        assert self.ask(client, nadia.email) == reverse("account_reset_password_done")
        (message,) = mail.outbox
        assert_reads_well(message, subject="Set a new password")

        form = client.get(link_in(message), follow=True).request["PATH_INFO"]
        done = client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        assert done["Location"] == reverse("account_reset_password_from_key_done")
        assert_reads_well(mail.outbox[-1], subject="Your password was set anew")
        assert sign_in(Client()) == ""
        assert sign_in(Client(), password=NEW_PASSWORD) == reverse("home")

        again = Client().get(link_in(message), follow=True)
        assert "password1" not in again.text

    def test_an_unknown_address_is_told_by_mail_and_not_on_the_page(self, client: Client) -> None:
        assert self.ask(client, EMAIL) == reverse("account_reset_password_done")
        (message,) = mail.outbox
        assert_reads_well(message, subject="There is no account with this address")
        assert link_in(message) == reverse("account_signup")

    def test_it_cannot_be_used_to_flood_a_mailbox(self, client: Client, nadia: User) -> None:
        answers = [client.post(reverse("account_reset_password"), {"email": nadia.email}) for _each in range(8)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 3
        assert len(mail.outbox) == 5


class TestOneself:
    def test_changing_the_password_is_told_to_the_owner(self, client: Client, nadia: User) -> None:
        sign_in(client)
        page = reverse("account_change_password")
        fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        client.post(page, {**fields, "oldpassword": "wrong"})
        assert not mail.outbox
        client.post(page, fields)
        (message,) = mail.outbox
        assert_reads_well(message, subject="Your password was changed")
        assert "127.0.0.1" in message.body
