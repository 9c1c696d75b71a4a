"""A parent or guardian signs by a link: asked, signed, taken back, and everything in between (CAND-04 to CAND-06)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import guardian_mail, guardians, queries, rules, services
from candidates.models import AgreementTranslation, Candidate, GuardianConsent, GuardianRequest, User
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from tests import factories
from tests.credits.pages import text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2023-01-03")
ASK, STANDING = reverse("candidates:guardian"), reverse("candidates:standing")
SIGNATURE = {"version": "1.0", "language": "ja", "name": "Hana Mori", "relation": "mother", "confirmed": "on"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    cache.clear()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def aiko(client: Client) -> Candidate:
    """Thirteen since yesterday, signed in."""
    agreement = factories.AgreementFactory.create(kind="agreement", title="Agreement", text="Keep it secret.")
    AgreementTranslation.objects.create(agreement=agreement, language="ja", title="契約", text="秘密を守る。")
    minor = factories.CandidateFactory.create(
        login=True, name="Aiko Mori", email="aiko@example.org", born=day("2010-01-02"), country="JP"
    )
    client.force_login(minor.user)
    return minor


def ask(candidate: Candidate, email: str = "hana@example.org", *, now: datetime = NOW, **other: Any) -> GuardianRequest:
    return services.ask_guardian(
        candidate_id=candidate.id, email=email, now=now, **{"language": "ja", "asked_by_id": None, **other}
    )


def sign(asked: GuardianRequest, *, now: datetime = NOW, **other: Any) -> GuardianConsent:
    values: dict[str, Any] = {
        "token": guardians.token_of(asked),
        "name": "Hana Mori",
        "relation": "mother",
        "confirmed": True,
        "version": "1.0",
        "language": "ja",
        "user_id": None,
        "ip_address": "192.0.2.7",
    }
    return services.sign_as_guardian(**{**values, **other}, now=now)


def link_of(asked: GuardianRequest) -> str:
    return reverse("guardian", args=[guardians.token_of(asked)])


def may_be_tested(candidate: Candidate) -> bool:
    facts = queries.testing_facts(candidate.id, exam_on=NOW.date(), held_in="")
    return rules.assess_testing(facts, BOOK.on(NOW.date())).granted


def topics() -> list[str]:
    return list(Event.objects.order_by("id").values_list("topic", flat=True))


class TestAsking:
    def test_a_link_is_sent_once_in_the_language_asked_for(self, aiko: Candidate, mailoutbox: list[Any]) -> None:
        asked = ask(aiko)
        assert ask(aiko, "Hana@example.org") == asked
        event = Event.objects.get(topic="candidates.guardian_asked")
        for _each in range(2):
            guardian_mail.on_guardian_asked(event, NOW)

        (message,) = mailoutbox
        assert message.to == ["hana@example.org"]
        assert "Aiko Mori" in message.subject and "保護者" in message.body
        assert guardians.address_of(asked) in message.body
        assert guardians.token_of(asked) not in str(event.payload)
        assert not aiko.notices.exists()  # the candidate does not read the link

    def test_another_address_withdraws_the_link_that_waits(self, aiko: Candidate, mailoutbox: list[Any]) -> None:
        first = ask(aiko)
        second = ask(aiko, "father@example.org")
        first.refresh_from_db()
        assert first.withdrawn_at == NOW
        assert second.withdrawn_at is None
        guardian_mail.on_guardian_asked(Event.objects.get(topic="candidates.guardian_asked", subject_id=first.id), NOW)
        assert mailoutbox == []
        with pytest.raises(Refused, match="CAND-05"):
            sign(first)
        assert not GuardianConsent.objects.exists()

    @pytest.mark.parametrize(
        ("_case", "changes", "email", "clause"),
        [
            ("of age today", {"born": day("2005-01-03")}, "hana@example.org", "CAND-05"),
            ("twelve for one more day", {"born": day("2010-01-04")}, "hana@example.org", "CAND-04"),
            ("the own address", {}, "AIKO@example.org", "CAND-05"),
        ],
    )
    def test_who_cannot_be_asked(
        self, aiko: Candidate, _case: str, changes: dict[str, Any], email: str, clause: str
    ) -> None:
        Candidate.objects.filter(id=aiko.id).update(**changes)
        with pytest.raises(Refused, match=clause):
            ask(aiko, email)
        assert not GuardianRequest.objects.exists()
        assert topics() == []

    def test_the_law_of_the_country_sets_the_age(self, aiko: Candidate) -> None:
        """CAND-06."""
        with BOOK.overlaid({"age.minimum_by_country": {"JP": 16}}), pytest.raises(Refused, match="CAND-06"):
            ask(aiko)
        Candidate.objects.filter(id=aiko.id).update(born=day("2012-01-02"))
        with BOOK.overlaid({"age.minimum_by_country": {"JP": 10}}):
            assert ask(aiko).email == "hana@example.org"

    def test_no_mailbox_is_filled_and_no_signature_asked_for_twice(self, aiko: Candidate) -> None:
        for number in range(5):
            ask(aiko, f"guardian{number}@example.org")
        with pytest.raises(Refused, match="CAND-05"):
            ask(aiko)
        tomorrow = NOW + timedelta(days=1)
        with clock.standing_at(tomorrow):
            sign(ask(aiko, now=tomorrow), now=tomorrow)
            with pytest.raises(Refused, match="CAND-05"):
                ask(aiko, "father@example.org", now=tomorrow)

    def test_only_the_own_link_is_withdrawn_and_once(self, aiko: Candidate, alice: Candidate) -> None:
        asked = ask(aiko)
        with pytest.raises(GuardianRequest.DoesNotExist):
            services.withdraw_guardian_request(candidate_id=alice.id, request_id=asked.id, now=NOW)
        for _each in range(2):
            services.withdraw_guardian_request(candidate_id=aiko.id, request_id=asked.id, now=NOW)
        assert topics() == ["candidates.guardian_asked", "candidates.guardian_request_withdrawn"]


class TestSigning:
    def test_it_is_kept_with_time_address_and_what_was_read_and_repeated_changes_nothing(self, aiko: Candidate) -> None:
        asked = ask(aiko)
        assert not may_be_tested(aiko)
        consents = {sign(asked).id, sign(asked, name="Somebody Else").id}

        (consent,) = GuardianConsent.objects.all()
        assert consents == {consent.id}
        assert (consent.guardian, consent.relation, consent.signed_on) == ("Hana Mori", "mother", NOW.date())
        assert "hana@example.org" in consent.evidence and "192.0.2.7" in consent.evidence
        asked.refresh_from_db()
        assert (asked.signed_at, asked.ip_address, asked.language_read) == (NOW, "192.0.2.7", "ja")
        assert asked.agreement is not None and asked.agreement.version == "1.0"
        assert may_be_tested(aiko)
        assert topics().count("candidates.guardian_consented") == 1

    @pytest.mark.parametrize(
        ("_case", "changes"),
        [
            ("no name", {"name": "  "}),
            ("not confirmed", {"confirmed": False}),
            ("the moment on which it expires", {"now": NOW + timedelta(days=14)}),
        ],
    )
    def test_it_is_refused(self, aiko: Candidate, _case: str, changes: dict[str, Any]) -> None:
        asked = ask(aiko)
        before = topics()
        with pytest.raises(Refused, match="CAND-05"):
            sign(asked, **changes)
        assert not GuardianConsent.objects.exists()
        assert topics() == before

    def test_the_last_moment_is_in_time(self, aiko: Candidate) -> None:
        assert sign(ask(aiko), now=NOW + timedelta(days=14, seconds=-1)).guardian == "Hana Mori"

    def test_nobody_signs_for_themselves_nor_for_whoever_is_of_age(self, aiko: Candidate) -> None:
        asked = ask(aiko)
        with pytest.raises(Refused, match="CAND-05"):
            sign(asked, user_id=aiko.user_id)
        Candidate.objects.filter(id=aiko.id).update(born=day("2005-01-03"))
        with pytest.raises(Refused, match="CAND-05"):
            sign(asked)
        assert not GuardianConsent.objects.exists()

    def test_a_forged_or_altered_link_is_no_link(self, aiko: Candidate) -> None:
        asked = ask(aiko)
        for token in (asked.nonce, f"{asked.nonce}.AAAA", guardians.token_of(asked)[:-1], guardians.SIGNER.sign("x")):
            with pytest.raises(GuardianRequest.DoesNotExist):
                sign(asked, token=token)
        assert not GuardianConsent.objects.exists()

    def test_taken_back_it_counts_no_more_and_the_link_has_served(self, aiko: Candidate) -> None:
        asked = ask(aiko)
        token = guardians.token_of(asked)
        with pytest.raises(Refused, match="CAND-05"):
            services.take_back_as_guardian(token=token, now=NOW)
        sign(asked)
        later = NOW + timedelta(days=100)  # also when the link could not be signed any more
        for _each in range(2):
            services.take_back_as_guardian(token=token, now=later)
        assert not may_be_tested(aiko)
        assert topics().count("candidates.guardian_consent_withdrawn") == 1
        with pytest.raises(Refused, match="CAND-05"):
            sign(asked)
        assert sign(ask(aiko)).withdrawn_at is None
        assert may_be_tested(aiko)

    def test_of_age_nothing_is_taken_back(self, aiko: Candidate) -> None:
        asked = ask(aiko)
        sign(asked)
        with pytest.raises(Refused, match="CAND-05"):
            services.take_back_as_guardian(token=guardians.token_of(asked), now=noon("2028-01-02"))
        assert GuardianConsent.objects.get().withdrawn_at is None

    @pytest.mark.parametrize(
        "change",
        [{"signed_at": NOW}, {"expires_at": NOW}, {"language_read": "ja"}],
        ids=lambda each: next(iter(each)),
    )
    def test_the_database_refuses(self, aiko: Candidate, change: dict[str, Any]) -> None:
        asked = ask(aiko)
        with pytest.raises(IntegrityError), transaction.atomic():
            GuardianRequest.objects.filter(id=asked.id).update(**change)


class TestPages:
    def test_a_minor_asks_sees_its_state_and_withdraws(self, client: Client, aiko: Candidate, alice: Candidate) -> None:
        assert "nobody has signed" in text_of(client.get(STANDING))
        refused = client.post(ASK, {"email": aiko.email, "language": "ja"})
        assert refused.status_code == HTTPStatus.CONFLICT
        assert "nobody signs for themselves" in text_of(refused)
        assert client.post(ASK, {"email": "nobody", "language": "ja"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        for _each in range(2):
            assert client.post(ASK, {"email": "hana@example.org", "language": "ja"})["Location"] == ASK
        asked = GuardianRequest.objects.get()
        assert "asked for at hana@example.org; the link works until 17 January 2023" in text_of(client.get(STANDING))
        page = client.get(ASK)
        assert "waits for the signature" in text_of(page)
        assert asked.nonce not in page.text
        withdraw = reverse("candidates:withdraw_guardian_request", args=[asked.id])
        stranger = Client()
        stranger.force_login(alice.user)
        assert stranger.post(withdraw).status_code == HTTPStatus.NOT_FOUND
        client.post(withdraw)
        asked.refresh_from_db()
        assert asked.withdrawn_at == NOW

    def test_the_guardian_reads_signs_and_takes_back_without_an_account(self, aiko: Candidate, client: Client) -> None:
        asked, guardian = ask(aiko), Client()
        link = link_of(asked)
        page = guardian.get(link)
        assert '<html lang="ja">' in page.text and "秘密を守る。" in page.text and "Aiko Mori" in page.text
        assert page["X-Robots-Tag"] == "noindex" and "no-store" in page["Cache-Control"]
        assert "Keep it secret." in guardian.get(link, {"language": "en"}).text
        assert aiko.email not in page.text and "2010" not in page.text

        unsigned = guardian.post(f"{link}?language=en", SIGNATURE | {"name": ""})
        assert unsigned.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "Type your full name." in text_of(unsigned)
        replaced = guardian.post(f"{link}?language=en", SIGNATURE | {"version": "0.9"}, follow=True)
        assert "This is the new version." in text_of(replaced)
        own = client.post(f"{link}?language=en", SIGNATURE)
        assert "You are signed in as the candidate" in text_of(own)
        assert not GuardianConsent.objects.exists()
        for _each in range(2):
            signed = guardian.post(f"{link}?language=en", SIGNATURE, follow=True)
            assert "Hana Mori signed on 3 January 2023, 12:00 UTC" in text_of(signed)
        assert GuardianConsent.objects.count() == 1
        assert "Hana Mori, 3 January 2023" in text_of(client.get(STANDING))

        back = reverse("guardian_take_back", args=[guardians.token_of(asked)])
        assert "The signature is taken back" in text_of(guardian.post(f"{back}?language=en", follow=True))
        assert not may_be_tested(aiko)

    @pytest.mark.parametrize(
        ("state", "says"),
        [("expired", "The link expired on"), ("withdrawn", "The link was withdrawn"), ("of age", "is of age")],
    )
    def test_what_cannot_be_signed_says_so_and_has_no_form(self, aiko: Candidate, state: str, says: str) -> None:
        asked = ask(aiko)
        if state == "expired":
            GuardianRequest.objects.update(asked_at=NOW - timedelta(days=15), expires_at=NOW)
        elif state == "withdrawn":
            GuardianRequest.objects.update(withdrawn_at=NOW)
        else:
            Candidate.objects.filter(id=aiko.id).update(born=day("2005-01-03"))
        guardian = Client()
        page = guardian.get(link_of(asked), {"language": "en"})
        assert says in text_of(page)
        assert 'name="confirmed"' not in page.text
        assert guardian.post(link_of(asked), SIGNATURE).status_code == HTTPStatus.CONFLICT
        assert not GuardianConsent.objects.exists()

    def test_unknown_links_are_all_told_alike_and_soon_too_many(self, aiko: Candidate) -> None:
        asked, guardian = ask(aiko), Client()
        token = guardians.token_of(asked)
        never = guardians.SIGNER.sign("never")
        answers = [guardian.get(reverse("guardian", args=[each])) for each in (f"{token}x", "anything", never)]
        assert {each.status_code for each in answers} == {HTTPStatus.NOT_FOUND}
        assert len({text_of(each) for each in answers}) == 1
        assert guardian.post(reverse("guardian_take_back", args=["anything"])).status_code == HTTPStatus.NOT_FOUND
        with CaptureQueriesContext(connection) as asked_for:
            guardian.get(reverse("guardian", args=["anything"]))
        assert len(asked_for) == 0
        for _each in range(40):
            answer = guardian.get(reverse("guardian", args=["anything"]))
        assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        assert int(answer["Retry-After"]) > 0
        assert guardian.get(link_of(asked)).status_code == HTTPStatus.TOO_MANY_REQUESTS

    def test_it_asks_the_same_whatever_the_number_of_links(self, client: Client, aiko: Candidate) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as asked_for:
                client.get(ASK)
            return len(asked_for)

        ask(aiko)
        few = count()
        for number in range(4):
            ask(aiko, f"guardian{number}@example.org")
        assert count() == few

    def test_nobody_else_asks(self, aiko: Candidate, bob: Any) -> None:
        visitor = Client()
        assert "/accounts/login/" in visitor.post(ASK, {"email": "x@example.org", "language": "en"})["Location"]
        visitor.force_login(bob.user)
        assert visitor.post(ASK, {"email": "x@example.org", "language": "en"})["Location"] == reverse("candidates:link")
        assert not GuardianRequest.objects.exists()


def test_staff_ask_for_a_candidate_and_withdraw(aiko: Candidate, dan: User) -> None:
    desk = Client()
    desk.force_login(dan)
    asking = f"/admin/candidates/candidate/{aiko.id}/ask-guardian/"
    assert desk.post(asking, {"email": aiko.email, "language": "ja"}).status_code == HTTPStatus.CONFLICT
    assert desk.post(asking, {"email": "hana@example.org", "language": "ja"}).status_code == HTTPStatus.FOUND
    asked = GuardianRequest.objects.get()
    assert asked.asked_by == dan
    shown = desk.get(f"/admin/candidates/guardianrequest/{asked.id}/change/")
    assert "hana@example.org" in shown.text and asked.nonce not in shown.text
    desk.post(f"/admin/candidates/guardianrequest/{asked.id}/withdraw/")
    asked.refresh_from_db()
    assert asked.withdrawn_at == NOW
