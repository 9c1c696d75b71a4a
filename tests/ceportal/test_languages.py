"""Which language a page speaks, and that a page which speaks Japanese does so in every sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, trans_real

from candidates import guardian_mail, guardians, services
from candidates.models import Candidate, Certification
from ceportal import translating
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW
from tests.factories import day

pytestmark = pytest.mark.django_db
AGREEMENTS, PROFILE, ENROLL = (
    reverse(name) for name in ("candidates:agreements", "candidates:profile", "credits:enroll")
)
DASHBOARD = reverse("credits:dashboard")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    """Alice, who chose Japanese."""
    services.choose_language(candidate_id=alice.id, language="ja", now=NOW)
    client.force_login(alice.user)
    return client


@pytest.fixture
def untranslated(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sentences that were said in Japanese without being translated."""
    missing: set[str] = set()

    def heard(real: Callable[..., str]) -> Callable[..., str]:
        def say(*words: Any) -> str:
            if get_language() == "ja" and str(words[0]).strip():
                known = trans_real.translation("ja")
                key = (words[0], known.plural(words[2])) if len(words) > 1 else words[0]
                if known._catalog.get(key) is None:
                    missing.add(str(words[0]))
            return real(*words)

        return say

    for name in ("gettext", "ngettext"):
        monkeypatch.setattr(translation._trans, name, heard(getattr(trans_real, name)))
    return missing


def text_to_accept(kind: str, version: str = "1.0", **other: Any) -> None:
    agreement = factories.AgreementFactory.create(kind=kind, version=version, **other)
    services.translate_agreement(
        agreement_id=agreement.id, language="ja", title="規約", text="本文", staff_id=None, now=NOW
    )


def test_the_compiled_translations_are_those_of_the_source() -> None:
    assert translating.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ('msgid "a"\nmsgstr "b"\n', {"a": "b"}),
        ('msgid ""\n"a"\n"c"\nmsgstr ""\n"b\\n"\n"d"\n', {"ac": "b\nd"}),
        ('msgid "a"\nmsgstr ""\n', {}),
        ('msgctxt "x"\nmsgid "a"\nmsgstr "b"\n', {"x\x04a": "b"}),
        ('msgid "a"\nmsgid_plural "as"\nmsgstr[0] "b"\n', {"a\x00as": "b"}),
        ('# note\nmsgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr "d"\n', {"a": "b", "c": "d"}),
    ],
)
def test_a_source_is_read(source: str, messages: dict[str, str]) -> None:
    assert translating.read(source) == messages
    with pytest.raises(ValueError, match="twice"):
        translating.read(source * 2)


class TestChoosing:
    def test_the_record_s_language_is_spoken_on_pages_that_have_it(self, me: Client) -> None:
        assert '<html lang="ja">' in me.get(AGREEMENTS).text
        assert '<html lang="en">' in me.get(DASHBOARD).text
        assert get_language() == "en"

    def test_the_switch_changes_the_record_once(self, me: Client, alice: Candidate) -> None:
        for _each in range(2):
            answer = me.post(reverse("set_language"), {"language": "en", "next": AGREEMENTS})
            assert answer["Location"] == AGREEMENTS
        alice.refresh_from_db()
        assert alice.language == "en"
        assert '<html lang="en">' in me.get(AGREEMENTS).text
        assert Event.objects.filter(topic="candidates.contact_changed").count() == 2  # to Japanese, and back

    def test_visitors_choose_too_and_unknown_languages_change_nothing(self, client: Client) -> None:
        text_to_accept("terms")
        page = reverse("candidates:agreement", args=["terms", "1.0"])
        assert '<html lang="ja">' in client.get(page, headers={"Accept-Language": "ja"}).text
        client.post(reverse("set_language"), {"language": "tlh", "next": page})
        assert '<html lang="en">' in client.get(page).text
        client.post(reverse("set_language"), {"language": "ja", "next": page})
        assert '<html lang="ja">' in client.get(page).text

    def test_it_leads_to_no_other_house(self, client: Client) -> None:
        answer = client.post(reverse("set_language"), {"language": "ja", "next": "https://elsewhere.example/"})
        assert answer["Location"] == "/"
        assert client.get(reverse("set_language")).status_code == 405


def test_every_sentence_about_a_guardian_is_japanese(me: Client, alice: Candidate, untranslated: set[str]) -> None:
    text_to_accept("agreement")
    Candidate.objects.filter(id=alice.id).update(born=day("2006-01-02"))
    asking, guardian = reverse("candidates:guardian"), Client()
    me.post(asking, {"email": alice.email, "language": "ja"})
    me.post(asking, {"email": "parent@example.org", "language": "ja"}, follow=True)
    asked = alice.guardian_requests.get()
    guardian_mail.on_guardian_asked(Event.objects.get(topic="candidates.guardian_asked"), NOW)
    link = reverse("guardian", args=[guardians.token_of(asked)])
    guardian.get(link)
    guardian.get(reverse("guardian", args=["nothing"]), headers={"Accept-Language": "ja"})
    me.post(link, {"version": "1.0"})
    signature = {"version": "1.0", "language": "ja", "name": "保護者", "confirmed": "on"}
    assert "さんが署名しました" in guardian.post(link, signature, follow=True).text
    me.get(asking)
    me.post(asking, {"email": "other@example.org", "language": "ja"})
    guardian.post(reverse("guardian_take_back", args=[guardians.token_of(asked)]), follow=True)
    guardian.post(link, signature)
    me.get(asking)
    assert sorted(untranslated) == []


def test_every_sentence_of_these_pages_is_japanese(me: Client, alice: Candidate, untranslated: set[str]) -> None:
    pages.certify(alice)
    factories.CertificationFactory.create(
        candidate=alice, track=factories.TrackFactory.create(), status=Certification.Status.EMERITUS
    )
    for kind in ("terms", "agreement", "recording"):
        text_to_accept(kind)
    me.get(ENROLL)
    me.post(ENROLL, {"version": "1.0"})
    me.post(ENROLL, {"version": "1.0", "language": "ja", "accept": "on"})
    assert alice.acceptances.get().language == "ja"
    me.get(ENROLL)
    text_to_accept("terms", "2.0", effective_on=day("2021-05-04"))
    text_to_accept("agreement", "3.0", effective_on=day("2021-06-01"))
    me.get(ENROLL)
    me.post(AGREEMENTS, {"kind": "agreement", "version": "1.0", "language": "ja"})
    me.post(AGREEMENTS, {"kind": "agreement", "version": "1.0", "language": "ja", "accept": "on"}, follow=True)
    me.get(PROFILE)
    me.post(PROFILE, {"email": "nobody"})
    for version in ("1.0", "3.0"):
        assert '<html lang="ja">' in me.get(reverse("candidates:agreement", args=["agreement", version])).text
    assert sorted(untranslated) == []
