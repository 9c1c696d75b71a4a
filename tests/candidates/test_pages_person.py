"""Pages about the person: linking the record, contact, certifications, notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, Notice
from catalog.models import ProviderMember
from ceportal.kernel import clock
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, text_of

pytestmark = pytest.mark.django_db
LINK, PROFILE, NOTICES = (reverse(f"candidates:{name}") for name in ("link", "profile", "notice_list"))


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    cache.clear()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


def certification_page(number: str) -> str:
    return reverse("candidates:certification", args=[number])


# ── Linking ───────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def newcomer(client: Client) -> Client:
    client.force_login(factories.UserFactory.create())
    return client


def test_link(newcomer: Client):
    record = factories.CandidateFactory.create()
    answer = newcomer.post(LINK, {"number": f" {record.number.lower()} ", "born": "1980-01-01"})
    assert answer.url == reverse("credits:dashboard")
    record.refresh_from_db()
    assert record.user is not None
    assert "You are connected to the record of" in text_of(newcomer.get(LINK))


@pytest.mark.parametrize(
    ("_case", "changes", "said"),
    [
        ("another birth date", {"born": "1980-01-02"}, "No record without a login has this number"),
        ("an unknown number", {"number": "CSCO1"}, "No record without a login has this number"),
        ("not a day", {"born": "1/1/80"}, "This is not a day."),
        ("nothing", {"number": "", "born": ""}, "This field is required."),
    ],
)
def test_link_refused(newcomer: Client, _case, changes, said):
    record = factories.CandidateFactory.create()
    page = newcomer.post(LINK, {"number": record.number, "born": "1980-01-01"} | changes)
    assert page.status_code == 422
    assert said in text_of(page)
    record.refresh_from_db()
    assert record.user is None


def test_a_record_of_another_looks_like_none(newcomer: Client, alice: Candidate):
    taken = text_of(newcomer.post(LINK, {"number": alice.number, "born": "1980-01-01"}))
    assert "No record without a login has this number and date of birth." in taken


def test_link_can_be_tried_five_times_in_a_quarter_of_an_hour(newcomer: Client):
    record = factories.CandidateFactory.create()
    wrong, right = ({"number": record.number, "born": born} for born in ("1990-01-01", "1980-01-01"))
    assert {newcomer.post(LINK, wrong).status_code for _each in range(5)} == {422}
    page = newcomer.post(LINK, right)
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert "Try again in 15 minutes." in text_of(page)
    # Another login from the same address is held back as well.
    newcomer.force_login(factories.UserFactory.create())
    assert newcomer.post(LINK, right).status_code == 429
    with clock.standing_at(NOW + timedelta(minutes=15)):
        assert newcomer.post(LINK, right).url == reverse("credits:dashboard")


# ── Contact ───────────────────────────────────────────────────────────────────────────────────────
def test_contact(me: Client, alice: Candidate):
    assert "a message that does not reach you changes no deadline. CE-13" in text_of(me.get(PROFILE))
    me.post(PROFILE, {"email": "new@example.org", "language": "ja", "time_zone": "Asia/Tokyo", "billing_country": "JP"})
    alice.refresh_from_db()
    assert (alice.email, alice.time_zone, alice.billing_country) == ("new@example.org", "Asia/Tokyo", "JP")
    assert alice.language == "ja"


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nobody"},
        {"language": "tlh"},
        {"time_zone": "Mars/North"},
        {"billing_country": "B3"},
        {"billing_country": "BEL"},
    ],
)
def test_contact_refused(me: Client, alice: Candidate, changes):
    typed = {"email": "new@example.org", "language": "en", "time_zone": "UTC", "billing_country": "BE"}
    page = me.post(PROFILE, typed | changes)
    assert page.status_code == 422
    assert "Something here needs your attention" in text_of(page)
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


# ── Certifications ────────────────────────────────────────────────────────────────────────────────
def test_certification(me: Client, alice: Candidate):
    certification = pages.certify(alice)
    page = text_of(me.get(certification_page(certification.number)))
    assert f"held by {alice.name}" in page
    assert "Lapses on 1 June 2023" in page
    assert "Imported from the certification records CERT-01" in page
    assert "40 credits and one concentration exam" in page


def test_a_lower_one_is_renewed_with_the_higher(me: Client, alice: Candidate):
    pages.certify(alice)
    lower = pages.certify(alice, "ccna", "associate")
    page = text_of(me.get(certification_page(lower.number)))
    assert "It is renewed together with CCNP SECURITY, while it is active." in page
    assert "30 credits" not in page


def test_valid_for_life(me: Client, alice: Candidate):
    entry = pages.certify(alice, "ccst", "entry")
    assert "valid for life" in text_of(me.get(certification_page(entry.number)))


def test_one_that_ended_says_so(me: Client, alice: Candidate):
    old = pages.certify(alice, on="2017-07-01")
    page = text_of(me.get(certification_page(old.number)))
    assert "Inactive since 1 July 2020" in page
    assert "What regains it CERT-04" in page
    assert "It takes more than one exam" in page
    assert "Its number stays the same." in page
    assert "Its active status ended on 1 July 2020" in page
    assert "running" not in page.partition("Terms CERT-01")[2]


def test_one_that_a_lab_regains_names_it_and_what_opens_it(me: Client, alice: Candidate):
    """CERT-04: nothing renews what has lapsed; a lab that has retired is not offered."""
    old = pages.certify(alice, "ccie-security", "expert", on="2017-07-01")
    lab = factories.ExamFactory.create(number="lab-ccie-security", name="Security lab", kind="expert_lab")
    lab.earns = old.track
    lab.save()
    address = certification_page(old.number)
    page = text_of(me.get(address))
    assert "neither credits nor the exams of a way to renew" in page
    assert "Pass Security lab (lab-ccie-security)." in page
    assert "must have been passed less than 3 years before." in page
    lab.retires_on = date(2021, 5, 4)
    lab.save()
    assert "Security lab" not in text_of(me.get(address))


def test_one_that_was_revoked_is_not_regained(me: Client, alice: Candidate):
    """CERT-10."""
    held = pages.certify(alice)
    held.status = "revoked"
    held.save()
    page = text_of(me.get(certification_page(held.number)))
    assert "It was revoked, and stays so unless the decision is reversed. CERT-10" in page
    assert "regain" not in page


def test_who_may_see_a_certification(client: Client, alice: Candidate, bob: ProviderMember):
    address = certification_page(pages.certify(alice).number)
    assert client.get(address).url.startswith(reverse("account_login"))
    client.force_login(bob.user)
    assert client.get(address).url == LINK
    client.force_login(factories.CandidateFactory.create(login=True).user)
    assert client.get(address).status_code == 404


# ── Notices ───────────────────────────────────────────────────────────────────────────────────────
def write(candidate: Candidate, number: int = 1) -> Notice:
    return Notice.objects.create(
        candidate=candidate,
        kind="news",
        key=f"news:{number}",
        address="old@example.org",
        subject="News",
        body="First.\n\n<b>Second</b>",
        created_at=NOW,
    )


def test_reading_a_notice_is_remembered(me: Client, alice: Candidate):
    notice = write(alice)
    assert "unread" in text_of(me.get(NOTICES))
    page = me.get(reverse("candidates:notice", args=[notice.id]))
    assert "old@example.org" in text_of(page)
    assert "&lt;b&gt;Second" in page.content.decode()
    notice.refresh_from_db()
    assert notice.read_at == NOW
    assert "unread" not in text_of(me.get(NOTICES))


def test_who_may_read_a_notice(client: Client, alice: Candidate):
    notice = write(alice)
    address = reverse("candidates:notice", args=[notice.id])
    assert client.get(address).url.startswith(reverse("account_login"))
    client.force_login(factories.CandidateFactory.create(login=True).user)
    assert client.get(address).status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


@pytest.mark.parametrize("many", [3, 60])
def test_notice_list_query_count(me: Client, alice: Candidate, many: int, django_assert_max_num_queries):
    for number in range(many):
        write(alice, number)
    with django_assert_max_num_queries(12):
        assert me.get(NOTICES).status_code == 200


# ── All pages ─────────────────────────────────────────────────────────────────────────────────────
def test_nothing_inline_and_every_control_has_a_name(me: Client, alice: Candidate, bob: ProviderMember):
    certification = pages.certify(alice)
    pages.enroll(alice)
    item, other = factories.listed_item(), factories.listed_item()
    claim, draft = pages.decided(alice, item, bob, "return"), pages.draft(alice, other)
    write(alice)
    addresses = [
        LINK, PROFILE, NOTICES, certification_page(certification.number),
        *(reverse(f"credits:{name}") for name in ("dashboard", "enroll", "fee", "ledger", "claim_list", "claim_new")),
        *(reverse(f"credits:{name}", args=[claim.number]) for name in ("claim_detail", "claim_edit")),
        reverse("credits:claim_edit", args=[draft.number]),
    ]  # fmt: skip
    for address in addresses:
        page = me.get(address, follow=True)
        assert page.status_code == 200, address
        assert_clean(page.content.decode(), address)


class Page(HTMLParser):
    """What a page has that it must not, and which controls and labels it has."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.controls: set[str] = set()
        self.labelled: set[str] = set()
        self.in_label = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        hidden = given.get("type") in {"hidden", "submit"}
        named = self.in_label or "aria-label" in given
        if tag in {"input", "select", "textarea"} and not hidden and not named:
            self.controls.add(given.get("id") or given.get("name") or tag)
        if tag == "label":
            self.in_label = True
            self.labelled.add(given.get("for") or "")

    def handle_endtag(self, tag: str) -> None:
        self.in_label = self.in_label and tag != "label"


def assert_clean(body: str, address: str) -> None:
    """No inline styles, scripts or handlers; every control that is shown has a label."""
    parser = Page()
    parser.feed(body)
    assert parser.inline == [], address
    assert parser.controls - parser.labelled == set(), address
