"""Mailbox and clock: who may see what, and nothing at all outside the demonstration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from ceportal.demo import travel
from ceportal.demo.logins import DEMO_LOGINS, PASSWORD
from ceportal.kernel import clock
from exams.models import SiteMember

MAIL, CLOCK, SIGN_UP = "/demo/mail/", "/demo/clock/", "/accounts/signup/"


@pytest.fixture
def letters(demo: None) -> None:
    for address, subject in (("alice@example.org", "To Alice"), ("eve@example.org", "To Eve")):
        EmailMessage(
            subject,
            "Dear reader,\nsee http://testserver/credits/ <b>now</b>",
            to=[address],
            headers={"Date": "Wed, 20 May 2026 12:00:00 +0000"},
        ).send()


def subjects(client: Client, address: str = MAIL) -> list[str]:
    return [letter.subject for letter in client.get(address).context["page"]]


def names(client: Client) -> dict[str, str]:
    return {letter.subject: letter.name for letter in client.get(MAIL).context["page"]}


@pytest.mark.usefixtures("letters")
class TestMailbox:
    def test_staff_read_everything_and_search_by_address(self, client: Client, dan: User) -> None:
        client.force_login(dan)
        assert sorted(subjects(client)) == ["To Alice", "To Eve"]
        assert subjects(client, f"{MAIL}?to=EVE@") == ["To Eve"]

    def test_others_read_what_went_to_them(self, client: Client, alice: Candidate, dan: User) -> None:
        client.force_login(dan)
        addresses = names(client)
        client.force_login(alice.user)
        assert subjects(client) == ["To Alice"]
        assert subjects(client, f"{MAIL}?to=eve") == []
        assert client.get(reverse("demo:letter", args=[addresses["To Alice"]])).status_code == 200
        assert client.get(reverse("demo:letter", args=[addresses["To Eve"]])).status_code == 404

    def test_a_stranger_reads_nothing(self, client: Client) -> None:
        page = client.get(f"{MAIL}?to=alice@example.org")
        assert list(page.context["page"]) == []
        assert "Nothing for this browser" in page.content.decode()

    def test_a_text_is_shown_safely_with_its_links(self, client: Client, alice: Candidate) -> None:
        client.force_login(alice.user)
        page = client.get(reverse("demo:letter", args=[names(client)["To Alice"]])).content.decode()
        assert 'href="http://testserver/credits/"' in page
        assert "&lt;b&gt;now" in page
        assert "20 May 2026" in page

    @pytest.mark.parametrize("name", ["nothing.0", "..%2Fsecrets.0", "a.log", "20260520-1"])
    def test_what_is_no_message_is_not_found(self, client: Client, dan: User, name: str) -> None:
        client.force_login(dan)
        assert client.get(f"{MAIL}{name}/").status_code == 404

    def test_html_alone_is_shown_as_text(self, client: Client, alice: Candidate) -> None:
        message = EmailMultiAlternatives("Only HTML", "", to=["alice@example.org"])
        message.content_subtype = "html"
        message.body = "<script>alert(1)</script>"
        message.send()
        client.force_login(alice.user)
        page = client.get(reverse("demo:letter", args=[names(client)["Only HTML"]])).content.decode()
        assert "&lt;script&gt;" in page


@pytest.mark.usefixtures("demo")
def test_who_has_just_signed_up_confirms_the_address_in_the_same_browser(client: Client) -> None:
    form = {"email": "new@example.org", "password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase"}
    assert client.post(SIGN_UP, form).status_code == 302
    (name,) = names(client).values()
    page = client.get(reverse("demo:letter", args=[name]))
    link = next(word for word in page.context["letter"].body.split() if "/accounts/confirm-email/" in word)
    assert f'href="{link}"' in page.content.decode()
    client.post(link.removeprefix("http://testserver"))
    assert User.objects.get(email="new@example.org").emailaddress_set.get().verified

    stranger = Client()
    assert subjects(stranger) == []
    assert stranger.get(reverse("demo:letter", args=[name])).status_code == 404


@pytest.mark.usefixtures("demo")
class TestClock:
    def test_for_anybody_but_staff_there_is_none(
        self, client: Client, alice: Candidate, bob: ProviderMember, proctor: SiteMember
    ) -> None:
        for user in (None, alice.user, bob.user, proctor.user):
            if user:
                client.force_login(user)
            assert client.get(CLOCK).status_code == 404
            assert client.post(CLOCK, {"to": "2030-01-01"}).status_code == 404
        assert travel.journey_under_way(now=clock.now()) is None

    def test_staff_set_it_ahead_and_see_how_far_it_has_come(self, client: Client, dan: User) -> None:
        client.force_login(dan)
        to = clock.day_of(clock.now()) + timedelta(days=3)
        assert client.post(CLOCK, {"to": to.isoformat()}).status_code == 302
        page = client.get(CLOCK).content.decode()
        assert "0 of 3 nights" in page
        assert "every 1s" in page
        partial = client.get(CLOCK, headers={"HX-Request": "true"}).content.decode()
        assert "0 of 3 nights" in partial
        assert "<html" not in partial

        travel.travel()
        page = client.get(CLOCK).content.decode()
        assert "every 1s" not in page
        assert client.get(CLOCK, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
        assert clock.day_of(clock.now()) == to

    def test_a_day_that_cannot_be_is_said_beside_the_field(self, client: Client, dan: User) -> None:
        client.force_login(dan)
        for to, sentence in (("2001-01-01", "does not go back"), ("soon", "Enter a valid date")):
            page = client.post(CLOCK, {"to": to})
            assert page.status_code == 422
            assert sentence in page.content.decode()

    def test_an_interrupted_journey_can_be_asked_to_go_on(self, client: Client, dan: User) -> None:
        client.force_login(dan)
        journey = travel.begin_journey(to=clock.day_of(clock.now()) + timedelta(days=2), now=clock.now())
        assert client.post(CLOCK).status_code == 302
        assert travel.journey_under_way(now=clock.now()) == journey


@pytest.mark.usefixtures("demo")
def test_the_sign_in_page_shows_whom_one_can_be(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert all(login.email in page for login in DEMO_LOGINS)
    assert PASSWORD in page


def test_outside_the_demonstration_there_is_nothing_of_it(client: Client, dan: User) -> None:
    client.force_login(dan)
    for address in (MAIL, f"{MAIL}20260520-1.0/", CLOCK):
        assert client.get(address).status_code == 404
    client.logout()
    assert PASSWORD not in client.get("/accounts/login/").content.decode()
