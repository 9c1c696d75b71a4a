"""Suspected misconduct, reported in confidence (CAND-03): what is kept, who is let in, what staff do with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import rules, services, tip_mail
from candidates.models import Candidate, Case, Sanction, Tip, TipFile, TipMessage, User
from candidates.services import FiledTip, TipForm
from candidates.services.tips import FILES_AT_MOST
from ceportal.kernel import clock
from ceportal.kernel.codes import normalised
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Delivery, Event
from ceportal.kernel.uploads import BYTES_AT_MOST, Upload
from tests import factories
from tests.factories import day, noon
from tests.story import PDF

pytestmark = pytest.mark.django_db
NOW = noon("2026-05-04")
REPORT, FOLLOW, ADD = reverse("tips:report"), reverse("tips:follow"), reverse("tips:add")
FORM = TipForm(words="He photographed the screen.", happened_on=day("2026-05-02"), person="CSCO12345678")
PICTURE = b"\x89PNG\r\n\x1a\n....IEND...."
HERE = "address:192.0.2.7"


@pytest.fixture(autouse=True)
def today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    cache.clear()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def erin(db: None) -> User:
    return factories.UserFactory.create(staff=True, second_factor=True)


def file(form: TipForm = FORM, *, key: UUID | None = None, uploads: Any = (), now: Any = NOW) -> FiledTip:
    return services.file_tip(form_key=key or uuid4(), form=form, uploads=uploads, now=now)


def ask(tip: Tip, by: User, words: str = "In which room?", key: UUID | None = None) -> TipMessage:
    return services.ask_reporter(tip_id=tip.id, form_key=key or uuid4(), words=words, staff_id=by.id, now=NOW)


def add(tip: Tip, words: str = "In room 4.", key: UUID | None = None, uploads: Any = ()) -> TipMessage:
    return services.add_to_tip(tip_id=tip.id, form_key=key or uuid4(), words=words, uploads=uploads, now=NOW)


def link(tip: Tip, candidate: Candidate, by: User) -> Tip:
    return services.link_tip(tip_id=tip.id, candidate_id=candidate.id, staff_id=by.id, now=NOW)


def close(tip: Tip, by: User, outcome: str = "acted", answer: str = "Thank you.", resolution: str = "Seen.") -> Tip:
    return services.close_tip(
        tip_id=tip.id, outcome=outcome, answer=answer, resolution=resolution, staff_id=by.id, now=NOW
    )


def refused(act: Callable[[], Any], *clauses: str) -> None:
    def counted() -> tuple[int, ...]:
        return tuple(model._default_manager.count() for model in (Event, Tip, TipMessage, TipFile, Case))

    before = counted()
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.decision.clauses_unmet == clauses
    assert counted() == before


# ── Filing ────────────────────────────────────────────────────────────────────────────────────────
class TestFiling:
    def test_a_tip_opens_a_case_and_keeps_nothing_of_the_passphrase_but_a_hash(self) -> None:
        filed = file(uploads=[Upload("screen.png", PICTURE), Upload("again.png", PICTURE)])
        tip = Tip.objects.get()
        assert (tip.words, tip.person, tip.status) == ("He photographed the screen.", "CSCO12345678", "open")
        kept = " ".join(str(value) for value in Tip.objects.values_list().get())
        assert filed.passphrase not in kept
        assert len(filed.passphrase.replace("-", "")) == 24
        assert (tip.case.kind, tip.case.clause, tip.case.candidate) == ("tip", "CAND-03", None)
        assert tip.case.subject == f"candidates.tip:{tip.id}"
        assert "photographed" not in str(tip.case.facts)  # it stands with the tip alone
        assert [(each.original_name, each.kind) for each in tip.files.all()] == [("screen.png", "image/png")]
        event = Event.objects.get(topic="candidates.tip_filed")
        assert (event.candidate_id, event.payload) == (None, {})

    def test_the_same_form_twice_is_one_tip_with_one_passphrase(self) -> None:
        key = uuid4()
        first, second = file(key=key), file(key=key)
        assert first == second
        assert (Tip.objects.count(), Event.objects.filter(topic="candidates.tip_filed").count()) == (1, 1)
        assert file().passphrase != first.passphrase

    @pytest.mark.parametrize(
        ("_case", "form", "uploads"),
        [
            ("nothing said", TipForm(words="  ", happened_on=day("2026-05-04")), []),
            ("tomorrow", TipForm(words="He will cheat.", happened_on=day("2026-05-05")), []),
            ("a program", FORM, [Upload("seen.pdf", b"MZ not a document")]),
            ("too large", FORM, [Upload("seen.pdf", PDF.ljust(BYTES_AT_MOST, b" ") + b"%%EOF")]),
            ("one file too many", FORM, [Upload("seen.pdf", PDF)] * (FILES_AT_MOST + 1)),
        ],
    )
    def test_what_cannot_be_taken_leaves_nothing(self, _case: str, form: TipForm, uploads: list[Upload]) -> None:
        refused(lambda: file(form, uploads=uploads), "CAND-03")

    def test_today_is_early_enough(self) -> None:
        assert file(TipForm(words="Now.", happened_on=day("2026-05-04"))).tip.happened_on == day("2026-05-04")

    def test_what_the_database_refuses(self, dan: User) -> None:
        tip = file(uploads=[Upload("seen.pdf", PDF)]).tip
        message = ask(tip, dan)
        for act in (
            lambda: Tip.objects.update(status="closed"),
            lambda: Tip.objects.update(answer="Thank you."),
            lambda: TipMessage.objects.update(words="Other words."),
            lambda: TipMessage.objects.filter(id=message.id).delete(),
            lambda: TipFile.objects.update(original_name="other.pdf"),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()


# ── Who is let in ─────────────────────────────────────────────────────────────────────────────────
class TestEntering:
    def enter(self, reference: str, passphrase: str, *, address: str = HERE, now: Any = NOW) -> Tip:
        return services.enter_tip(reference=reference, passphrase=passphrase, address=address, now=now)

    def clauses(self, *given: str, **where: Any) -> str:
        with pytest.raises(Refused) as refusal:
            self.enter(*given, **where)
        return refusal.value.decision.unmet[0].sentence

    def test_as_people_type_it(self) -> None:
        filed = file()
        typed = filed.passphrase.lower().replace("-", " ")
        assert self.enter(f" {filed.tip.reference.lower()} ", typed) == filed.tip

    def test_a_wrong_reference_and_a_wrong_passphrase_are_the_same_words_and_the_same_work(self) -> None:
        filed, other = file(), file()
        asked: list[tuple[list[str], str]] = []
        for reference, passphrase in (
            (filed.tip.reference, other.passphrase),
            ("AAAA-AAAA", filed.passphrase),
            (filed.tip.reference, ""),
            ("", ""),
        ):
            with CaptureQueriesContext(connection) as queries:
                words = self.clauses(reference, passphrase)
            work = [each["sql"].replace(normalised(reference), "REF") for each in queries.captured_queries]
            asked.append((work, words))
        assert len(asked[0][0]) == 1
        assert all(each == asked[0] for each in asked[:3])
        assert asked[3][1] == asked[0][1]

    def test_a_guesser_is_locked_out_whether_or_not_the_report_exists(self) -> None:
        filed = file()
        for reference in (filed.tip.reference, "AAAA-AAAA"):
            told = {self.clauses(reference, "wrong", address=f"address:{number}") for number in range(5)}
            assert told == {"No report has this reference and this passphrase."}
            assert "Too many wrong" in self.clauses(reference, filed.passphrase, address="address:elsewhere")
        an_hour_later = NOW + timedelta(minutes=60)
        assert "Too many wrong" in self.clauses(filed.tip.reference, "x", now=an_hour_later - timedelta(minutes=1))
        assert self.enter(filed.tip.reference, filed.passphrase, now=an_hour_later) == filed.tip

    def test_from_one_place_many_references_cannot_be_tried(self) -> None:
        filed = file()
        for number in range(20):
            self.clauses(f"AAAA-{number:04}", "wrong")
        assert "Too many wrong" in self.clauses(filed.tip.reference, filed.passphrase)
        assert self.enter(filed.tip.reference, filed.passphrase, address="address:elsewhere") == filed.tip

    def test_right_ones_do_not_count(self) -> None:
        filed = file()
        for _each in range(8):
            self.enter(filed.tip.reference, filed.passphrase)


# ── What is said, and what staff do ───────────────────────────────────────────────────────────────
class TestLookingInto:
    def test_asked_and_answered_each_once(self, dan: User) -> None:
        tip, keys = file().tip, (uuid4(), uuid4())
        for _each in range(2):
            ask(tip, dan, key=keys[0])
            add(tip, key=keys[1], uploads=[Upload("more.pdf", PDF)])
        assert [(each.by_staff, each.words) for each in tip.messages.all()] == [
            (True, "In which room?"),
            (False, "In room 4."),
        ]
        assert tip.files.count() == 1
        topics = [topic.rpartition(".")[2] for topic in Event.objects.values_list("topic", flat=True).order_by("id")]
        assert topics == ["case_opened", "tip_filed", "tip_asked", "tip_added_to"]

    def test_it_leads_to_a_candidate_and_to_a_sanction(self, dan: User, erin: User) -> None:
        tip = file().tip
        meant, other = (factories.CandidateFactory.create() for _each in range(2))
        link(tip, other, dan)
        for _each in range(2):
            link(tip, meant, dan)
        assert Case.objects.get().candidate == meant
        # What others say of somebody is no part of that person's record.
        assert not Event.objects.filter(topic="candidates.tip_linked", candidate_id__isnull=False).exists()
        sanction = services.propose_sanction(
            candidate_id=meant.id, clause="EXAM-12", statement="Photos.", case_id=tip.case_id, staff_id=dan.id, now=NOW
        )
        refused(lambda: link(tip, other, dan), "CAND-02")
        services.confirm_sanction(sanction_id=sanction.id, staff_id=erin.id, now=NOW)
        close(tip, dan)
        assert Sanction.objects.get(case__tip=tip).status == "running"

    def test_the_outcome_closes_the_case_and_nothing_is_said_after_it(self, dan: User) -> None:
        tip = file().tip
        refused(
            lambda: services.close_case(case_id=tip.case_id, user_id=dan.id, resolution="Nothing in it.", now=NOW),
            "CAND-03",
        )
        refused(lambda: close(tip, dan, answer=" "), "CAND-03")
        refused(lambda: close(tip, dan, resolution=""), "CAND-03")
        for _each in range(2):
            close(tip, dan, "not_confirmed")
        tip.refresh_from_db()
        assert (tip.status, tip.outcome, tip.answer, tip.closed_by) == ("closed", "not_confirmed", "Thank you.", dan)
        assert (tip.case.status, tip.case.resolution) == ("closed", "Seen.")
        assert Event.objects.filter(topic="candidates.tip_closed").count() == 1
        refused(lambda: add(tip), "CAND-03")
        refused(lambda: ask(tip, dan), "CAND-03")
        refused(lambda: link(tip, factories.CandidateFactory.create(), dan), "CAND-03")

    def test_nobody_looks_into_a_tip_about_themselves(self, dan: User, erin: User) -> None:
        tip = file().tip
        himself = factories.CandidateFactory.create(user=dan)
        refused(lambda: link(tip, himself, dan), "CAND-02")
        link(tip, himself, erin)
        for act in (
            lambda: ask(tip, dan),
            lambda: close(tip, dan),
            lambda: link(tip, factories.CandidateFactory.create(), dan),
        ):
            refused(act, "CAND-02")

    def test_words_are_needed_and_have_an_end(self, dan: User) -> None:
        tip = file().tip
        refused(lambda: add(tip, " "), "CAND-03")
        refused(lambda: ask(tip, dan, " "), "CAND-03")
        said = {"status": "open", "words_given": True, "said_at_most": 50}
        assert rules.assess_tip_word(rules.TipWordFacts(said=49, **said)).granted
        assert not rules.assess_tip_word(rules.TipWordFacts(said=50, **said)).granted

    def test_an_address_is_told_without_a_word_of_it_and_forgotten_at_the_end(self, dan: User) -> None:
        tip = file(TipForm(words="Sold.", happened_on=day("2026-05-02"), address="whistle@example.net")).tip
        silent = file().tip
        events = []
        for act in (lambda: ask(tip, dan), lambda: ask(silent, dan), lambda: close(tip, dan)):
            act()
            events.append(Delivery.objects.filter(receiver="mail to reporter").latest("id").event)
            tip_mail.on_told(events[-1], NOW)
        assert [each.to for each in mail.outbox] == [["whistle@example.net"]] * 2
        for each in mail.outbox:
            assert tip.reference not in f"{each.subject} {each.body}"
            assert "report" not in each.subject.lower()
            assert f"http://testserver{FOLLOW}" in each.body
        tip.refresh_from_db()
        assert tip.address == ""
        tip_mail.on_told(events[-1], NOW)  # a second time there is nobody to write to
        assert len(mail.outbox) == 2


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────
def filled(**other: Any) -> dict[str, Any]:
    return {
        "form_key": str(uuid4()),
        "words": "She sold answers.",
        "happened_on": "2026-05-02",
        "person": "",
        "activity": "",
        "address": "",
        **other,
    }


class TestPages:
    def test_reported_followed_up_and_read_to_its_end_without_an_account(self, client: Client, dan: User) -> None:
        answer = client.post(REPORT, filled())
        assert answer.status_code == HTTPStatus.CREATED
        assert "no-store" in answer["Cache-Control"]
        filed = answer.context["filed"]
        assert filed.passphrase in answer.text
        ask(filed.tip, dan)

        assert "In which room?" not in client.get(FOLLOW).text
        wrong = client.post(FOLLOW, {"reference": filed.tip.reference, "passphrase": "wrong"})
        assert (wrong.status_code, "No report has this" in wrong.text) == (HTTPStatus.CONFLICT, True)
        entered = client.post(FOLLOW, {"reference": filed.tip.reference, "passphrase": filed.passphrase})
        cookie = entered.cookies["report"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", FOLLOW)
        assert "sessionid" not in client.cookies  # nothing of it is kept in the portal
        page = client.get(FOLLOW).text
        assert "In which room?" in page
        assert dan.name not in page
        more = {"form_key": str(uuid4()), "words": "In room 4.", "attached": SimpleUploadedFile("more.pdf", PDF)}
        assert client.post(ADD, more).status_code == HTTPStatus.FOUND
        assert (filed.tip.messages.count(), filed.tip.files.count()) == (2, 1)

        close(filed.tip, dan, "not_confirmed", "We asked everybody in that room.")
        page = client.get(FOLLOW).text
        assert "could not confirm" in page
        assert "We asked everybody in that room." in page
        assert (
            client.post(
                ADD, more | {"form_key": str(uuid4()), "attached": SimpleUploadedFile("more.pdf", PDF)}
            ).status_code
            == HTTPStatus.CONFLICT
        )
        client.post(reverse("tips:leave"))
        assert "In which room?" not in client.get(FOLLOW).text

    def test_after_half_an_hour_and_with_a_changed_cookie_the_passphrase_is_asked_for(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filed, started = file(), time.time()
        client.post(FOLLOW, {"reference": filed.tip.reference, "passphrase": filed.passphrase})
        given = client.cookies["report"].value
        monkeypatch.setattr("django.core.signing.time.time", lambda: started + 29 * 60)
        assert "He photographed" in client.get(FOLLOW).text
        client.cookies["report"] = given[:-2] + "xx"
        assert "He photographed" not in client.get(FOLLOW).text
        client.cookies["report"] = given
        monkeypatch.setattr("django.core.signing.time.time", lambda: started + 31 * 60)
        assert "He photographed" not in client.get(FOLLOW).text
        assert client.post(ADD, {"words": "More."})["Location"] == FOLLOW
        assert not filed.tip.messages.exists()

    def test_no_row_links_a_signed_in_reporter_with_the_tip(self, client: Client, alice: Candidate) -> None:
        assert alice.user is not None
        client.force_login(alice.user)
        filed = client.post(REPORT, filled(person="Somebody")).context["filed"]
        client.post(FOLLOW, {"reference": filed.tip.reference, "passphrase": filed.passphrase})
        client.get(FOLLOW)
        assert not Event.objects.filter(candidate_id=alice.id).exists()
        columns = {field.name for model in (Tip, TipMessage, TipFile) for field in model._meta.get_fields()}
        assert not {name for name in columns if "ip" in name.split("_") or name in {"user", "candidate", "session"}}
        session = client.session
        assert set(session.keys()) <= {"_auth_user_id", "_auth_user_backend", "_auth_user_hash"}

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"words": ""}, "Say in your own words what happened."),
            ({"happened_on": "2026-05-05"}, "is still to come"),
            ({"address": "nobody"}, "valid email"),
        ],
    )
    def test_what_was_typed_stays(self, client: Client, wrong: dict[str, str], told: str) -> None:
        answer = client.post(REPORT, filled(activity="300-410") | wrong)
        assert answer.status_code in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT}
        assert told in answer.text
        assert 'value="300-410"' in answer.text
        assert not Tip.objects.exists()

    def test_only_so_many_come_from_one_place(self, client: Client) -> None:
        for _each in range(5):
            assert client.post(REPORT, filled()).status_code == HTTPStatus.CREATED
        answer = client.post(REPORT, filled())
        assert (answer.status_code, "Retry-After" in answer) == (HTTPStatus.TOO_MANY_REQUESTS, True)
        assert Tip.objects.count() == 5
        other = client.post(REPORT, filled(), REMOTE_ADDR="203.0.113.9")
        assert other.status_code == HTTPStatus.CREATED

    def test_a_file_is_for_staff_and_not_for_whom_it_is_about(
        self, client: Client, alice: Candidate, dan: User, erin: User
    ) -> None:
        tip = file(uploads=[Upload("seen.pdf", PDF)]).tip
        url = reverse("tips:file", args=[tip.files.get().id])
        assert client.get(url).status_code == HTTPStatus.FOUND
        assert alice.user is not None
        for user in (alice.user, factories.UserFactory.create(is_staff=True, second_factor=True)):
            client.force_login(user)
            assert client.get(url).status_code in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}
        link(tip, factories.CandidateFactory.create(user=dan), erin)
        client.force_login(dan)
        assert client.get(url).status_code == HTTPStatus.NOT_FOUND
        assert client.get(f"/admin/candidates/tip/{tip.id}/change/").status_code == HTTPStatus.FOUND
        client.force_login(erin)
        found = client.get(url)
        assert (found.status_code, found["Content-Type"]) == (HTTPStatus.OK, "application/pdf")
        assert b"".join(found.streaming_content) == PDF  # type: ignore[attr-defined]


class TestStaff:
    def test_read_asked_linked_and_closed_in_the_administration(
        self, client: Client, dan: User, alice: Candidate
    ) -> None:
        filed = file(TipForm("Sold.", day("2026-05-02"), address="whistle@example.net"), uploads=[Upload("a.pdf", PDF)])
        page = f"/admin/candidates/tip/{filed.tip.id}"
        client.force_login(dan)
        shown = client.get(f"{page}/change/").text
        assert "Sold." in shown
        assert "not linked to anybody yet" in shown
        assert "whistle@" not in shown
        assert filed.tip.passphrase_sha256 not in shown

        asking = client.get(f"{page}/ask/").context["form"].initial["form_key"]
        question = {"form_key": str(asking), "words": "Where?"}
        assert [client.post(f"{page}/ask/", question).status_code for _each in range(2)] == [HTTPStatus.FOUND] * 2
        assert "Where?" in client.get(f"{page}/change/").text
        assert client.post(f"{page}/link/", {"candidate": alice.number}).status_code == HTTPStatus.FOUND
        outcome = {"outcome": "acted", "answer": "We acted.", "resolution": "See the sanction."}
        assert client.post(f"{page}/close/", outcome | {"answer": ""}).status_code == HTTPStatus.CONFLICT
        assert client.post(f"{page}/close/", outcome).status_code == HTTPStatus.FOUND
        filed.tip.refresh_from_db()
        assert (filed.tip.messages.count(), filed.tip.status, filed.tip.case.candidate) == (1, "closed", alice)

    @pytest.mark.parametrize("act", ["ask", "link", "close"])
    def test_who_may_read_tips_may_not_act_on_them(self, client: Client, act: str) -> None:
        tip = file().tip
        clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_tip"))
        client.force_login(clerk)
        assert client.get(f"/admin/candidates/tip/{tip.id}/change/").status_code == HTTPStatus.OK
        assert client.post(f"/admin/candidates/tip/{tip.id}/{act}/", {}).status_code == HTTPStatus.FORBIDDEN
