"""What anyone learns of a certification, by number and name or by a link, and what nobody can find out (CERT-09)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import queries, services, sharing, verification
from candidates.models import Candidate, Certification, Term, VerificationLink
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, TODAY, text_of
from tests.factories import day

pytestmark = pytest.mark.django_db
VERIFY, SHARING = reverse("verify"), reverse("candidates:sharing")
MARGIN = 1.3  # medians of the two kinds of questions lie within a few hundredths of each other


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    cache.clear()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def held(alice: Candidate) -> Certification:
    """Alice's professional certification, active until June 2023."""
    return pages.certify(alice)


def ask(number: str, name: str, on: date = TODAY) -> verification.Answer | None:
    return verification.by_number(number=number, name=name, day=on)


def share(alice: Candidate, *certifications: Certification, **options: Any) -> VerificationLink:
    return services.share_certifications(
        candidate_id=alice.id,
        certification_ids=[each.id for each in certifications],
        now=clock.now(),
        **{"form_key": uuid4(), **options},
    )


# ── By number and name ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "as_typed",
    ["Zoë O'Neill-Łukasz", "  zoe   o’neill–Łukasz ", "ZOË O'NEILL-ŁUKASZ", "Ｚｏｅ O'Neill-Łukasz"],  # noqa: RUF001
)
def test_names_are_taken_as_people_type_them(alice: Candidate, held: Certification, as_typed: str) -> None:
    Candidate.objects.filter(id=alice.id).update(name="Zoë O'Neill-Łukasz")
    answer = ask(f" {held.number.lower()} ", as_typed)
    assert answer is not None
    assert answer.name == "Zoë O'Neill-Łukasz"


def test_marks_of_kana_are_letters(alice: Candidate, held: Certification) -> None:
    Candidate.objects.filter(id=alice.id).update(name="佐藤 ガク")
    assert ask(held.number, "佐藤 ｶﾞｸ") is not None
    assert ask(held.number, "佐藤 カク") is None


@pytest.mark.parametrize("name", ["Alice", "Okafor", "Alice Okafor Smith", "Bob Okafor", verification.NOBODY])
def test_another_name_is_told_nothing(held: Certification, name: str) -> None:
    assert ask(held.number, "Alice Okafor") is not None
    assert ask(held.number, name) is None
    assert ask("CE1-NOTHING", name) is None


def life(number: str, name: str, on: str) -> tuple[str, bool, dict[str, str]]:
    """The status, whether it counts, and the dates, as they are told on a day."""
    answer = ask(number, name, day(on))
    assert answer is not None
    return answer.status, answer.counts, {label: str(each) for label, each in answer.dates}


def test_every_status_is_shown_for_what_it_is(alice: Candidate) -> None:
    expert = pages.certify(alice, "ccie-security", "expert", on="2018-02-01")  # two years active, one suspended
    first = {"First certified": "2018-02-01"}
    for on, status, counts, dates in [
        ("2020-01-31", "active", True, {"Active until": "2020-02-01"}),
        ("2020-02-01", "suspended", False, {"Inactive from": "2021-02-01"}),
        ("2021-02-01", "inactive", False, {"Expired on": "2021-02-01"}),
    ]:
        assert life(expert.number, alice.name, on) == (status, counts, first | dates), on
    assert ask(expert.number, alice.name, day("2018-01-31")) is None


def test_emr_15_emeritus_is_told_as_not_active_and_not_counting(client: Client, alice: Candidate) -> None:
    track = factories.TrackFactory.create(code="ccie-security")
    expert = services.import_certification(
        candidate_id=alice.id,
        track_code=track.code,
        certified_on=day("2010-02-01"),
        emeritus_until=day("2022-02-01"),
        now=NOW,
    )
    assert life(expert.number, alice.name, "2021-05-04") == (
        "emeritus",
        False,
        {"First certified": "2010-02-01", "Emeritus until": "2022-02-01"},
    )
    page = text_of(client.post(VERIFY, {"number": expert.number, "name": alice.name}))
    assert "Not an active status: it counts toward no partner requirement. EMR-15" in page


def test_cert_02_entry_level_is_active_for_life(client: Client, alice: Candidate) -> None:
    entry = pages.certify(alice, "cct-routing", "entry")
    assert life(entry.number, alice.name, "2040-01-01") == (
        "active",
        True,
        {"First certified": "2020-06-01", "Active until": "None"},
    )
    assert "Active until for life" in text_of(client.post(VERIFY, {"number": entry.number, "name": alice.name}))


