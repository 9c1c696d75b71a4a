"""What staff do in the administration: every act is one service call, done once, or refused with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from candidates import services as people
from candidates.models import (
    Candidate,
    Case,
    Certification,
    ChannelPartner,
    GuardianConsent,
    Notice,
    ResidenceProof,
    Sanction,
    User,
)
from candidates.services import open_case
from catalog.models import Authorisation, BoardDecision, BoardReview, Listing, ProviderMember
from catalog.models import Delivery as Run
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery, Event
from exams.models import Attempt
from exams.services import record_attempt
from payments.models import Invoice, Payment, Refund, Voucher
from tests import factories
from tests.ceportal.staff_world import NOW, paid_order, somebody
from tests.factories import day

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    client.force_login(dan)
    return client


def test_a_candidate_is_registered_and_a_certification_imported(desk: Client) -> None:
    track = factories.TrackFactory.create()
    person = {"number": "csco7", "name": "Ann", "born": "1990-02-03", "country": "be", "email": "ann@example.org"}

    assert desk.post("/admin/candidates/candidate/add/", person).status_code == HTTPStatus.FOUND
    again = desk.post("/admin/candidates/candidate/add/", person)
    ann = Candidate.objects.get(number="CSCO7")
    held = {"track": track.pk, "certified_on": "2025-01-01"}
    url = f"/admin/candidates/candidate/{ann.id}/import-certification/"

    assert "registered already" in again.content.decode()
    assert (ann.country, Event.objects.filter(topic="candidates.candidate_registered").count()) == ("BE", 1)
    assert desk.post(url, held).status_code == HTTPStatus.FOUND
    assert Certification.objects.get(candidate=ann).status == "active"
    wrong = desk.post(url, {"track": track.pk, "certified_on": "2026-05-05"})
    assert "This day is still to come." in wrong.content.decode()


def test_a_decision_of_the_board_is_recorded_or_refused_with_its_reasons(desk: Client, dan: User) -> None:
    item = factories.ItemFactory.create()
    desk.post("/admin/catalog/boardreview/add/", {"held_on": "2026-05-04"})
    review = BoardReview.objects.get(quarter="2026-Q2")
    url = f"/admin/catalog/item/{item.id}/decide/"
    asked = {"outcome": "list", "credits": "500", "effective_on": "2026-06-01", "review": review.pk}

    refused = desk.post(url, asked)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "A training is worth between 4 and 64 credits, not 500." in refused.content.decode()
    assert 'value="500"' in refused.content.decode()
    assert not Listing.objects.exists()

    assert desk.post(url, asked | {"credits": "40"}).status_code == HTTPStatus.FOUND
    assert Listing.objects.get().credits == 40
    assert BoardDecision.objects.get().decided_by == dan


def test_authorisations_and_runs_go_through_their_services(desk: Client) -> None:
    item, provider = factories.ItemFactory.create(), factories.ProviderFactory.create()
    run = {"provider": provider.pk, "item": item.pk, "code": "R-1", "starts_on": "2026-06-01", "ends_on": "2026-06-05"}

    assert desk.post("/admin/catalog/delivery/add/", run).status_code == HTTPStatus.CONFLICT  # not authorised
    desk.post(f"/admin/catalog/item/{item.id}/authorise/", {"provider": provider.pk, "starts_on": "2026-01-01"})
    authorisation = Authorisation.objects.get()
    assert desk.post("/admin/catalog/delivery/add/", run).status_code == HTTPStatus.FOUND
    desk.post(f"/admin/catalog/authorisation/{authorisation.id}/withdraw/", {"ends_on": "2026-07-01"})

    authorisation.refresh_from_db()
    assert authorisation.ends_on == day("2026-07-01")
    assert Run.objects.get().code == "R-1"


def test_a_result_is_recorded_once_and_an_unknown_candidate_is_said(desk: Client, alice: Candidate) -> None:
    exam = factories.ExamFactory.create()
    result = {"candidate": alice.number, "exam": exam.pk, "taken_on": "2026-05-01", "result": "fail"}

    for _time in range(2):
        assert desk.post("/admin/exams/attempt/record/", result).status_code == HTTPStatus.FOUND
    unknown = desk.post("/admin/exams/attempt/record/", result | {"candidate": "nobody"})

    assert Attempt.objects.count() == 1
    assert "There is no candidate with the number NOBODY." in unknown.content.decode()
    assert desk.post("/admin/exams/attempt/record/", result | {"result": "pass"}).status_code == HTTPStatus.CONFLICT


def test_a_result_that_the_rules_forbid_is_kept_and_said(desk: Client, alice: Candidate) -> None:
    """EXAM-08: what was recorded shows why it does not count, and leads to its case."""
    exam = factories.ExamFactory.create()
    result = {"candidate": alice.number, "exam": exam.pk, "taken_on": "2026-05-01", "result": "fail", "accepts": "on"}
    desk.post("/admin/exams/attempt/record/", result)
    answer = desk.post(
        "/admin/exams/attempt/record/", result | {"taken_on": "2026-05-03", "held_in": "KE"}, follow=True
    )

    assert "by EXAM-03. It counts for nothing, and a case is open." in answer.text
    early = Attempt.objects.get(result=Attempt.Result.DISALLOWED)
    assert early.held_in == "KE"
    page = desk.get(f"/admin/exams/attempt/{early.pk}/change/").text
    assert "was failed on 1 May 2026, and the wait is not over." in page
    case = Case.objects.get()
    assert f"/admin/exams/attempt/{early.pk}/change/" in desk.get(f"/admin/candidates/case/{case.pk}/change/").text


def test_a_refund_is_requested_once(desk: Client, alice: Candidate) -> None:
    order = paid_order(alice)
    url = f"/admin/payments/order/{order.id}/refund/"

    assert "USD" in desk.get(url).content.decode()
    for _time in range(2):
        assert desk.post(url, {"reason": "Paid twice elsewhere."}).status_code == HTTPStatus.FOUND
    assert Refund.objects.get().amount_cents == 12100
    assert desk.post(f"/admin/payments/order/{order.id}/cancel/").status_code == HTTPStatus.CONFLICT


def test_staff_give_back_some_lines(desk: Client, alice: Candidate) -> None:
    order = paid_order(alice)
    url = f"/admin/payments/order/{order.id}/refund/"

    assert 'value="admin_fee"' in desk.get(url).content.decode()
    assert desk.post(url, {"reason": "x", "kinds": ["lab_fee"]}).status_code == HTTPStatus.OK  # it has no such line
    assert not Refund.objects.exists()
    assert desk.post(url, {"reason": "Not due.", "kinds": ["admin_fee"]}).status_code == HTTPStatus.FOUND
    assert Refund.objects.get().amount_cents == 12100


def test_a_voucher_is_issued_under_its_reference_once(desk: Client, dan: User, alice: Candidate) -> None:
    values = {"candidate": alice.number, "expires_on": "2099-12-31", "reference": "PO-4711/1"}

    for _time in range(2):
        assert desk.post("/admin/payments/voucher/add/", values).status_code == HTTPStatus.FOUND
    late = desk.post("/admin/payments/voucher/add/", values | {"expires_on": "2020-01-01", "reference": ""})

    voucher = Voucher.objects.get()
    assert (voucher.candidate, voucher.issued_by, voucher.status) == (alice, dan, "unused")
    assert late.status_code == HTTPStatus.CONFLICT
    page = desk.get(f"/admin/payments/voucher/{voucher.id}/change/").content.decode()
    assert voucher.code not in page
    assert voucher.code[-4:] in page


def test_an_invoice_is_sent_again_and_never_edited(desk: Client, client: Client, alice: Candidate) -> None:
    """PAY-03: whoever may only look at it sends nothing either."""
    order = paid_order(alice)
    invoice = Invoice.objects.create(
        order=order,
        candidate=alice,
        year=2026,
        sequence=1,
        number="INV-2026-000001",
        content={"total_cents": 12100, "currency": "USD"},
        issued_on=NOW.date(),
        issued_at=NOW,
    )
    url = f"/admin/payments/invoice/{invoice.pk}/"
    assert desk.post(f"{url}change/", {"number": "INV-1"}).status_code == HTTPStatus.FORBIDDEN
    assert desk.post(f"{url}send-again/", {"go": "1"}).status_code == HTTPStatus.FOUND
    assert Notice.objects.filter(kind="invoice_issued", candidate=alice).count() == 1
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_invoice"))
    client.force_login(clerk)
    assert client.post(f"{url}send-again/", {"go": "1"}).status_code == HTTPStatus.FORBIDDEN
    assert Notice.objects.filter(kind="invoice_issued", candidate=alice).count() == 1


def test_a_silent_card_service_changes_nothing(desk: Client, alice: Candidate) -> None:
    order = paid_order(alice)
    payment = order.payments.get()
    Payment.objects.filter(pk=payment.pk).update(status=Payment.Status.OPEN, paid_at=None)

    page = desk.post(f"/admin/payments/payment/{payment.id}/refresh/", {"go": "1"})

    assert "The card service does not answer." in page.content.decode()
    payment.refresh_from_db()
    assert payment.status == Payment.Status.OPEN


def test_a_result_is_corrected_with_its_reason(desk: Client) -> None:
    """EXAM-09: the old result stays, superseded; without a reason nothing is corrected."""
    exam = factories.ExamFactory.create(number="350-701", kind="core")
    alice = factories.CandidateFactory.create()
    attempt = record_attempt(
        candidate_id=alice.pk, exam_number=exam.number, taken_on=day("2026-05-01"), result="pass", now=NOW
    )
    url = f"/admin/exams/attempt/{attempt.pk}/correct/"

    refused = desk.post(url, {"result": "annulled", "reason": " "})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "without saying why it was wrong" in refused.content.decode()
    assert desk.post(url, {"result": "annulled", "reason": "misconduct"}).status_code == HTTPStatus.FOUND
    assert Attempt.objects.get(supersedes=attempt).result == "annulled"


def test_a_case_is_closed_with_what_was_decided(desk: Client, dan: User) -> None:
    """EXAM-09: staff find the case with its records, and close it in words; nobody decides about themselves."""
    alice = factories.CandidateFactory.create()
    about = {"kind": Case.Kind.CORRECTED_RESULT, "clause": "EXAM-09", "subject": "exams.attempt:1", "facts": {}}
    case = open_case(key="first", candidate_id=alice.pk, now=NOW, **about)
    assert open_case(key="first", candidate_id=alice.pk, now=NOW, **about) == case
    url = f"/admin/candidates/case/{case.pk}/close/"

    assert "exams.attempt 1" in desk.get(f"/admin/candidates/case/{case.pk}/change/").content.decode()
    assert desk.post(url, {"resolution": ""}).status_code == HTTPStatus.CONFLICT
    assert desk.post(url, {"resolution": "The later renewal stays."}).status_code == HTTPStatus.FOUND
    case.refresh_from_db()
    assert (case.status, case.closed_by, case.resolution) == ("closed", dan, "The later renewal stays.")

    dans = factories.CandidateFactory.create(user=dan)
    own = open_case(key="second", candidate_id=dans.pk, now=NOW, **about)
    refused = desk.post(f"/admin/candidates/case/{own.pk}/close/", {"resolution": "Nothing was wrong."})
    assert "Nobody decides a case about themselves." in refused.content.decode()
    own.refresh_from_db()
    assert own.status == "open"


def test_a_failed_delivery_is_tried_again(desk: Client, bob: ProviderMember) -> None:
    factories.AgreementFactory.create()
    somebody(bob)
    failed = Delivery.objects.filter(receiver="mail").earliest("id")
    Delivery.objects.filter(pk=failed.pk).update(status=Delivery.Status.FAILED, attempts=12)
    others = Delivery.objects.exclude(pk=failed.pk)
    before = list(others.values_list("id", "status", "due_at"))
    chosen = [str(each) for each in Delivery.objects.values_list("id", flat=True)]

    desk.post("/admin/kernel/delivery/", {"action": "try_again", "_selected_action": chosen})

    failed.refresh_from_db()
    assert (failed.status, failed.attempts, failed.due_at) == (Delivery.Status.PENDING, 0, NOW)
    assert list(others.values_list("id", "status", "due_at")) == before


def test_a_login_is_opened_without_a_password(
    desk: Client, mailoutbox: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    login = {"email": "New@Example.org", "name": "New Reviewer"}

    assert desk.post("/admin/candidates/user/add/", login).status_code == HTTPStatus.FOUND
    again = desk.post("/admin/candidates/user/add/", login)
    user = User.objects.get(email="new@example.org")
    with django_capture_on_commit_callbacks(execute=True):
        Client().post("/accounts/password/reset/", {"email": "new@example.org"})

    assert "There is a login with this address already." in again.content.decode()
    assert not user.has_usable_password()
    assert [message.to for message in mailoutbox] == [["new@example.org"]]


def test_staff_without_the_power_cannot_make_themselves_administrators(client: Client) -> None:
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)

    client.post(
        f"/admin/candidates/user/{clerk.id}/change/", {"name": "Clerk", "is_active": "on", "is_superuser": "on"}
    )

    clerk.refresh_from_db()
    assert (clerk.name, clerk.is_superuser) == ("Clerk", False)


def test_a_sanction_takes_two_of_staff(client: Client, desk: Client, dan: User, alice: Candidate) -> None:
    """CAND-02: proposed on the candidate's record, signed by another, appealed, and decided by a third."""
    first, second, third = dan, *(factories.UserFactory.create(staff=True, second_factor=True) for _each in range(2))
    asked = {"clause": "CERT-08", "statement": "Sold the logo on mugs.", "reach": "everything_for_now"}
    propose = f"/admin/candidates/candidate/{alice.id}/propose-sanction/"
    assert "CERT-08 Logos" in desk.get(propose).content.decode()
    assert desk.post(propose, asked | {"statement": ""}).status_code == HTTPStatus.OK
    assert desk.post(propose, asked | {"ends_on": "2026-08-01"}).status_code == HTTPStatus.FOUND
    sanction = Sanction.objects.get()
    page = f"/admin/candidates/sanction/{sanction.id}"
    assert "sanction that waits for a second signature" in desk.get("/admin/").content.decode()

    refused = desk.post(f"{page}/confirm/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "decided by another person than proposed it" in refused.content.decode()
    client.force_login(second)
    assert client.post(f"{page}/confirm/").status_code == HTTPStatus.FOUND
    sanction.refresh_from_db()
    assert (sanction.status, sanction.proposed_by, sanction.decided_by) == ("running", first, second)
    assert (sanction.permanent, sanction.exams_only, sanction.ends_on) == (False, False, day("2026-08-01"))

    people.file_sanction_appeal(candidate_id=alice.id, sanction_id=sanction.id, words="A gift.", now=NOW)
    assert "<strong>1</strong> appeal against a sanction</a>" in client.get("/admin/").content.decode()
    assert client.post(f"{page}/dismiss-appeal/", {"reason": "No."}).status_code == HTTPStatus.CONFLICT
    client.force_login(third)
    assert client.post(f"{page}/uphold-appeal/", {"reason": "So it was."}).status_code == HTTPStatus.FOUND
    sanction.refresh_from_db()
    assert (sanction.status, sanction.appeal_outcome, sanction.lifted_by) == ("lifted", "upheld", third)
    assert client.post(f"{page}/lift/", {"reason": "Again."}).status_code == HTTPStatus.FOUND  # it is lifted already


def test_a_case_leads_to_a_sanction_and_a_proposal_can_be_declined(client: Client, desk: Client, dan: User) -> None:
    alice = factories.CandidateFactory.create()
    case = open_case(
        key="one", kind=Case.Kind.FAILED_AUDIT, clause="CE-12", candidate_id=alice.pk, subject="x:1", facts={}, now=NOW
    )
    about_nobody = open_case(
        key="two", kind=Case.Kind.FAILED_AUDIT, clause="CE-12", candidate_id=None, subject="x:2", facts={}, now=NOW
    )
    asked = {"clause": "CE-12", "statement": "Forged certificates.", "reach": "exams"}
    url = f"/admin/candidates/case/{about_nobody.pk}/propose-sanction/"
    assert desk.post(url, asked).status_code == HTTPStatus.NOT_FOUND
    assert desk.post(f"/admin/candidates/case/{case.pk}/propose-sanction/", asked).status_code == HTTPStatus.FOUND
    sanction = Sanction.objects.get(case=case, candidate=alice, exams_only=True, permanent=True)

    client.force_login(factories.UserFactory.create(staff=True, second_factor=True))
    decline = f"/admin/candidates/sanction/{sanction.id}/decline/"
    assert client.post(decline, {"reason": ""}).status_code == HTTPStatus.CONFLICT
    assert client.post(decline, {"reason": "They are genuine."}).status_code == HTTPStatus.FOUND
    sanction.refresh_from_db()
    assert (sanction.status, sanction.decided_because) == ("declined", "They are genuine.")


@pytest.mark.parametrize(
    "act", ["propose-sanction", "record-consent", "ask-guardian", "verify-residence", "change-residence"]
)
def test_who_may_read_a_record_may_not_act_on_it(client: Client, alice: Candidate, act: str) -> None:
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_candidate", "view_sanction"]))
    client.force_login(clerk)
    assert client.post(f"/admin/candidates/candidate/{alice.id}/{act}/", {}).status_code == HTTPStatus.FORBIDDEN


def test_residence_and_what_proves_it(desk: Client, alice: Candidate) -> None:
    """CAND-07: a proof lapses when the residence on record changes."""
    page = f"/admin/candidates/candidate/{alice.id}"
    assert desk.post(f"{page}/change-residence/", {"country": "IR"}).status_code == HTTPStatus.FOUND
    seen = {"country": "TR", "document": "Residence permit of Ankara, valid to 2028."}
    assert desk.post(f"{page}/verify-residence/", seen | {"country": "IR"}).status_code == HTTPStatus.CONFLICT
    assert desk.post(f"{page}/verify-residence/", seen).status_code == HTTPStatus.FOUND
    assert ResidenceProof.objects.get().lapsed_at is None
    desk.post(f"{page}/change-residence/", {"country": "UA", "region": " ua-43 "})

    alice.refresh_from_db()
    assert (alice.country, alice.region) == ("UA", "UA-43")
    assert ResidenceProof.objects.get().lapsed_at == NOW


def test_a_guardian_s_signature_is_recorded_and_withdrawn(desk: Client, alice: Candidate) -> None:
    page = f"/admin/candidates/candidate/{alice.id}"
    signed = {"guardian": "A. Parent", "signed_on": "2026-05-05", "evidence": "Form 12."}
    assert desk.post(f"{page}/record-consent/", signed).status_code == HTTPStatus.CONFLICT  # tomorrow
    assert desk.post(f"{page}/record-consent/", signed | {"signed_on": "2026-05-01"}).status_code == HTTPStatus.FOUND
    consent = GuardianConsent.objects.get()
    withdraw = f"/admin/candidates/guardianconsent/{consent.id}/withdraw/"
    assert desk.post(withdraw, {"reason": "Taken back."}).status_code == HTTPStatus.FOUND
    consent.refresh_from_db()
    assert (consent.guardian, consent.withdrawn_because) == ("A. Parent", "Taken back.")


def test_an_association_is_confirmed_declined_and_ended(desk: Client, dan: User) -> None:
    """CERT-07."""
    expert = factories.CertificationFactory.create(active_ends_on=day("2027-01-01")).candidate
    partner = ChannelPartner.objects.create(code="northwind", name="Northwind")
    about = {"candidate_id": expert.id, "partner_code": "northwind", "country": "US", "full_time": True, "now": NOW}
    first = people.request_affiliation(**about)
    page = f"/admin/candidates/affiliation/{first.id}"
    assert desk.post(f"{page}/end/", {"reason": "Early."}).status_code == HTTPStatus.CONFLICT
    assert desk.post(f"{page}/decline/", {"reason": "Unknown."}).status_code == HTTPStatus.FOUND
    assert desk.post(f"{page}/confirm/").status_code == HTTPStatus.CONFLICT

    second = people.request_affiliation(**about)
    page = f"/admin/candidates/affiliation/{second.id}"
    assert desk.post(f"{page}/confirm/").status_code == HTTPStatus.FOUND
    assert expert.name in desk.get(f"/admin/candidates/channelpartner/{partner.id}/change/").content.decode()
    assert desk.post(f"{page}/end/", {"reason": "Left."}).status_code == HTTPStatus.FOUND
    second.refresh_from_db()
    assert (second.status, second.decided_by, second.ended_by, second.reason) == ("ended", dan, dan, "Left.")
