"""Wordings of official messages: whole in every language, shown by samples, reviewed by staff (CE-13)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django.template import engines
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real

from candidates import services, wordings
from candidates.models import Candidate, Notice, User, WordingReview
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.story import noon, refused_with

NOW = noon("2026-05-04")
LIST = "/admin/candidates/wordingreview/"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
PAGE = reverse("admin:candidates_wording", args=["renewed", "ja"])


# ── What the files hold ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", wordings.kinds())
def test_every_sentence_of_every_kind_has_its_japanese(kind: str) -> None:
    """CE-13: a kind without a Japanese text, or with a half of one, fails here."""
    sentences = list(wordings.sentences(kind))
    assert sentences
    assert [each for each in sentences if wordings.translation_of(each, "ja") in {None, each}] == []


def test_a_kind_without_a_japanese_text_would_be_found() -> None:
    assert wordings.translation_of("Nobody has translated this.", "ja") is None


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sentences that were said, whatever the language."""
    said: set[str] = set()

    def hear(real: Callable[..., str]) -> Callable[..., str]:
        def say(*words: Any) -> str:
            said.add(str(words[0]))
            return real(*words)

        return say

    for name in ("gettext", "ngettext"):
        monkeypatch.setattr(translation._trans, name, hear(getattr(trans_real, name)))
    return said


@pytest.fixture
def _no_gaps() -> Iterator[None]:
    """What a sample does not give shows as a gap."""
    engine = engines["django"].engine
    engine.string_if_invalid = "[gap]"
    yield
    engine.string_if_invalid = ""


@pytest.mark.usefixtures("_no_gaps")
@pytest.mark.parametrize("kind", wordings.kinds())
def test_samples_show_every_sentence_without_a_gap(kind: str, heard: set[str]) -> None:
    for sample in wordings.samples(kind):
        for language, _name in wordings.LANGUAGES:
            subject, body = wordings.render(kind, language, sample.context)
            assert subject
            assert body.strip()
            assert "[gap]" not in subject + body, sample.case
            assert bool(JAPANESE.search(subject)) == (language == "ja")
            assert "%(" not in subject + body
    assert set(wordings.sentences(kind)) - heard == set()


def test_statuses_and_dates_are_said_in_the_language_of_the_message() -> None:
    (sample,) = wordings.samples("renewal_reversed")
    assert (
        "is active; its active period ends on 20 May 2027"
        in wordings.render("renewal_reversed", "en", sample.context)[1]
    )
    assert (
        "状態は「有効」です。有効期間の終わりは2027年5月20日です"
        in wordings.render("renewal_reversed", "ja", sample.context)[1]
    )
    assert translation.get_language() == "en"


@pytest.mark.django_db
def test_who_reads_japanese_is_written_to_in_japanese(alice: Candidate) -> None:
    services.change_contact(
        candidate_id=alice.id, email=alice.email, time_zone="Asia/Tokyo", billing_country="", language="ja", now=NOW
    )
    alice.refresh_from_db()
    (sample,) = wordings.samples("fee_due")
    notice = services.compose_notice(
        candidate=alice, kind="fee_due", key="fee_due:1", context={**sample.context, "candidate": alice}, now=NOW
    )
    assert notice is not None
    assert (notice.language, notice.subject) == ("ja", "あと一つです：管理手数料のお支払い")  # noqa: RUF001 - Japanese
    assert f"{alice.name} 様" in notice.body
    assert Notice.objects.get() == notice


# ── Reviews ───────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    client.force_login(dan)
    return client


def digest(kind: str = "renewed", language: str = "ja") -> str:
    return wordings.wording_of(kind, language).digest