def test_cert_10_revoked_shows_also_beyond_its_term_until_the_sanction_is_lifted(
    client: Client, alice: Candidate, held: Certification, dan: Any
) -> None:
    erin = factories.UserFactory.create(staff=True)
    proposed = services.propose_sanction(
        candidate_id=alice.id, clause="CERT-08", statement="Mugs.", permanent=True, staff_id=dan.id, now=NOW
    )
    sanction = services.confirm_sanction(sanction_id=proposed.id, staff_id=erin.id, now=NOW)
    revoked = ("revoked", False, {"First certified": "2020-06-01", "Revoked on": "2021-05-04"})
    assert life(held.number, alice.name, "2021-05-04") == life(held.number, alice.name, "2030-01-01") == revoked
    page = text_of(client.post(VERIFY, {"number": held.number, "name": alice.name}))
    assert "Not in force: it was revoked. CERT-10" in page
    services.lift_sanction(sanction_id=sanction.id, reason="A gift.", staff_id=erin.id, now=NOW)
    assert life(held.number, alice.name, "2021-05-04")[0] == "active"


def test_the_page_tells_name_track_number_status_and_dates_and_nothing_else(
    client: Client, alice: Candidate, held: Certification
) -> None:
    page = client.post(VERIFY, {"number": held.number, "name": "alice okafor"})
    told = text_of(page)
    for said in (alice.name, held.track.name, held.number, "Active", "1 June 2020", "1 June 2023", "4 May 2021"):
        assert said in told
    for kept in (alice.email, "1980", str(alice.id) + ".", "US"):
        assert kept not in told.replace(alice.number, "")
    assert page["X-Robots-Tag"] == "noindex"
    assert "no-store" in page["Cache-Control"]


def test_the_code_leads_to_the_same_answer(client: Client, alice: Candidate, held: Certification) -> None:
    address = verification.address_for(number=held.number, name=alice.name)
    page = client.get(address.removeprefix("http://testserver"))
    assert page.context["answer"] == ask(held.number, alice.name)
    assert page.context["code"] == sharing.picture_of(address)
    assert page.context["code"] in page.text
    # A number alone fills in the form and asks nothing yet.
    page = client.get(VERIFY, {"number": held.number})
    assert page.context["form"]["number"].value() == held.number
    assert not page.context["asked"]


@pytest.mark.parametrize("given", [{"number": "", "name": "A"}, {"number": "1", "name": "\0"}, {"number": "1" * 81}])
def test_what_cannot_be_asked(client: Client, given: dict[str, str]) -> None:
    page = client.post(VERIFY, {"number": "1", "name": "Alice"} | given)
    assert page.status_code == 422
    assert page.context["answer"] is None


# ── Nobody finds out ──────────────────────────────────────────────────────────────────────────────
def masked(page: Any) -> str:
    """A page without what was typed and without the forms' tokens."""
    return re.sub(r"CE\d+-\w+-\w+|[0-9a-zA-Z]{64}", "-", page.text)


def test_a_wrong_name_and_an_unknown_number_have_the_same_answer(client: Client, held: Certification) -> None:
    wrong, unknown = ({"number": number, "name": "Bob Jones"} for number in (held.number, "CE99999999-CCNP-SECURITY"))
    questions = []
    for given in (wrong, unknown):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.post(VERIFY, given)
        questions.append([re.sub(r"'[^']*'|\d+", "?", each["sql"]) for each in asked.captured_queries])
        assert page.status_code == 200
        assert "No certification has this number and this name" in text_of(page)
    assert questions[0] == questions[1]
    assert len(questions[0]) == 2
    pages_of = [masked(client.post(VERIFY, given)) for given in (wrong, unknown)]
    assert pages_of[0].replace(held.number, "-") == pages_of[1].replace("CE99999999-CCNP-SECURITY", "-")


