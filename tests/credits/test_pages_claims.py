"""Claims as a candidate makes and reads them: bad input, double sending, two tabs, a session that ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate
from catalog.models import Item, ProviderMember
from ceportal.kernel import clock
from credits.models import Claim, Evidence
from credits.services import claims
from credits.services.reviews import decide_claim
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, PDF, text_of
from tests.factories import listed_item

pytestmark = pytest.mark.django_db
LIST, NEW, DRAFT = (reverse(f"credits:claim_{name}") for name in ("list", "new", "draft"))
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    pages.certify(alice)
    pages.enroll(alice)
    client.force_login(alice.user)
    return client


@pytest.fixture
def item(acme) -> Item:
    return listed_item(credits=40, title="Secure access", code="secure-access")


@pytest.fixture
def digital(acme) -> Item:
    return listed_item(credits=20, kind=Item.Kind.DIGITAL, title="Digital course", code="digital-course")


def pdf(name: str = "certificate.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def filled(item: Item, **changes):
    """A form with everything in it; `form_key` is its own."""
    return {
        "form_key": str(uuid4()),
        "item": item.code,
        "provider": "acme",
        "completed_on": "2021-04-20",
        "kit": "digital",
        "note": "In the second week.",
    } | changes


# ── Permissions ───────────────────────────────────────────────────────────────────────────────────
def test_who_may_see_claims(client: Client, me: Client, alice: Candidate, bob: ProviderMember, item: Item):
    claim = pages.submitted(alice, item)
    own = [reverse(f"credits:claim_{page}", args=[claim.number]) for page in ("detail", "edit")]
    other = factories.CandidateFactory.create(login=True)
    client.force_login(other.user)
    assert [client.get(address).status_code for address in own] == [404, 404]
    assert client.post(own[1], filled(item)).status_code == 404
    assert client.get(NEW, {"draft": str(claim.form_key)}).status_code == 404
    assert client.post(reverse("credits:claim_discard", args=[claim.number])).status_code == 404
    client.force_login(bob.user)
    assert client.get(own[0]).url == reverse("candidates:link")
    client.logout()
    for address in (LIST, NEW, *own):
        assert client.get(address).url.startswith(reverse("account_login"))
    assert Claim.objects.get().status == "submitted"


# ── The form ──────────────────────────────────────────────────────────────────────────────────────
def test_the_address_names_the_form(me: Client, item: Item):
    first = me.get(NEW, {"item": item.code})
    assert first.status_code == 302
    assert "draft=" in first.url
    assert item.title in text_of(me.get(first.url))
    assert not Claim.objects.exists()


def test_picking_a_training(me: Client, item: Item, digital: Item):
    address = me.get(NEW).url
    assert item.title in text_of(me.get(address))
    found = me.get(address, {"q": "digital", "draft": address[-36:]}, headers=HTMX)
    assert digital.title in text_of(found)
    assert item.title not in text_of(found)
    assert "<html" not in found.content.decode()
    none = me.get(NEW, {"draft": address[-36:], "q": "nowhere"})
    assert "Nothing in the catalog matches" in text_of(none)


def test_the_one_provider_is_chosen_and_kits_are_for_classes(me: Client, item: Item, digital: Item):
    page = me.get(NEW, {"item": item.code}, follow=True).content.decode()
    assert '<option value="acme" selected>' in page
    assert 'name="kit"' in page
    assert 'name="kit"' not in me.get(NEW, {"item": digital.code}, follow=True).content.decode()


def test_every_field_has_a_label(me: Client, item: Item):
    page = me.get(NEW, {"item": item.code}, follow=True).content.decode()
    for field in ("id_completed_on", "id_provider", "id_evidence", "id_note"):
        assert f'for="{field}"' in page


def test_hand_in(me: Client, digital: Item):
    answer = me.post(NEW, filled(digital, submit="1", evidence=pdf()))
    claim = Claim.objects.get()
    assert answer.url == reverse("credits:claim_detail", args=[claim.number])
    assert (claim.status, claim.credits, claim.note) == ("submitted", 20, "In the second week.")
    assert claim.evidence.get().original_name == "certificate.pdf"
    assert "It should answer by 14 May 2021 (in 10 days)." in text_of(me.get(answer.url))


def test_sent_twice_is_one_claim(me: Client, item: Item):
    form = filled(item, submit="1")
    answers = [me.post(NEW, form).url for _twice in range(2)]
    assert answers[0] == answers[1]
    assert Claim.objects.count() == 1


def test_two_tabs_the_second_is_refused_with_a_link_to_the_first(me: Client, item: Item):
    me.post(NEW, filled(item, submit="1"))
    first = Claim.objects.get()
    page = me.post(NEW, filled(item, submit="1", completed_on="2021-04-21", note="again"))
    assert page.status_code == 422
    assert "has been claimed or has counted in this cycle already" in text_of(page)
    assert "(CR-04)" in text_of(page)
    assert reverse("credits:claim_detail", args=[first.number]) in page.content.decode()
    assert ">again</textarea>" in page.content.decode().replace("\n", "")
    assert sorted(Claim.objects.values_list("status", flat=True)) == ["draft", "submitted"]


def test_missing_essentials_stand_beside_their_fields(me: Client, item: Item):
    page = me.post(NEW, filled(item, submit="1", provider="", completed_on=""))
    body = page.content.decode()
    assert page.status_code == 422
    assert 'id="id_provider_error"' in body
    assert 'id="id_completed_on_error"' in body
    assert "Something here needs your attention" in body
    assert "In the second week." in body
    assert Claim.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("_case", "changes", "said"),
    [
        ("in the future", {"completed_on": "2021-05-05"}, "The completion date lies in the future."),
        ("too long ago", {"completed_on": "2021-02-02"}, "Filed too late"),
        ("before it was certified", {"completed_on": "2020-05-20"}, "No certification was in an eligible status"),
        ("not a day", {"completed_on": "yesterday"}, "This is not a day."),
        ("an unknown provider", {"provider": "nobody"}, "This provider does not deliver the training."),
    ],
)
def test_bad_input_is_said_and_nothing_is_lost(me: Client, item: Item, _case, changes, said):
    page = me.post(NEW, filled(item, submit="1", **changes))
    assert page.status_code == 422
    assert said in text_of(page)
    assert "In the second week." in text_of(page)
    assert Claim.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("_case", "name", "content", "said"),
    [
        ("a text named .pdf", "certificate.pdf", b"just words", "is not a PDF, PNG or JPEG, whatever its name says."),
        ("eleven megabytes", "big.pdf", b"%PDF-" + b"0" * 11 * 1024 * 1024 + b"%%EOF", "is larger than 10 MB."),
        ("nothing", "empty.pdf", b"", "This file is empty."),
    ],
)
def test_a_file_that_is_none_is_refused_and_the_rest_kept(me: Client, digital: Item, _case, name, content, said):
    page = me.post(NEW, filled(digital, submit="1", evidence=pdf(name, content)))
    assert page.status_code == 422
    assert said in text_of(page)
    assert 'id="id_evidence_error"' in page.content.decode()
    claim = Claim.objects.get()
    assert (claim.status, claim.note, claim.completed_on) == ("draft", "In the second week.", date(2021, 4, 20))
    assert not Evidence.objects.exists()


def test_digital_training_needs_the_certificate(me: Client, digital: Item):
    page = me.post(NEW, filled(digital, submit="1"))
    assert page.status_code == 422
    assert "Self-paced digital training needs the certificate of completion." in text_of(page)


def test_the_file_stays_when_handing_in_is_refused(me: Client, digital: Item):
    form = filled(digital, submit="1", completed_on="2021-05-05", evidence=pdf())
    assert "certificate.pdf" in text_of(me.post(NEW, form))
    form |= {"completed_on": "2021-05-04"}
    del form["evidence"]
    me.post(NEW, form)
    assert Claim.objects.get().status == "submitted"


def test_a_file_can_be_taken_back(me: Client, alice: Candidate, digital: Item):
    form = filled(digital, save="1", evidence=pdf())
    me.post(NEW, form)
    file = Evidence.objects.get()
    del form["evidence"], form["save"]
    address = reverse("credits:claim_edit", args=[file.claim.number])
    me.post(address, form | {"remove": str(file.id + 999)})
    assert Evidence.objects.get().removed_at is None
    me.post(address, form | {"remove": str(file.id)})
    assert Evidence.objects.get().removed_at is not None
    assert "certificate.pdf" not in text_of(me.get(address))


# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_typed_is_kept_and_the_checklist_answers(me: Client, digital: Item):
    form = filled(digital)
    partial = me.post(DRAFT, form | {"changed": "completed_on"}, headers=HTMX)
    page = text_of(partial)
    assert "Not everything is met yet" in page
    assert "Self-paced digital training needs the certificate of completion." in page
    assert "<html" not in partial.content.decode()
    with_file = me.post(DRAFT, form | {"changed": "evidence", "evidence": pdf()}, headers=HTMX)
    assert "Everything is met" in text_of(with_file)
    assert 'id="claim-evidence"' in with_file.content.decode()
    kept = me.get(NEW, {"draft": form["form_key"]}).content.decode()
    assert 'value="2021-04-20"' in kept
    assert "In the second week." in kept
    assert Claim.objects.count() == 1


def test_a_half_filled_form_says_what_is_missing(me: Client, item: Item):
    page = text_of(me.post(DRAFT, filled(item, completed_on=""), headers=HTMX))
    assert "It still needs: the day you completed it" in page


def test_a_session_that_ended_comes_back_to_the_draft(client: Client, me: Client, alice: Candidate, item: Item):
    form = filled(item)
    me.post(DRAFT, form, headers=HTMX)
    client.logout()
    back = f"{NEW}?draft={form['form_key']}"
    autosave = client.post(DRAFT, form, headers=HTMX)
    sign_in = f"{reverse('account_login')}?next={NEW}%3Fdraft%3D{form['form_key']}"
    assert autosave.headers["HX-Redirect"] == f"{sign_in}%26item%3D{item.code}"
    plain = client.post(back, form | {"submit": "1"})
    assert plain.url == sign_in
    client.force_login(alice.user)
    assert "In the second week." in text_of(client.get(back))


def test_the_same_training_begun_before_is_continued(me: Client, alice: Candidate, item: Item):
    claim = pages.draft(alice, item, note="So far.")
    page = me.get(NEW, {"item": item.code}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("credits:claim_edit", args=[claim.number])
    assert "So far." in text_of(page)


def test_autosave_after_handing_in_goes_to_the_claim(me: Client, item: Item):
    form = filled(item)
    me.post(NEW, form | {"submit": "1"})
    claim = Claim.objects.get()
    answer = me.post(DRAFT, form | {"note": "late"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == reverse("credits:claim_detail", args=[claim.number])
    claim.refresh_from_db()
    assert claim.note == "In the second week."


def test_throwing_a_draft_away(me: Client, alice: Candidate, item: Item, django_capture_on_commit_callbacks: Any):
    """CAND-09: its files go with it; what was handed in stays."""
    draft, kept = pages.draft(alice, item), pages.submitted(alice, listed_item())
    file = claims.attach_evidence(candidate_id=alice.id, claim_id=draft.id, name="c.pdf", content=PDF, now=NOW).file
    assert default_storage.exists(str(file))
    with django_capture_on_commit_callbacks(execute=True):
        for claim in (draft, kept):
            me.post(reverse("credits:claim_discard", args=[claim.number]))
    assert list(Claim.objects.all()) == [kept]
    assert not default_storage.exists(str(file))


def test_choosing_another_training_keeps_what_was_typed(me: Client, item: Item, digital: Item):
    form = filled(item)
    pick = me.post(NEW, form | {"pick": "1"}).url
    assert "Which training have you completed?" in text_of(me.get(pick))
    changed = me.get(NEW, {"draft": form["form_key"], "item": digital.code}).content.decode()
    assert digital.title in changed


# ── The claim and the list ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("approve", "Approved: 40 credits are in your ledger"),
        ("return", "Edit and hand in again"),
        ("reject", "Claim it anew"),
    ],
)
def test_what_became_of_a_claim(me: Client, alice: Candidate, item: Item, outcome, said):
    claim = pages.decided(alice, item, factories.ProviderMemberFactory.create(), outcome)
    page = text_of(me.get(reverse("credits:claim_detail", args=[claim.number])))
    assert said in page
    assert "Why?" in page
    assert ("So it is." in page) == (outcome != "approve")


def test_a_returned_claim_is_handed_in_again(me: Client, alice: Candidate, bob: ProviderMember, digital: Item):
    form = filled(digital, submit="1", evidence=pdf())
    me.post(NEW, form)
    claim = Claim.objects.get()
    decide_claim(claim_id=claim.id, member_id=bob.id, outcome="return", reason="The name, please.", now=NOW)
    address = reverse("credits:claim_edit", args=[claim.number])
    page = me.get(address)
    assert "The name, please." in text_of(page)
    assert 'name="completed_on"' not in page.content.decode()
    me.post(
        address, {"form_key": str(claim.form_key), "note": "Here it is.", "completed_on": "2019-01-01", "submit": "1"}
    )
    claim.refresh_from_db()
    assert (claim.status, claim.note, claim.completed_on) == ("submitted", "Here it is.", date(2021, 4, 20))


def test_list_by_state_and_words(me: Client, alice: Candidate, bob: ProviderMember, item: Item, digital: Item):
    pages.decided(alice, item, bob)
    pages.draft(alice, digital)
    assert "Claim a training" in text_of(me.get(LIST))
    approved = text_of(me.get(LIST, {"state": "approved"}))
    assert item.title in approved
    assert digital.title not in approved
    assert digital.title in text_of(me.get(LIST, {"q": "digital"}))
    assert "No claim matches" in text_of(me.get(LIST, {"q": "nothing"}))
    assert me.get(LIST, {"state": "nonsense", "page": "x"}).status_code == 200


def test_an_empty_list_says_what_to_do(me: Client):
    assert "You have claimed nothing yet" in text_of(me.get(LIST))


@pytest.mark.parametrize("many", [3, 60])
def test_list_query_count(me: Client, alice: Candidate, item: Item, many: int, django_assert_max_num_queries):
    Claim.objects.bulk_create(
        Claim(candidate=alice, number=f"C-{number}", form_key=uuid4(), item=item, created_at=NOW)
        for number in range(many)
    )
    with django_assert_max_num_queries(12):
        assert me.get(LIST).status_code == 200