@pytest.mark.django_db
class TestReviews:
    def review(self, dan: User, **changes: Any) -> WordingReview | None:
        asked = {"kind": "renewed", "language": "ja", "digest": digest(), "staff_id": dan.pk, "now": NOW}
        return services.review_wording(**asked | changes)

    def test_a_version_is_reviewed_once(self, dan: User) -> None:
        review = self.review(dan)
        assert review is not None
        assert (review.reviewed_by, review.reviewed_at, review.digest) == (dan, NOW, digest())
        assert self.review(dan) is None
        assert Event.objects.get(topic="candidates.wording_reviewed").payload["language"] == "ja"

    def test_what_was_not_read_is_not_reviewed(self, dan: User) -> None:
        with pytest.raises(Refused) as refusal:
            self.review(dan, digest="0" * 64)
        assert refused_with(refusal.value) == ("CE-13",)
        with pytest.raises(KeyError):
            self.review(dan, kind="none")
        assert not WordingReview.objects.exists()
        assert not Event.objects.exists()

    def test_a_review_stays_as_it_is(self, dan: User) -> None:
        self.review(dan)
        for change in (lambda: WordingReview.objects.update(kind="x"), lambda: WordingReview.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()

    def test_what_is_changed_waits_again(self, desk: Client, dan: User, monkeypatch: pytest.MonkeyPatch) -> None:
        """A template that changes has another digest, and so has a translation; the other language stays reviewed."""
        self.review(dan, language="en", digest=digest("renewed", "en"))
        self.review(dan)
        assert "reviewed on 4 May 2026 by" in desk.get(PAGE).text
        real = wordings.translation_of

        def changed(sentence: str, language: str) -> str | None:
            return f"{real(sentence, language)}!" if language == "ja" else real(sentence, language)

        monkeypatch.setattr(wordings, "translation_of", changed)
        wordings.wording_of.cache_clear()
        try:
            assert "changed since its review on 4 May 2026" in desk.get(PAGE).text
            assert (
                "reviewed on 4 May 2026 by"
                in desk.get(reverse("admin:candidates_wording", args=["renewed", "en"])).text
            )
        finally:
            wordings.wording_of.cache_clear()


@pytest.mark.django_db
class TestPages:
    def test_all_kinds_with_their_states(self, desk: Client) -> None:
        with CaptureQueriesContext(connection) as queries:
            page = desk.get(LIST).text
        assert len(queries) <= 8
        assert f"{2 * len(wordings.kinds())} wordings wait for a review." in page
        assert "templates/notices/" in page
        for kind in wordings.kinds():
            for language, _name in wordings.LANGUAGES:
                assert reverse("admin:candidates_wording", args=[kind, language]) in page

    def test_a_wording_is_read_and_reviewed(self, desk: Client, dan: User) -> None:
        page = desk.get(PAGE).text
        assert "認定が更新されました" in page
        assert digest() in page
        frame = desk.get(reverse("admin:candidates_wording_html", args=["renewed", "ja", 0]))
        assert '<html lang="ja">' in frame.text
        assert frame["X-Frame-Options"] == "SAMEORIGIN"
        assert frame["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert desk.post(PAGE, {"digest": "old"}).status_code == 409
        assert not WordingReview.objects.exists()
        assert desk.post(PAGE, {"digest": digest()}).status_code == 302
        assert WordingReview.objects.get().reviewed_by == dan
        page = desk.get(PAGE).text
        assert "the present one" in page
        assert "I have read it" not in page

    @pytest.mark.parametrize("where", [("none", "ja"), ("renewed", "de")])
    def test_what_there_is_not(self, desk: Client, where: tuple[str, str]) -> None:
        assert desk.get(reverse("admin:candidates_wording", args=where)).status_code == 404
        assert desk.get(reverse("admin:candidates_wording_html", args=[*where, 0])).status_code == 404
        assert desk.get(reverse("admin:candidates_wording_html", args=["renewed", "ja", 99])).status_code == 404

    def test_who_may_only_look_reviews_nothing(self, client: Client, alice: Candidate) -> None:
        clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
        client.force_login(clerk)
        html = reverse("admin:candidates_wording_html", args=["renewed", "ja", 0])
        assert {client.get(url).status_code for url in (LIST, PAGE, html)} == {403}
        clerk.user_permissions.add(Permission.objects.get(codename="view_wordingreview"))
        assert client.get(LIST).status_code == 200
        assert "I have read it" not in client.get(PAGE).text
        assert client.post(PAGE, {"digest": digest()}).status_code == 403
        client.force_login(alice.user)
        assert {client.get(url).status_code for url in (LIST, PAGE, html)} <= {302, 403}
        assert not WordingReview.objects.exists()