def ratio(first: Callable[[], Any], second: Callable[[], Any], *, runs: int = 40) -> float:
    """How much longer the slower of two takes than the other, by medians of runs that alternate."""
    taken: tuple[list[float], list[float]] = ([], [])
    for each in range(2 * runs):
        started = perf_counter()
        (first, second)[each % 2]()
        taken[each % 2].append(perf_counter() - started)
    one, other = (median(times[runs // 10 :]) for times in taken)
    return max(one / other, other / one)


def test_a_wrong_name_and_an_unknown_number_take_the_same_time(alice: Candidate, held: Certification) -> None:
    """Whatever else the machine does can disturb one round, hardly each of three; a leak shows in every one."""
    Term.objects.bulk_create(  # the more there is to read, the more a hasty order of questions tells
        Term(
            certification=held,
            starts_on=date(2020, 6, 2) + timedelta(days=each),
            renewed_on=date(2020, 6, 2),
            reason=Term.Reason.RENEWED,
            created_at=NOW,
        )
        for each in range(1500)
    )

    def hasty(number: str) -> None:
        """How one would do it without a thought: read the certification, then compare the name."""
        found = queries.held_in(Certification.objects.filter(number=number).select_related("candidate"))
        if found and found[0].certification.candidate.name == "Bob Jones":
            raise AssertionError

    known, unknown = held.number, "CE99999999-CCNP-SECURITY"
    assert ratio(lambda: hasty(known), lambda: hasty(unknown)) > 1.5  # so that this test can fail
    rounds = (ratio(lambda: ask(known, "Bob Jones"), lambda: ask(unknown, "Bob Jones")) for _each in range(3))
    assert any(each < MARGIN for each in rounds)


def test_only_so_many_are_answered_from_one_address(client: Client, alice: Candidate, held: Certification) -> None:
    right, wrong = ({"number": held.number, "name": name} for name in (alice.name, "Bob"))
    assert {client.post(VERIFY, wrong).status_code for _each in range(30)} == {200}
    page = client.post(VERIFY, right)
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert alice.name not in page.text
    assert client.get(VERIFY).status_code == 200
    assert client.post(VERIFY, right, REMOTE_ADDR="192.0.2.7").context["answer"] is not None
    with clock.standing_at(NOW + timedelta(minutes=15)):
        assert client.post(VERIFY, right).context["answer"] is not None


def test_a_network_of_the_sixth_version_is_one_address(client: Client, held: Certification) -> None:
    given = {"number": held.number, "name": "Bob"}
    answers = [client.post(VERIFY, given, REMOTE_ADDR=f"2001:db8:1:2::{each:x}").status_code for each in range(31)]
    assert answers == [200] * 30 + [429]
    assert client.post(VERIFY, given, REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


# ── Links ─────────────────────────────────────────────────────────────────────────────────────────
def opened(client: Client, link: VerificationLink) -> Any:
    return client.get(reverse("verify_link", args=[link.token]))


def test_a_link_shows_what_was_chosen_and_nothing_else(client: Client, alice: Candidate, held: Certification) -> None:
    other = pages.certify(alice, "ccie-security", "expert", on="2018-02-01")
    link = share(alice, held, label="Acme, Ms Jones")
    assert len(link.token) == 32
    page = opened(client, link)
    told = text_of(page)
    assert held.number in told
    assert other.number not in told
    assert "Acme" not in told
    assert page["X-Robots-Tag"] == "noindex"
    assert page.context["code"] == sharing.picture_of(sharing.address_of(link.token))
    (event,) = Event.objects.filter(topic="candidates.certifications_shared")
    assert event.payload == {"certifications": [held.number]}
    assert link.token not in str(event.payload)

    both = opened(client, share(alice, held, other)).context["shown"]
    assert {each.status for each in both.answers} == {"active", "inactive"}


def test_a_link_follows_what_becomes_of_the_certification(
    client: Client, alice: Candidate, held: Certification
) -> None:
    link = share(alice, held)
    with clock.standing_at(factories.noon("2023-06-01")):
        assert "Not in force: it has expired." in text_of(opened(client, link))


def test_the_last_day_is_the_last(client: Client, alice: Candidate, held: Certification) -> None:
    link = share(alice, held, last_on=day("2021-05-31"))
    with clock.standing_at(clock.end_of(day("2021-05-31"))):
        assert opened(client, link).status_code == 200
    with clock.standing_at(clock.at(day("2021-06-01"), 0)):
        ended = opened(client, link)
        assert ended.status_code == 404
        services.withdraw_link(candidate_id=alice.id, link_id=link.id, now=clock.now())
        assert masked(opened(client, link)) == masked(ended)
        never = client.get(reverse("verify_link", args=["x" * 32]))
        assert (never.status_code, masked(never)) == (404, masked(ended))


@pytest.mark.parametrize("token", ["short", "x" * 33, "%00" + "x" * 31, "é" * 32, "'" * 32])
def test_what_is_no_token_shows_nothing(client: Client, token: str) -> None:
    assert client.get(f"{VERIFY}{token}/").status_code == 404


def test_a_withdrawn_link_shows_nothing_and_stays_so(client: Client, alice: Candidate, held: Certification) -> None:
    link = share(alice, held)
    for later in (0, 1):
        withdrawn = services.withdraw_link(candidate_id=alice.id, link_id=link.id, now=NOW + timedelta(hours=later))
    assert withdrawn.withdrawn_at == NOW
    assert Event.objects.filter(topic="candidates.link_withdrawn").count() == 1
    page = opened(client, link)
    assert page.status_code == 404
    assert alice.name not in page.text


def test_the_same_form_twice_makes_one_link(alice: Candidate, held: Certification) -> None:
    key = uuid4()
    assert share(alice, held, form_key=key) == share(alice, held, form_key=key)
    assert Event.objects.filter(topic="candidates.certifications_shared").count() == 1


@pytest.mark.parametrize(
    "wrong", ["nothing chosen", "somebody else's", "one of somebody else's", "a day that has passed", "too many"]
)
def test_sharing_is_refused(alice: Candidate, held: Certification, wrong: str) -> None:
    theirs = pages.certify(factories.CandidateFactory.create())
    chosen = {"nothing chosen": [], "somebody else's": [theirs], "one of somebody else's": [held, theirs]}
    last_on = TODAY - timedelta(days=1) if wrong == "a day that has passed" else None
    if wrong == "too many":
        for _each in range(50):
            share(alice, held)
    made, events = VerificationLink.objects.count(), Event.objects.count()
    with pytest.raises(Refused) as refusal:
        share(alice, *chosen.get(wrong, [held]), last_on=last_on)
    assert refusal.value.decision.clauses_unmet == ("CERT-09",)
    assert (VerificationLink.objects.count(), Event.objects.count()) == (made, events)
    if wrong == "too many":
        services.withdraw_link(candidate_id=alice.id, link_id=VerificationLink.objects.latest("id").id, now=NOW)
        assert share(alice, held).pk


# ── The holder's page ─────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


def test_making_and_withdrawing_on_the_page(me: Client, alice: Candidate, held: Certification) -> None:
    expired = pages.certify(alice, "ccie-security", "expert", on="2018-02-01")
    form = me.get(SHARING).context["form"]
    assert form["certifications"].value() == [held.id]  # what is over is not shown unasked
    assert me.get(SHARING, {"certification": expired.number}).context["form"]["certifications"].value() == [expired.id]
    key = form["form_key"].value()
    assert UUID(str(key))
    given = {"form_key": key, "certifications": [held.id], "label": "Acme", "last_on": "2021-12-31"}
    answers = [me.post(SHARING, given) for _each in range(2)]
    link = VerificationLink.objects.get()
    assert {answer.url for answer in answers} == {f"{SHARING}#link-{link.id}"}
    page = me.get(SHARING)
    address = f"http://testserver{VERIFY}{link.token}/"
    assert f'value="{address}"' in page.text
    code = base64.b64encode(sharing.square_code(address).encode()).decode()
    assert code in page.text
    assert "31 December 2021" in text_of(page)
    withdraw = reverse("candidates:withdraw_link", args=[link.id])
    assert me.get(withdraw).status_code == 405
    me.post(withdraw)
    page = me.get(SHARING)
    assert link.token not in page.text
    assert "withdrawn on 4 May 2021" in text_of(page)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"certifications": []}, 422, "Choose at least one certification."),
        ({"certifications": ["0"]}, 422, "Select a valid choice"),
        ({"last_on": "31/12/2021"}, 422, "This is not a day."),
        ({"last_on": "2021-05-03"}, 409, "The last day, 3 May 2021, has passed."),
    ],
)
def test_what_the_page_refuses(
    me: Client, held: Certification, changes: dict[str, Any], status: int, said: str
) -> None:
    given = {"form_key": str(uuid4()), "certifications": [held.id], "label": "Acme"} | changes
    page = me.post(SHARING, given)
    assert page.status_code == status
    assert said in text_of(page)
    assert 'value="Acme"' in page.text
    assert not VerificationLink.objects.exists()


