"""Who acts for others signs in with a second factor, outside the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from exams.models import SiteMember
from tests import factories

pytestmark = pytest.mark.django_db
SET_UP = "/accounts/2fa/totp/activate/"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def staff() -> User:
    return factories.UserFactory.create(staff=True)


@pytest.fixture
def member(bob: ProviderMember) -> User:
    Authenticator.objects.filter(user=bob.user).delete()
    return bob.user


@pytest.fixture
def proctor_user(proctor: SiteMember) -> User:
    Authenticator.objects.filter(user=proctor.user).delete()
    return proctor.user


@pytest.fixture(params=["staff", "member", "proctor_user"])
def acting(request: pytest.FixtureRequest) -> User:
    """Each of those who act for others, without a second factor."""
    user: User = request.getfixturevalue(request.param)
    return user


def give_factor(user: User) -> None:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "tests-only"})


class TestWithout:
    @pytest.mark.parametrize(
        "path",
        ["/", "/home/", "/admin/", "/admin/login/", "/provider/", "/desk/", "/catalog/", "/policy/", "/dashboard/",
         "/accounts/email/", "/accounts/password/change/", "/static/../admin/", "/accounts/2fa"],
    )  # fmt: skip
    def test_every_page_leads_to_set_up(self, client: Client, acting: User, path: str) -> None:
        client.force_login(acting)
        assert client.get(path)["Location"] == SET_UP

    def test_nothing_is_done(self, client: Client, member: User) -> None:
        client.force_login(member)
        assert client.post("/provider/report/", {})["Location"] == SET_UP

    def test_a_program_gets_a_problem_it_can_read(self, client: Client, acting: User) -> None:
        client.force_login(acting)
        answer = client.get(reverse("api:my_claims"))
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 403
        assert "second factor" in answer.json()["detail"]

    def test_the_way_to_set_it_up_is_open_and_says_why(self, client: Client, acting: User) -> None:
        client.force_login(acting)
        page = client.get("/home/", follow=True)
        assert page.redirect_chain[0] == (SET_UP, 302)
        assert "You act for others here" in page.text
        assert client.get(reverse("account_logout")).status_code == 200

    def test_what_is_public_stays_so_for_everyone_else(self, client: Client) -> None:
        for name in ("landing", "policy:book", "catalog:item_list", "healthz", "account_login"):
            assert client.get(reverse(name)).status_code == 200


class TestWith:
    def test_they_pass(self, client: Client, acting: User) -> None:
        give_factor(acting)
        client.force_login(acting)
        assert client.get("/policy/").status_code == 200
        assert client.get("/home/")["Location"] != SET_UP

    def test_a_candidate_is_not_asked(self, client: Client, alice: Candidate) -> None:
        assert alice.user is not None
        client.force_login(alice.user)
        assert client.get("/home/")["Location"] == reverse("credits:dashboard")

    def test_who_no_longer_acts_for_others_is_not_asked(self, client: Client, member: User) -> None:
        ProviderMember.objects.filter(user=member).update(active=False)
        client.force_login(member)
        assert client.get("/policy/").status_code == 200

    def test_in_the_demonstration_nobody_is_asked(self, client: Client, acting: User, settings: Any) -> None:
        settings.DEMO = True
        client.force_login(acting)
        assert client.get("/policy/").status_code == 200


class TestSigningIn:
    @pytest.fixture
    def codes(self, staff: User) -> Callable[[], str]:
        """Staff with a password and a second factor; gives the codes that their telephone shows."""
        staff.set_password(PASSWORD)
        staff.save()
        secret = "JBSWY3DPEHPK3PXP"
        TOTP.activate(staff, secret)
        RecoveryCodes.activate(staff)
        return lambda: format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    def test_password_alone_opens_nothing(self, client: Client, staff: User, codes: Callable[[], str]) -> None:
        asked = client.post(reverse("account_login"), {"login": staff.email, "password": PASSWORD})
        assert asked["Location"] == reverse("mfa_authenticate")
        assert "_auth_user_id" not in client.session
        assert client.get("/home/")["Location"].startswith(reverse("account_login"))

        wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert wrong.status_code == 200
        assert "_auth_user_id" not in client.session
        right = client.post(reverse("mfa_authenticate"), {"code": codes()})
        assert right["Location"] == reverse("home")
        assert client.session["_auth_user_id"] == str(staff.pk)

    def test_the_administration_has_no_door_of_its_own(
        self, client: Client, staff: User, codes: Callable[[], str]
    ) -> None:
        """Django's own sign-in page asks for a password only."""
        login = client.get("/admin/login/", follow=True)
        assert login.redirect_chain
        assert login.redirect_chain[-1][0].startswith(reverse("account_login"))
        client.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
        assert "_auth_user_id" not in client.session
