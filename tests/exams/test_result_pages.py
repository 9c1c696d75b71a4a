"""A candidate's exams: what may be sat, results and their reports, links that show them (EXAM-10, EXAM-14)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from exams import services
from exams.models import Attempt, Exam, ResultLink
from exams.services.sharing import share_results, withdraw_result_link
from tests import factories
from tests.credits.pages import text_of
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2021-05-04")
EXAMS, RESULTS, SHARING = "/exams/", "/exams/results/", "/exams/sharing/"
SECTIONS = [{"title": "Firewalls", "percent": 85}, {"title": "Policies", "percent": 40}]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def exam() -> Exam:
    return factories.ExamFactory.create(number="350-701", name="Security core")


@pytest.fixture
def other() -> Exam:
    return factories.ExamFactory.create(number="300-710", name="Firewalls", kind="concentration")


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


def sit(candidate: Candidate, exam: Exam, on: str, result: str = "pass", **other: Any) -> Attempt:
    return services.record_attempt(
        candidate_id=candidate.pk, exam_number=exam.number, taken_on=day(on), result=result, now=clock.now(), **other
    )


def annul(attempt: Attempt) -> Attempt:
    return services.correct_attempt(
        candidate_id=attempt.candidate_id,
        exam_number=attempt.exam.number,
        taken_on=attempt.taken_on,
        result="annulled",
        reason="abnormal answers",
        now=clock.now(),
    )


def share(candidate: Candidate, *attempts: Attempt, **options: Any) -> ResultLink:
    arguments = {"shows": "reports" if attempts else "transcript", "form_key": uuid4(), "now": NOW, **options}
    return share_results(candidate_id=candidate.pk, attempt_ids=[each.pk for each in attempts], **arguments)


def opened(client: Client, link: ResultLink) -> Any:
    return client.get(reverse("shared_results", args=[link.token]))


def masked(response: Any) -> str:
    """A page without what differs by request and says nothing."""
    return "\n".join(line for line in response.text.splitlines() if "csrf" not in line.lower())


# ── What may be sat ───────────────────────────────────────────────────────────────────────────────
def test_every_exam_says_whether_it_may_be_sat_and_why(me: Client, alice: Candidate, exam: Exam, other: Exam) -> None:
    factories.ExamFactory.create(number="300-999", name="Long gone", retires_on=day("2021-01-01"))
    factories.ExamFactory.create(number="lab-ccie-security", name="Security lab", kind="expert_lab", opened_by=exam)
    sit(alice, exam, "2021-05-03", "fail")
    told = text_of(me.get(EXAMS))
    assert "from 9 May 2021" in told
    assert "Exam 350-701 was failed on 3 May 2021, and the wait is not over." in told
    assert "There is no pass of 350-701, which opens this lab." in told
    assert "Long gone" not in told
    states = {answer.exam.number: answer.state for answer in me.get(EXAMS).context["answers"]}
    assert states == {"350-701": "scheduled", "300-710": "met", "lab-ccie-security": "unmet"}
    later = me.get(EXAMS, {"day": "2021-05-09", "kind": "core"}).context["answers"]
    assert [(answer.exam.number, answer.state) for answer in later] == [("350-701", "met")]


def test_before_travelling_one_asks_for_a_place(me: Client, exam: Exam) -> None:
    """CAND-08: where it is allowed at all, and where it is not."""
    Candidate.objects.update(country="SD")
    assert me.get(EXAMS).context["answers"][0].state == "met"
    page = me.get(EXAMS, {"country": "SD"})
    assert page.context["answers"][0].state == "unmet"
    assert "Choose a site in another country." in text_of(page)


@pytest.mark.parametrize("asked", ["2021-05-03", "2026-05-05", "9999-12-31", "tomorrow"])
def test_only_days_that_somebody_plans_for_can_be_asked_for(me: Client, exam: Exam, asked: str) -> None:
    page = me.get(EXAMS, {"day": asked})
    assert page.status_code == 422
    assert not page.context["answers"]
    assert f'value="{asked}"' in page.text


def test_all_exams_ask_as_much_as_one(
    me: Client, alice: Candidate, exam: Exam, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        each = factories.ExamFactory.create(number=f"300-{number:03}", kind="concentration")
        sit(alice, each, "2021-05-03", "fail")
    with django_assert_max_num_queries(14):
        assert len(me.get(EXAMS).context["answers"]) == 31
    with django_assert_max_num_queries(9):
        assert len(me.get(RESULTS).context["page"].object_list) == 25


# ── Results and reports ───────────────────────────────────────────────────────────────────────────
def test_a_report_says_the_result_by_section_and_no_passing_score(me: Client, alice: Candidate, exam: Exam) -> None:
    """EXAM-10: a pass or fail with its sections, and nothing of how many points a pass takes."""
    attempt = sit(alice, exam, "2021-05-01", "fail", sections=SECTIONS, held_in="KE")
    assert "Security core" in text_of(me.get(RESULTS))
    page = me.get(f"{RESULTS}{attempt.pk}/")
    told = text_of(page)
    assert [(each.title, each.percent) for each in page.context["report"].sections] == [
        ("Firewalls", 85),
        ("Policies", 40),
    ]
    assert "85 %" in told and "Kenya" in told
    assert "Passing scores are not published." in told
    assert "825" not in told


def test_a_corrected_result_says_what_it_was_and_what_it_is(me: Client, alice: Candidate, exam: Exam) -> None:
    first = sit(alice, exam, "2021-05-01", "fail", sections=SECTIONS)
    annulled = annul(first)
    assert [each.pk for each in me.get(RESULTS).context["page"]] == [annulled.pk]
    assert "This result no longer counts" in text_of(me.get(f"{RESULTS}{first.pk}/"))
    page = me.get(f"{RESULTS}{annulled.pk}/")
    assert page.context["report"].history == (first,)
    assert "abnormal answers" in text_of(page)
    assert f"{SHARING}?result=" not in page.text, "it does not count, so it cannot be shown"


def test_a_disallowed_result_says_why(me: Client, alice: Candidate, exam: Exam) -> None:
    sit(alice, exam, "2021-05-01", "fail")
    disallowed = sit(alice, exam, "2021-05-03")
    assert "counts for nothing" in text_of(me.get(RESULTS))
    told = text_of(me.get(f"{RESULTS}{disallowed.pk}/"))
    assert "This attempt counts for nothing" in told
    assert "was failed on 1 May 2021, and the wait is not over." in told


def test_results_of_others_are_not_there(me: Client, exam: Exam) -> None:
    bob = factories.CandidateFactory.create()
    theirs = sit(bob, exam, "2021-05-01")
    assert not me.get(RESULTS).context["page"].object_list
    assert me.get(f"{RESULTS}{theirs.pk}/").status_code == 404
    me.logout()
    for address in (EXAMS, RESULTS, f"{RESULTS}{theirs.pk}/", SHARING):
        assert me.get(address).url.startswith("/accounts/login/")


# ── Sharing ───────────────────────────────────────────────────────────────────────────────────────
def test_a_link_shows_what_was_chosen_and_nothing_else(
    client: Client, alice: Candidate, exam: Exam, other: Exam
) -> None:
    chosen = sit(alice, exam, "2021-05-01", sections=SECTIONS)
    sit(alice, other, "2021-05-02")
    link = share(alice, chosen, label="Acme, Ms Jones")
    assert len(link.token) == 32
    page = opened(client, link)
    told = text_of(page)
    assert alice.name in told and "Security core" in told
    assert "Firewalls" not in told, "neither the other exam nor the sections"
    for private in ("Acme", alice.number, alice.email):
        assert private not in page.text
    assert page["X-Robots-Tag"] == "noindex"
    (event,) = Event.objects.filter(topic="exams.results_shared")
    assert event.payload == {"shows": "reports", "attempts": [chosen.pk]}
    assert "85 %" in text_of(opened(client, share(alice, chosen, with_sections=True)))


def test_a_link_follows_what_becomes_of_the_result(client: Client, alice: Candidate, exam: Exam) -> None:
    """EXAM-09: only the online result is official, so what a link shows changes with it."""
    link = share(alice, sit(alice, exam, "2021-05-01"))
    assert opened(client, link).context["shown"].results[0].result == "pass"
    annul(Attempt.objects.get())
    (shown,) = opened(client, link).context["shown"].results
    assert (shown.result, shown.taken_on) == ("annulled", day("2021-05-01"))


def test_a_transcript_shows_every_pass_later_ones_too(
    client: Client, alice: Candidate, exam: Exam, other: Exam
) -> None:
    link = share(alice)
    assert "No exam has been passed yet." in text_of(opened(client, link))
    sit(alice, exam, "2021-05-01")
    sit(alice, other, "2021-05-01", "fail")
    sit(factories.CandidateFactory.create(), other, "2021-05-02")
    shown = opened(client, link).context["shown"]
    assert [(each.exam, each.result) for each in shown.results] == [(exam, "pass")]


def test_what_shows_nothing_is_one_page(client: Client, alice: Candidate, exam: Exam) -> None:
    link = share(alice, sit(alice, exam, "2021-05-01"), last_on=day("2021-05-31"))
    with clock.standing_at(clock.end_of(day("2021-05-31"))):
        assert opened(client, link).status_code == 200
    with clock.standing_at(clock.at(day("2021-06-01"), 0)):
        ended = opened(client, link)
        withdraw_result_link(candidate_id=alice.pk, link_id=link.pk, now=clock.now())
        withdrawn = opened(client, link)
        never = client.get(reverse("shared_results", args=["x" * 32]))
    assert {each.status_code for each in (ended, withdrawn, never)} == {404}
    assert masked(ended) == masked(withdrawn) == masked(never)
    assert alice.name not in ended.text
    for no_token in ("short", "x" * 33, "é" * 32, "'" * 32):
        assert client.get(f"/shared/{no_token}/").status_code == 404


def test_a_withdrawn_link_stays_so_and_the_same_form_makes_one_link(alice: Candidate, exam: Exam) -> None:
    attempt, key = sit(alice, exam, "2021-05-01"), uuid4()
    link = share(alice, attempt, form_key=key)
    assert share(alice, attempt, form_key=key) == link
    assert Event.objects.filter(topic="exams.results_shared").count() == 1
    for hours in (0, 1):
        gone = withdraw_result_link(candidate_id=alice.pk, link_id=link.pk, now=NOW + timedelta(hours=hours))
    assert gone.withdrawn_at == NOW
    assert Event.objects.filter(topic="exams.result_link_withdrawn").count() == 1


@pytest.mark.parametrize("wrong", ["nothing chosen", "another's", "annulled", "disallowed", "a day past", "too many"])
def test_sharing_is_refused(alice: Candidate, exam: Exam, wrong: str) -> None:
    mine = sit(alice, exam, "2021-04-01", "fail")
    chosen: dict[str, list[Attempt]] = {"nothing chosen": []}
    options: dict[str, Any] = {"shows": "reports"}
    if wrong == "another's":
        chosen[wrong] = [mine, sit(factories.CandidateFactory.create(), exam, "2021-05-01")]
    if wrong == "disallowed":
        chosen[wrong] = [sit(alice, exam, "2021-04-03")]
    if wrong == "annulled":
        chosen[wrong] = [annul(mine)]
    if wrong == "a day past":
        options["last_on"] = day("2021-05-03")
    if wrong == "too many":
        for _each in range(50):
            share(alice, mine)
    made, events = ResultLink.objects.count(), Event.objects.count()
    with pytest.raises(Refused) as refusal:
        share(alice, *chosen.get(wrong, [mine]), **options)
    assert refusal.value.decision.clauses_unmet == ("EXAM-14",)
    assert (ResultLink.objects.count(), Event.objects.count()) == (made, events)


def test_making_and_withdrawing_on_the_page(me: Client, alice: Candidate, exam: Exam, other: Exam) -> None:
    mine = sit(alice, exam, "2021-05-01")
    assert me.get(SHARING).context["form"]["shows"].value() == "transcript"
    form = me.get(SHARING, {"result": mine.pk}).context["form"]
    assert (form["shows"].value(), form["attempts"].value()) == ("reports", [mine.pk])
    given = {
        "form_key": form["form_key"].value(),
        "shows": "reports",
        "attempts": [mine.pk],
        "with_sections": "on",
        "label": "Acme",
        "last_on": "2021-12-31",
    }
    answers = [me.post(SHARING, given) for _each in range(2)]
    link = ResultLink.objects.get()
    assert {answer.url for answer in answers} == {f"{SHARING}#link-{link.pk}"}
    page = me.get(SHARING)
    assert f'value="http://testserver/shared/{link.token}/"' in page.text
    assert "31 December 2021" in text_of(page)
    assert me.get(f"{SHARING}{link.pk}/withdraw/").status_code == 405
    me.post(f"{SHARING}{link.pk}/withdraw/")
    page = me.get(SHARING)
    assert link.token not in page.text
    assert "withdrawn on 4 May 2021" in text_of(page)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"attempts": []}, 409, "No result of yours that counts is chosen."),
        ({"attempts": ["0"]}, 422, "Select a valid choice"),
        ({"shows": "everything"}, 422, "Select a valid choice"),
        ({"last_on": "2021-05-03"}, 409, "The last day, 3 May 2021, has passed."),
    ],
)
def test_what_the_page_refuses(
    me: Client, alice: Candidate, exam: Exam, changes: dict[str, Any], status: int, said: str
) -> None:
    mine = sit(alice, exam, "2021-05-01")
    given = {"form_key": str(uuid4()), "shows": "reports", "attempts": [mine.pk], "label": "Acme"} | changes
    page = me.post(SHARING, given)
    assert page.status_code == status
    assert said in text_of(page)
    assert 'value="Acme"' in page.text
    assert not ResultLink.objects.exists()


def test_links_of_others_are_not_there(me: Client, exam: Exam, dan: User) -> None:
    bob = factories.CandidateFactory.create()
    link = share(bob, sit(bob, exam, "2021-05-01"), label="Acme, Ms Jones")
    assert link.token not in me.get(SHARING).text
    assert me.post(f"{SHARING}{link.pk}/withdraw/").status_code == 404
    assert ResultLink.objects.get().withdrawn_at is None

    me.force_login(dan)
    for address in ("/admin/exams/resultlink/", f"/admin/exams/resultlink/{link.pk}/change/"):
        page = me.get(address)
        assert bob.name in page.text
        assert link.token not in page.text and "Acme" not in page.text


def test_the_page_asks_as_much_for_many_links_as_for_one(
    me: Client, alice: Candidate, exam: Exam, django_assert_max_num_queries: Any
) -> None:
    mine = sit(alice, exam, "2021-05-01")
    for each in range(8):
        link = share(alice, mine)
        if not each % 2:
            withdraw_result_link(candidate_id=alice.pk, link_id=link.pk, now=NOW)
    with django_assert_max_num_queries(12):
        me.get(SHARING)
    me.logout()
    with django_assert_max_num_queries(3):  # the link, what was chosen, and what stands of it
        opened(me, link)