def test_links_of_others_are_not_there(me: Client, held: Certification) -> None:
    bob = factories.CandidateFactory.create()
    link = share(bob, pages.certify(bob))
    assert link.token not in me.get(SHARING).text
    assert me.post(reverse("candidates:withdraw_link", args=[link.id])).status_code == 404
    assert VerificationLink.objects.get().withdrawn_at is None
    me.logout()
    assert me.get(SHARING).url.startswith("/accounts/login/")


def test_the_page_asks_as_much_for_many_links_as_for_one(
    me: Client, alice: Candidate, held: Certification, django_assert_max_num_queries: Any
) -> None:
    other = pages.certify(alice, "ccie-security", "expert", on="2018-02-01")
    for each in range(8):
        link = share(alice, held, other)
        if not each % 2:
            services.withdraw_link(candidate_id=alice.id, link_id=link.id, now=NOW)
    address = reverse("verify_link", args=[link.token])
    with django_assert_max_num_queries(12):
        me.get(SHARING)
    me.logout()
    with django_assert_max_num_queries(4):  # the link, what it shows, and all terms, active and Emeritus
        me.get(address)


def test_staff_see_that_there_is_a_link_and_not_where_it_leads(
    client: Client, alice: Candidate, held: Certification, dan: Any
) -> None:
    link = share(alice, held, label="Acme, Ms Jones")
    client.force_login(dan)
    for address in ("admin:candidates_verificationlink_changelist", "admin:candidates_verificationlink_change"):
        page = client.get(reverse(address, args=[link.id] if address.endswith("change") else []))
        assert alice.name in page.text
        assert link.token not in page.text
        assert "Acme" not in page.text
