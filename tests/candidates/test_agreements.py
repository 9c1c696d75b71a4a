"""Texts to accept: drafted, translated, published, asked for again; the page that lists them (CE-05, CAND-01)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import queries, rules, services
from candidates.models import Acceptance, Agreement, AgreementTranslation, Candidate, Certification, User
from candidates.rules import Asked
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from emeritus.services import import_emeritus
from exams.may_sit import may_sit
from tests import factories
from tests.credits.pages import text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2026-05-04")
PAGE = reverse("candidates:agreements")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


@pytest.fixture
def signed() -> Agreement:
    """The agreement in its first version, in English and Japanese."""
    version = factories.AgreementFactory.create(kind="agreement", title="Agreement", text="Keep it secret.")
    AgreementTranslation.objects.create(agreement=version, language="ja", title="契約", text="秘密を守る。")
    return version


def second(kind: str = "agreement", *, on: str = "2026-05-04") -> Agreement:
    return factories.AgreementFactory.create(kind=kind, version="2.0", text="Newer words.", effective_on=day(on))


def accept(candidate: Candidate, kind: str = "agreement", **other: Any) -> Acceptance:
    return services.accept_agreement(candidate_id=candidate.id, kind=kind, ip_address="192.0.2.1", now=NOW, **other)


def topics() -> list[str]:
    return list(Event.objects.order_by("id").values_list("topic", flat=True))


class TestVersions:
    def test_a_draft_is_nobody_s_until_it_is_published_for_a_day_to_come(self, signed: Agreement, dan: User) -> None:
        draft = services.draft_agreement(
            kind="agreement", version="2.0", title="Agreement", text="New.", effective_on=day("2026-05-04")
        )
        assert queries.current_agreement("agreement", day("2026-05-05")) == signed
        with pytest.raises(Refused, match="CAND-01"):
            services.publish_agreement(agreement_id=draft.id, staff_id=dan.id, now=NOW)
        assert topics() == []

        Agreement.objects.filter(id=draft.id).update(effective_on=day("2026-05-05"))
        for _each in range(2):
            services.publish_agreement(agreement_id=draft.id, staff_id=dan.id, now=NOW)
        draft.refresh_from_db()
        assert (draft.published_at, draft.published_by) == (NOW, dan)
        assert queries.current_agreement("agreement", day("2026-05-04")) == signed
        assert queries.current_agreement("agreement", day("2026-05-05")) == draft
        assert topics() == ["candidates.agreement_published"]

    def test_the_first_of_its_kind_comes_into_force_at_once(self, dan: User) -> None:
        draft = services.draft_agreement(
            kind="recording", version="1", title="Recording", text="Words.", effective_on=day("2026-05-04")
        )
        services.publish_agreement(agreement_id=draft.id, staff_id=dan.id, now=NOW)
        assert queries.current_agreement("recording", day("2026-05-04")) == draft

    def test_no_words_are_published(self, dan: User) -> None:
        draft = services.draft_agreement(
            kind="recording", version="1", title="Recording", text=" ", effective_on=day("2026-05-05")
        )
        with pytest.raises(Refused, match="LAB-02"):
            services.publish_agreement(agreement_id=draft.id, staff_id=dan.id, now=NOW)

    def test_a_language_is_added_once_also_to_a_published_version(self, signed: Agreement, dan: User) -> None:
        version = second()
        words: dict[str, Any] = {"title": "契約", "text": "新しい。", "staff_id": dan.id, "now": NOW}
        services.translate_agreement(agreement_id=version.id, language="ja", **words)
        for again in ("ja", "en"):
            with pytest.raises(Refused, match="CAND-01"):
                services.translate_agreement(agreement_id=version.id, language=again, **words)
        assert version.translations.count() == 1
        assert topics() == ["candidates.agreement_translated"]
        assert version.words_in("ja").title == "契約"
        assert version.words_in("fr").language == "en"
        assert signed.words_in("ja").text == "秘密を守る。"

    @pytest.mark.parametrize(
        "change",
        [
            lambda: Agreement.objects.update(text="Other words."),
            lambda: Agreement.objects.update(effective_on=day("2030-01-01")),
            lambda: Agreement.objects.update(published_at=None),
            lambda: AgreementTranslation.objects.update(text="別の言葉"),
            lambda: AgreementTranslation.objects.all().delete(),
            lambda: AgreementTranslation.objects.update(language="en"),
        ],
    )
    def test_the_database_refuses_another_word_in_what_is_published(self, signed: Agreement, change: Any) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
        signed.refresh_from_db()
        assert signed.words["ja"].text == "秘密を守る。"

    def test_a_draft_is_edited_and_dropped(self) -> None:
        draft = factories.AgreementFactory.create(published_at=None)
        AgreementTranslation.objects.create(agreement=draft, language="ja", title="規約", text="草案")
        AgreementTranslation.objects.update(text="新しい草案")
        AgreementTranslation.objects.all().delete()
        Agreement.objects.update(text="Better.")
        Agreement.objects.all().delete()
        assert not Agreement.objects.exists()


class TestAccepting:
    def test_moment_address_and_the_language_read_are_kept(self, alice: Candidate, signed: Agreement) -> None:
        for language in ("ja", "en"):
            accept(alice, language=language)
        kept = Acceptance.objects.get()
        assert (kept.agreement, kept.accepted_at, kept.ip_address, kept.language) == (signed, NOW, "192.0.2.1", "ja")
        assert topics() == ["candidates.agreement_accepted"]

    def test_a_language_without_words_is_english(self, alice: Candidate, signed: Agreement) -> None:
        assert accept(alice, language="fr").language == "en"

    def test_one_that_others_tell_of_names_no_language(self, alice: Candidate, signed: Agreement) -> None:
        assert accept(alice).language == ""


@pytest.mark.parametrize(
    ("_case", "facts", "state"),
    [
        ("the version in force", {"accepted": True}, Asked.ACCEPTED),
        ("a version before it", {"accepted_before": True}, Asked.WAITS),
        ("nothing, and nothing held", {}, Asked.LATER),
        ("nothing, an active holder", {"holds": {"active"}}, Asked.WAITS),
        ("nothing, in Emeritus (EMR-17)", {"holds": {"lifetime_emeritus"}}, Asked.WAITS),
        ("nothing, and all is over", {"holds": {"inactive", "revoked"}}, Asked.LATER),
        ("no terms, an active holder", {"kind": "terms", "holds": {"active"}}, Asked.LATER),
    ],
)
def test_who_is_asked(_case: str, facts: dict[str, Any], state: Asked) -> None:
    known: dict[str, Any] = {"kind": "agreement", "accepted": False, "accepted_before": False, **facts}
    assert rules.asked(rules.AskingFacts(**known)) == state


@pytest.mark.parametrize(
    ("holds", "clause"),
    [
        ({"emeritus"}, "EMR-17"),
        ({"lifetime_emeritus", "inactive"}, "EMR-17"),
        ({"emeritus", "active"}, "CAND-01"),
        ({"suspended"}, "CAND-01"),
        ({"inactive"}, None),
    ],
)
def test_whom_the_agreement_binds(holds: set[str], clause: str | None) -> None:
    """EMR-17: holders in Emeritus stay bound."""
    for accepted in (True, False):
        finding = rules.assess_bound(holds=holds, accepted=accepted, version="1.0")
        assert (finding.clause if finding else None) == clause
        assert finding is None or finding.met == accepted


class TestThePage:
    def test_it_lists_what_was_accepted_and_asks_for_a_new_version(
        self, me: Client, alice: Candidate, signed: Agreement
    ) -> None:
        accept(alice, language="ja")
        page = text_of(me.get(PAGE))
        assert "accepted on 4 May 2026, 12:00 UTC, from 192.0.2.1, read in Japanese" in page
        assert "text waits for you" not in page
        second()

        page = text_of(me.get(PAGE))
        assert "1 text waits for you" in page
        assert "Newer words." in page
        assert "Version 1.0 accepted on 4 May 2026" in page
        sent = {"kind": "agreement", "version": "2.0", "language": "en"}
        assert me.post(PAGE, sent).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert alice.acceptances.count() == 1
        for _each in range(2):
            assert me.post(PAGE, sent | {"accept": "on"}).status_code == HTTPStatus.FOUND
        kept = alice.acceptances.get(agreement__version="2.0")
        assert (kept.language, kept.ip_address, kept.accepted_at) == ("en", "127.0.0.1", NOW)
        assert "text waits for you" not in text_of(me.get(PAGE))

    def test_what_was_replaced_or_is_not_asked_for_is_not_accepted_here(
        self, me: Client, alice: Candidate, signed: Agreement
    ) -> None:
        sent = {"kind": "agreement", "version": "1.0", "language": "en", "accept": "on"}
        assert "It is asked for where it is needed." in text_of(me.post(PAGE, sent, follow=True))
        accept(alice)
        second()
        assert "This is the new version." in text_of(me.post(PAGE, sent, follow=True))
        assert alice.acceptances.count() == 1

    def test_a_holder_in_emeritus_stays_bound(self, me: Client, alice: Candidate, signed: Agreement) -> None:
        """EMR-17."""
        factories.CertificationFactory.create(candidate=alice, status=Certification.Status.LIFETIME_EMERITUS)
        page = text_of(me.get(PAGE))
        assert "In Emeritus you stay bound, and version 1.0 of the agreement waits for your signature. EMR-17" in page
        accept(alice)
        assert "In Emeritus you stay bound by the agreement (version 1.0)" in text_of(me.get(PAGE))
        second()
        assert "version 2.0 of the agreement waits" in text_of(me.get(PAGE))

    def test_the_page_of_emeritus_says_so_too(self, me: Client, alice: Candidate, signed: Agreement) -> None:
        """EMR-17."""
        expert = factories.TrackFactory.create(code="ccie-security")
        import_emeritus(
            candidate_id=alice.id,
            track_code=expert.code,
            certified_on=day("2010-01-01"),
            until=day("2026-12-01"),
            now=NOW,
        )
        address = reverse("emeritus:page")
        assert "In Emeritus you stay bound, and version 1.0" in text_of(me.get(address))
        accept(alice)
        assert "In Emeritus you stay bound by the agreement (version 1.0)" in text_of(me.get(address))

    def test_what_comes_is_announced(self, me: Client, signed: Agreement) -> None:
        second(on="2026-07-01")
        assert "Next version 2.0, from 1 July 2026" in text_of(me.get(PAGE))

    def test_it_asks_the_same_whatever_the_number_of_versions(
        self, me: Client, alice: Candidate, signed: Agreement
    ) -> None:
        def asked() -> int:
            with CaptureQueriesContext(connection) as counted:
                me.get(PAGE)
            return len(counted)

        accept(alice)
        few = asked()
        for number in range(3, 8):
            factories.AgreementFactory.create(
                kind="agreement", version=f"{number}", effective_on=NOW.date() - timedelta(days=number)
            )
        assert asked() == few

    def test_nobody_else_sees_it(self, client: Client, bob: Any) -> None:
        assert "/accounts/login/" in client.get(PAGE)["Location"]
        client.force_login(bob.user)
        assert client.get(PAGE)["Location"] == reverse("candidates:link")


class TestTheText:
    def test_anybody_reads_and_prints_it_in_each_language(self, client: Client, signed: Agreement) -> None:
        address = reverse("candidates:agreement", args=["agreement", "1.0"])
        assert "Keep it secret." in client.get(address).text
        assert "秘密を守る。" in client.get(address, {"language": "ja"}).text
        assert "秘密を守る。" in client.get(address, headers={"Accept-Language": "ja"}).text
        assert "Keep it secret." in client.get(address, {"language": "tlh"}).text

    def test_a_draft_is_seen_by_staff_alone(self, client: Client, me: Client, dan: User) -> None:
        factories.AgreementFactory.create(published_at=None)
        address = reverse("candidates:agreement", args=["terms", "1.0"])
        assert me.get(address).status_code == HTTPStatus.NOT_FOUND
        client.force_login(dan)
        assert "nobody is asked for it yet" in client.get(address).text


def test_may_sit_says_that_the_agreement_is_asked_for(alice: Candidate, signed: Agreement) -> None:
    """CAND-01: it is asked for at the exam, a new version again, and refuses nobody beforehand."""
    exam = factories.ExamFactory.create(number="350-701")

    def said() -> str:
        decision = may_sit(candidate_id=alice.id, exam_number=exam.number, day=NOW.date()).decision
        assert decision.granted
        found = [each for each in decision.findings if each.clause == "CAND-01"]
        return found[0].sentence % found[0].facts

    assert said().startswith("Version 1.0 of the agreement is asked for")
    accept(alice)
    assert said() == "You have signed the agreement that is in force, version 1.0."
    second()
    assert said().startswith("Version 2.0 of the agreement is asked for")


class TestTheDesk:
    @pytest.fixture
    def desk(self, dan: User) -> Client:
        client = Client()
        client.force_login(dan)
        return client

    def test_staff_draft_translate_look_and_publish(self, desk: Client, signed: Agreement) -> None:
        entered = {
            "kind": "agreement",
            "version": "2.0",
            "title": "Agreement",
            "text": "Newer words.",
            "effective_on": "2026-06-01",
            "translations-TOTAL_FORMS": "0",
            "translations-INITIAL_FORMS": "0",
        }
        assert desk.post("/admin/candidates/agreement/add/", entered).status_code == HTTPStatus.FOUND
        draft = Agreement.objects.get(version="2.0")
        assert draft.published_at is None
        page = f"/admin/candidates/agreement/{draft.id}"
        words = {"language": "ja", "title": "契約", "text": "新しい。"}
        assert desk.post(f"{page}/translate/", words).status_code == HTTPStatus.FOUND
        assert desk.post(f"{page}/translate/", words).status_code == HTTPStatus.CONFLICT
        preview = desk.get(f"{page}/preview/", follow=True)
        assert "nobody is asked for it yet" in preview.text and "日本語" in preview.text
        assert desk.post(f"{page}/publish/").status_code == HTTPStatus.FOUND
        draft.refresh_from_db()
        assert draft.published_at == NOW
        assert desk.post(f"{page}/change/", entered | {"text": "Other."}).status_code == HTTPStatus.FORBIDDEN
        assert desk.get(f"{page}/change/").status_code == HTTPStatus.OK

    def test_a_day_that_has_begun_is_refused_with_its_reason(self, desk: Client, signed: Agreement) -> None:
        draft = factories.AgreementFactory.create(
            kind="agreement", version="2.0", effective_on=NOW.date(), published_at=None
        )
        refused = desk.post(f"/admin/candidates/agreement/{draft.id}/publish/")
        assert refused.status_code == HTTPStatus.CONFLICT
        assert "Let it come into force tomorrow or later." in text_of(refused)

    def test_whoever_may_only_look_publishes_nothing(self, signed: Agreement) -> None:
        draft = factories.AgreementFactory.create(
            kind="agreement", version="2.0", effective_on=day("2026-06-01"), published_at=None
        )
        clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_agreement"))
        reader = Client()
        reader.force_login(clerk)
        for act in ("publish", "translate"):
            answer = reader.post(f"/admin/candidates/agreement/{draft.id}/{act}/", {"language": "ja", "title": "x"})
            assert answer.status_code == HTTPStatus.FORBIDDEN
        draft.refresh_from_db()
        assert draft.published_at is None
