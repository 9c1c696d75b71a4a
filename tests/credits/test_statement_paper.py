"""The signed statement: the candidate's own, of any day, the same bytes for the same content, checked by anyone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from ceportal.kernel import clock, signed_files
from ceportal.kernel.signed_files import Verdict
from credits.models import Entry, Seal
from credits.papers import statement_paper
from credits.services.seals import seal_finished_days
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW
from tests.factories import listed_item

pytestmark = pytest.mark.django_db
PDF, JSON = reverse("credits:statement_pdf"), reverse("credits:statement_json")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate, bob: ProviderMember) -> Client:
    """Alice: 64 credits in February, 24 in April, of which 80 renewed and 8 expired; then 4 in May."""
    pages.certify(alice)
    pages.enroll(alice)
    pages.decided(alice, listed_item(credits=64, title="Long one"), bob, on=date(2021, 2, 10))
    pages.decided(alice, listed_item(credits=24, title='=Short "one" #[x] *y*'), bob, on=date(2021, 4, 20))
    pages.decided(alice, listed_item(credits=4, title="研修"), bob, on=date(2021, 5, 2))
    seal_finished_days(now=NOW + timedelta(days=1))
    client.force_login(alice.user)
    return client


def document_of(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.content)["document"]
    return found


class TestWhoMayHaveIt:
    @pytest.mark.parametrize("address", [PDF, JSON])
    def test_strangers_sign_in_and_who_holds_nothing_links_a_record(
        self, client: Client, bob: ProviderMember, dan: User, address: str
    ) -> None:
        assert client.get(address).url.startswith(reverse("account_login"))
        for user in (bob.user, dan):
            client.force_login(user)
            assert client.get(address).url == reverse("candidates:link")

    @pytest.mark.parametrize("query", [{}, {"candidate": "1"}, {"number": "CSCO1"}])
    def test_another_candidate_gets_their_own_and_nothing_of_hers(
        self, client: Client, me: Client, alice: Candidate, query: dict[str, str]
    ) -> None:
        stranger = factories.CandidateFactory.create(login=True)
        client.force_login(stranger.user)
        answer = client.get(JSON, query)
        assert alice.number not in answer.text
        assert document_of(answer)["holder"]["number"] == stranger.number
        assert document_of(answer)["entries"] == []
        assert client.get(f"/credits/{alice.number}/statement.pdf").status_code == 404

    def test_it_is_not_kept_on_the_way(self, me: Client) -> None:
        assert "no-store" in me.get(PDF)["Cache-Control"]
        assert "private" in me.get(PDF)["Cache-Control"]


class TestWhatItSays:
    def test_holder_certifications_cycles_sums_and_every_entry_with_its_reason(
        self, me: Client, alice: Candidate
    ) -> None:
        said = document_of(me.get(JSON))
        assert said["holder"] == {"number": alice.number, "name": alice.name}
        assert (said["as_of"], said["at"]) == ("2021-05-04", "2021-05-04T12:00:00+00:00")
        assert [(each["status"], each["level"]) for each in said["certifications"]] == [("active", "professional")]
        assert [(each["ended_on"], each["end_reason"]) for each in said["cycles"]] == [
            ("2021-04-20", "renewed"),
            (None, ""),
        ]
        assert said["balance"] == {"available": 4, "earned": 4, "used": 0, "expired": 0, "voided": 0, "cut": 0}
        assert said["lifetime"] == {"available": 4, "earned": 92, "used": 80, "expired": 8, "voided": 0, "cut": 0}
        assert [(each["kind"], each["credits"], each["balance"], each["clause"]) for each in said["entries"]] == [
            ("earned", 64, 64, "CE-10"),
            ("earned", 24, 88, "CE-10"),
            ("used", -64, 24, "CR-06"),
            ("used", -16, 8, "CR-06"),
            ("expired", -8, 0, "CR-02"),
            ("earned", 4, 4, "CE-10"),
        ]
        assert all(each["why"] for each in said["entries"])
        assert [each["number"] for each in said["entries"]] == list(
            Entry.objects.order_by("grant__cycle__started_on", "counts_from", "id").values_list("id", flat=True)
        )
        seal = Seal.objects.get()
        assert said["seal"] == {"day": "2021-05-04", "sha256": seal.sha256}

    @pytest.mark.parametrize(
        ("on", "available", "entries", "cycles"),
        [("2021-02-09", 0, 0, 1), ("2021-04-19", 64, 1, 1), ("2021-04-20", 0, 5, 1), ("2021-05-02", 4, 6, 2)],
    )
    def test_of_any_day(self, me: Client, on: str, available: int, entries: int, cycles: int) -> None:
        said = document_of(me.get(JSON, {"on": on}))
        assert said["as_of"] == on
        assert said["balance"]["available"] == available
        assert (len(said["entries"]), len(said["cycles"])) == (entries, cycles)

    @pytest.mark.parametrize("address", [PDF, JSON])
    @pytest.mark.parametrize("on", ["2021-05-05", "soon"])
    def test_of_no_day_to_come(self, me: Client, address: str, on: str) -> None:
        answer = me.get(address, {"on": on})
        assert answer.status_code == 422
        assert "text/html" in answer["Content-Type"]

    def test_an_empty_ledger_has_one_too(self, client: Client) -> None:
        client.force_login(factories.CandidateFactory.create(login=True).user)
        assert client.get(PDF).content.startswith(b"%PDF-")
        said = document_of(client.get(JSON))
        assert (said["entries"], said["seal"], said["certifications"]) == ([], None, [])

    @pytest.mark.parametrize("many", [1, 12])
    def test_the_questions_are_as_many_whatever_it_holds(
        self, me: Client, alice: Candidate, bob: ProviderMember, many: int, django_assert_max_num_queries: Any
    ) -> None:
        for _each in range(many):
            pages.decided(alice, listed_item(credits=4), bob, on=date(2021, 5, 3))
        with django_assert_max_num_queries(12):
            assert me.get(JSON).status_code == 200


class TestProof:
    def test_the_same_content_gives_the_same_bytes(self, me: Client, alice: Candidate) -> None:
        for address in (PDF, JSON):
            assert me.get(address).content == me.get(address).content
        document = statement_paper.compose(alice, day=date(2021, 5, 4), now=NOW)
        assert statement_paper.as_pdf(document) == me.get(PDF).content
        assert statement_paper.as_json(document) == me.get(JSON).content

    @pytest.mark.parametrize("address", [PDF, JSON])
    def test_both_are_genuine_and_what_was_changed_is_not(self, me: Client, address: str) -> None:
        content = me.get(address).content
        found = signed_files.check_file(content)
        assert found.verdict == Verdict.GENUINE
        assert found.signed is not None
        assert (found.signed.kind, found.signed.content["available"]) == ("credit_statement", 4)
        changed = content.replace(b"64", b"94") if address == JSON else content.replace(b"endobj", b"endobJ", 1)
        assert signed_files.check_file(changed).verdict == Verdict.CHANGED

    def test_the_code_on_paper_leads_to_what_it_says(
        self, me: Client, client: Client, alice: Candidate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        led_to: list[str] = []
        monkeypatch.setattr(statement_paper, "square_code", lambda address: led_to.append(address) or "")
        me.get(PDF)
        (address,) = led_to
        assert len(address) < 1500  # still read from paper
        client.logout()
        page = client.get(address.removeprefix("http://testserver"))
        words = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
        assert "Genuine: the portal signed this" in words
        assert "Statement of credits" in words
        assert alice.number in words
        assert "4 May 2021, 12:00:00 UTC" in words

    def test_the_token_is_the_same_on_paper_and_in_json(self, me: Client, alice: Candidate) -> None:
        document = statement_paper.compose(alice, day=date(2021, 5, 4), now=NOW)
        token = json.loads(statement_paper.as_json(document))["token"]
        assert signed_files.check_token(token).signed is not None
        assert statement_paper.token_of(document) == token

    def test_names_of_files(self, me: Client, alice: Candidate) -> None:
        assert me.get(PDF, {"on": "2021-04-20"})["Content-Disposition"] == (
            f'attachment; filename="credits-{alice.number}-2021-04-20.pdf"'
        )
