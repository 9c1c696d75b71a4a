"""Pages of a candidate's standing: sanctions and their appeal (CAND-02), being tested, channel partners (CERT-07)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates import services
from candidates.models import Affiliation, Candidate, ChannelPartner, Notice, Sanction, User
from ceportal.kernel import clock
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, text_of

pytestmark = pytest.mark.django_db
STANDING = reverse("candidates:standing")
HOME = reverse("credits:dashboard")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


@pytest.fixture
def erin(db: None) -> User:
    return factories.UserFactory.create(staff=True)


def propose(candidate: Candidate, by: User, **reach: Any) -> Sanction:
    return services.propose_sanction(
        candidate_id=candidate.id,
        clause="CERT-08",
        statement="Sold the logo on mugs.",
        evidence="Three photographs.",
        **reach,
        staff_id=by.id,
        now=NOW,
    )


def impose(candidate: Candidate, by: User, and_by: User, **reach: Any) -> Sanction:
    proposed = propose(candidate, by, **reach)
    return services.confirm_sanction(sanction_id=proposed.id, staff_id=and_by.id, now=NOW)


def page_of(sanction: Sanction) -> str:
    return reverse("candidates:sanction", args=[sanction.id])


def on(day: date) -> datetime:
    return clock.at(day, 12)


class TestSanctions:
    def test_what_it_rests_on_is_read_and_appealed_once(
        self, me: Client, alice: Candidate, dan: User, erin: User
    ) -> None:
        pages.certify(alice)
        sanction = impose(alice, dan, erin)
        assert f"{page_of(sanction)}\n" in Notice.objects.get(kind="sanction").body
        listed = text_of(me.get(STANDING))
        assert "Under CERT-08, of 4 May 2021" in listed
        assert "You can appeal until 3 June 2021." in listed
        page = text_of(me.get(page_of(sanction)))
        assert "Sold the logo on mugs." in page
        assert "everything, permanently; certifications are revoked" in page
        assert "photographs" not in page
        assert erin.name not in page

        assert me.post(page_of(sanction), {"words": " "}).status_code == 422
        assert me.post(page_of(sanction), {"words": "They were a gift."}).url == page_of(sanction)
        again = me.post(page_of(sanction), {"words": "Once more."})
        assert again.status_code == 409
        assert "An appeal has been filed already." in text_of(again)
        assert "They were a gift." in text_of(me.get(page_of(sanction)))
        sanction.refresh_from_db()
        assert (sanction.appeal, sanction.appealed_at) == ("They were a gift.", NOW)

    def test_after_the_last_day_the_form_is_gone(self, me: Client, alice: Candidate, dan: User, erin: User) -> None:
        sanction = impose(alice, dan, erin)
        assert sanction.appeal_until is not None
        with clock.standing_at(on(sanction.appeal_until)):
            assert "You can appeal once, until" in text_of(me.get(page_of(sanction)))
        with clock.standing_at(on(date(2021, 6, 4))):
            assert "It could be appealed until 3 June 2021." in text_of(me.get(page_of(sanction)))
            late = me.post(page_of(sanction), {"words": "Late."})
        assert late.status_code == 409
        assert "An appeal could be filed until 3 June 2021." in text_of(late)

    def test_a_proposal_and_what_was_declined_are_nobody_s_to_read(
        self, me: Client, alice: Candidate, dan: User, erin: User
    ) -> None:
        proposed = propose(alice, dan)
        assert me.get(page_of(proposed)).status_code == 404
        assert "There is none" in text_of(me.get(STANDING))
        services.decline_sanction(sanction_id=proposed.id, reason="No proof.", staff_id=erin.id, now=NOW)
        assert me.get(page_of(proposed)).status_code == 404

    def test_nobody_reads_or_appeals_another_s(self, client: Client, alice: Candidate, dan: User, erin: User) -> None:
        sanction = impose(alice, dan, erin)
        assert client.get(page_of(sanction)).url.startswith(reverse("account_login"))
        client.force_login(factories.CandidateFactory.create(login=True).user)
        assert client.get(page_of(sanction)).status_code == 404
        assert client.post(page_of(sanction), {"words": "Mine."}).status_code == 404
        sanction.refresh_from_db()
        assert not sanction.appeal

    def test_lifted_it_says_why(self, me: Client, alice: Candidate, dan: User, erin: User) -> None:
        sanction = impose(alice, dan, erin)
        services.lift_sanction(sanction_id=sanction.id, reason="A mistake of ours.", staff_id=dan.id, now=NOW)
        page = text_of(me.get(page_of(sanction)))
        assert "It stood from 4 May 2021 to 4 May 2021 and is lifted." in page
        assert "A mistake of ours." in page


class TestTheHome:
    def test_it_says_first_that_a_sanction_bars(self, me: Client, alice: Candidate, dan: User, erin: User) -> None:
        held = pages.certify(alice)
        assert "sanction" not in text_of(me.get(HOME)).lower()
        sanction = impose(alice, dan, erin)
        home = text_of(me.get(HOME))
        assert "A sanction bars you from the programme" in home
        assert "Read the sanction" in home
        assert "Revoked by a sanction" in home
        assert "have lapsed" not in home
        certification = text_of(me.get(reverse("candidates:certification", args=[held.number])))
        assert "See the sanction, and how to appeal" in certification
        assert "By its dates inactive on" in certification
        services.lift_sanction(sanction_id=sanction.id, reason="A mistake.", staff_id=dan.id, now=NOW)
        assert "A sanction" not in text_of(me.get(HOME))

    def test_one_for_exams_only_leaves_the_rest_as_it_was(
        self, me: Client, alice: Candidate, dan: User, erin: User
    ) -> None:
        pages.certify(alice)
        impose(alice, dan, erin, exams_only=True)
        home = text_of(me.get(HOME))
        assert "A sanction bars you from exams" in home
        assert "Enroll in the programme" in home


class TestBeingTested:
    def test_what_stands_in_the_way_is_said(self, me: Client, alice: Candidate, dan: User) -> None:
        assert "Today nothing of it stands in the way of an exam." in text_of(me.get(STANDING))
        Candidate.objects.filter(id=alice.id).update(country="IR", born=date(2007, 5, 5))
        page = text_of(me.get(STANDING))
        assert "Residents of embargoed countries and regions cannot be tested." in page
        assert "Under 18 a parent or legal guardian must sign before the exam." in page
        services.verify_residence(candidate_id=alice.id, country="DE", document="Seen.", staff_id=dan.id, now=NOW)
        services.record_consent(
            candidate_id=alice.id,
            guardian="A. Parent",
            signed_on=NOW.date(),
            evidence="Seen.",
            recorded_by_id=dan.id,
            now=NOW,
        )
        page = text_of(me.get(STANDING))
        assert "Today nothing of it stands in the way of an exam." in page
        assert "Germany, by a document seen on 4 May 2021" in page
        assert "A. Parent, 4 May 2021" in page


class TestPartners:
    @pytest.fixture(autouse=True)
    def partners(self) -> None:
        for code in ("northwind", "contoso"):
            ChannelPartner.objects.create(code=code, name=code.capitalize())

    def test_only_experts_are_offered_one(self, me: Client, alice: Candidate) -> None:
        pages.certify(alice)
        assert "Channel partner" not in text_of(me.get(STANDING))
        pages.certify(alice, "ccie-security", "expert")
        assert "Channel partner" in text_of(me.get(STANDING))

    def test_asked_for_confirmed_and_left(self, me: Client, alice: Candidate, dan: User) -> None:
        pages.certify(alice, "ccie-security", "expert")
        ask, leave = reverse("candidates:request_affiliation"), reverse("candidates:leave_partner")
        asked = {"partner_code": "northwind", "country": "US", "full_time": "on"}
        assert me.post(ask, asked | {"partner_code": "nobody"}).status_code == 422
        refused = me.post(ask, asked | {"full_time": ""})
        assert refused.status_code == 409
        assert "Only a full-time employee of the partner is associated with it." in text_of(refused)
        assert not Affiliation.objects.exists()

        assert me.post(ask, asked).url == STANDING
        assert "It counts once it is confirmed." in text_of(me.get(STANDING))
        row = Affiliation.objects.get()
        services.confirm_affiliation(affiliation_id=row.id, user_id=dan.id, now=NOW)
        page = text_of(me.get(STANDING))
        assert "In United States, since 4 May 2021." in page.replace("United States of America", "United States")
        assert me.post(ask, asked | {"partner_code": "contoso"}).status_code == 409
        assert me.get(leave).status_code == 405
        assert me.post(leave).url == STANDING
        assert "4 May 2021 to 4 May 2021" in text_of(me.get(STANDING))
        assert me.post(leave).status_code == 409


def test_the_page_asks_little_of_the_database(
    me: Client, alice: Candidate, dan: User, erin: User, django_assert_max_num_queries: Any
) -> None:
    for _each in range(3):
        impose(alice, dan, erin, exams_only=True)
    with django_assert_max_num_queries(16):
        me.get(STANDING)
