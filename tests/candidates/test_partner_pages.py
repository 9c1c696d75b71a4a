"""What members of a channel partner see and do: their own people only, by name, number and status (CERT-07, EMR-15)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import services
from candidates.models import Affiliation, Candidate, Certification, ChannelPartner, Notice, PartnerMember, User
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from tests import factories
from tests.credits.pages import text_of
from tests.factories import noon
from tests.reference_data import load_reference

pytestmark = pytest.mark.django_db
NOW = noon("2026-05-04")
PEOPLE = reverse("partner:people")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def partners(db: None) -> dict[str, ChannelPartner]:
    made = (ChannelPartner(code=code, name=code.capitalize()) for code in ("northwind", "contoso"))
    return {each.code: each for each in ChannelPartner.objects.bulk_create(made)}


@pytest.fixture
def member(partners: dict[str, ChannelPartner]) -> PartnerMember:
    """Who acts for Northwind."""
    user = factories.UserFactory.create(second_factor=True, name="Nora")
    return PartnerMember.objects.create(partner=partners["northwind"], user=user)


@pytest.fixture
def nora(client: Client, member: PartnerMember) -> Client:
    client.force_login(member.user)
    return client


def expert(name: str = "Eve Expert", **other: Any) -> Candidate:
    candidate = factories.CandidateFactory.create(name=name, **other)
    factories.CertificationFactory.create(candidate=candidate)
    return candidate


def asked(candidate: Candidate, partner: str = "northwind", country: str = "US") -> Affiliation:
    return services.request_affiliation(
        candidate_id=candidate.id, partner_code=partner, country=country, full_time=True, now=NOW
    )


def confirmed(candidate: Candidate, member: PartnerMember, **where: str) -> Affiliation:
    return services.confirm_for_partner(affiliation_id=asked(candidate, **where).id, member_id=member.id, now=NOW)


def act(client: Client, name: str, affiliation: Affiliation, **values: str) -> int:
    return int(client.post(reverse(f"partner:{name}", args=[affiliation.id]), values).status_code)


def stands(affiliation: Affiliation) -> str:
    affiliation.refresh_from_db()
    return affiliation.status


class TestWhatIsSeen:
    def test_name_number_and_status_and_nothing_else(self, nora: Client) -> None:
        eve = expert(email="eve@private.example", region="US-CA")
        asked(eve)
        page = text_of(nora.get(PEOPLE))
        assert "Eve Expert" in page
        assert eve.number in page
        assert "Active" in page
        for private in ("eve@private.example", "1980", "US-CA", eve.certifications.get().number, "2027"):
            assert private not in page

    def test_only_ones_own_people(self, nora: Client, partners: dict[str, ChannelPartner], dan: User) -> None:
        other = asked(expert("Olga Other"), "contoso")
        services.confirm_affiliation(affiliation_id=other.id, user_id=dan.id, now=NOW)
        former = asked(expert("Fred Former"))
        services.leave_partner(candidate_id=former.candidate_id, now=NOW)  # took the request back
        page = text_of(nora.get(PEOPLE))
        assert "Olga" not in page
        assert "Fred" not in page

    def test_what_counts_is_active_only_by_country(self, nora: Client, member: PartnerMember) -> None:
        """EMR-15: Emeritus, grace and what is revoked do not count; who has left does not either."""
        for number, status in enumerate(["active", "active", "emeritus", "lifetime_emeritus", "grace", "revoked"]):
            someone = expert(f"Person {number}", country="BE" if number == 0 else "US")
            confirmed(someone, member, country=someone.country)
            Certification.objects.filter(candidate=someone).update(status=status)
        left = confirmed(expert("Lena Left"), member)
        services.end_for_partner(affiliation_id=left.id, reason="Moved on.", member_id=member.id, now=NOW)
        answer = nora.get(PEOPLE)
        page = answer.context["page"]
        assert page.counted == (("BE", 1, 1), ("US", 1, 5))
        assert [each.candidate.name for each in page.ended] == ["Lena Left"]
        assert text_of(answer).count("does not count") == 1 + 4  # said once of all

    def test_more_people_are_no_more_queries(self, nora: Client, member: PartnerMember) -> None:
        def asks() -> int:
            with CaptureQueriesContext(connection) as queries:
                nora.get(PEOPLE)
            return len(queries)

        confirmed(expert(), member)
        few = asks()
        for number in range(4):
            confirmed(expert(f"Person {number}"), member)
            asked(expert(f"Asker {number}"))
        assert asks() == few


class TestWhoMayNot:
    def test_nobody_else_has_such_a_page(self, client: Client, alice: Candidate, dan: User, bob: Any) -> None:
        assert client.get(PEOPLE).status_code == HTTPStatus.FOUND
        for user in (alice.user, dan, bob.user):
            assert user is not None
            client.force_login(user)
            assert client.get(PEOPLE).status_code == HTTPStatus.NOT_FOUND

    def test_who_acts_no_longer_is_out_at_once(self, nora: Client, member: PartnerMember) -> None:
        waiting = asked(expert())
        PartnerMember.objects.update(active=False)
        assert nora.get(PEOPLE).status_code == HTTPStatus.NOT_FOUND
        assert act(nora, "confirm", waiting) == HTTPStatus.NOT_FOUND
        with pytest.raises(Affiliation.DoesNotExist):
            services.confirm_for_partner(affiliation_id=waiting.id, member_id=member.id, now=NOW)
        assert stands(waiting) == "requested"

    @pytest.mark.parametrize("name", ["confirm", "decline", "end"])
    def test_another_partners_people_are_not_there(self, name: str, nora: Client) -> None:
        waiting = asked(expert(), "contoso")
        before = Event.objects.count()
        assert act(nora, name, waiting) == HTTPStatus.NOT_FOUND
        assert (stands(waiting), Event.objects.count()) == ("requested", before)

    def test_nobody_confirms_themselves(self, nora: Client, member: PartnerMember) -> None:
        own = asked(expert(user=member.user))
        answer = nora.post(reverse("partner:confirm", args=[own.id]))
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "Nobody confirms an association of their own." in text_of(answer)
        assert stands(own) == "requested"

    def test_outside_the_demonstration_a_member_needs_a_second_factor(
        self, client: Client, partners: dict[str, ChannelPartner]
    ) -> None:
        user = factories.UserFactory.create()
        PartnerMember.objects.create(partner=partners["northwind"], user=user)
        client.force_login(user)
        assert client.get(PEOPLE)["Location"] == reverse("mfa_activate_totp")


class TestDeciding:
    def test_confirmed_and_ended_each_told_once(self, nora: Client, member: PartnerMember) -> None:
        waiting = asked(expert())
        assert [act(nora, "confirm", waiting) for _each in range(2)] == [HTTPStatus.FOUND] * 2
        assert (stands(waiting), waiting.decided_by) == ("in_force", member.user)
        assert [act(nora, "end", waiting, reason="Left us.") for _each in range(2)] == [HTTPStatus.FOUND] * 2
        assert (stands(waiting), waiting.reason, waiting.ended_by) == ("ended", "Left us.", member.user)
        subjects = Notice.objects.order_by("id").values_list("subject", flat=True)
        assert list(subjects) == ["You count for Northwind", "You count for Northwind no longer"]
        assert "Left us." in Notice.objects.latest("id").body

    def test_declined_with_a_reason_and_asked_again(self, nora: Client) -> None:
        waiting = asked(expert())
        assert act(nora, "decline", waiting, reason="Nobody of this name works here.") == HTTPStatus.FOUND
        assert stands(waiting) == "declined"
        assert "Nobody of this name works here." in Notice.objects.get().body
        assert asked(waiting.candidate).id != waiting.id
        assert act(nora, "confirm", waiting) == HTTPStatus.CONFLICT

    def test_what_the_candidate_lacks_is_not_told_to_the_partner(self, nora: Client, dan: User) -> None:
        """Another partner, a sanction, a move: a refusal says that something stands in the way, and not what."""
        load_reference()
        waiting = asked(expert())
        services.change_residence(candidate_id=waiting.candidate_id, country="FR", region="", now=NOW)
        answer = nora.post(reverse("partner:confirm", args=[waiting.id]))
        page = text_of(answer)
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "Something has changed on the candidate's side" in page
        assert "live in the country" not in page
        assert stands(waiting) == "requested"

    def test_a_member_starts_on_this_page(self, nora: Client) -> None:
        assert nora.get(reverse("home"))["Location"] == PEOPLE
