"""The administration: who gets in, that every page opens without asking too much, what stays as it is, what acts do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import services as people
from candidates.models import Candidate, Certification, Notice, User
from catalog.models import (
    Authorisation,
    BoardDecision,
    BoardReview,
    Listing,
    ProviderMember,
)
from catalog.models import Delivery as Run
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery, Event
from credits.models import AdministrativeFee, Claim, Entry
from credits.services import claims, enrollment, reports, reviews
from emeritus.services import import_emeritus
from exams.models import Attempt, SiteMember
from exams.services import record_attempt
from payments.models import Invoice, Order, OrderLine, Payment, Refund, StripeEvent
from tests import factories
from tests.factories import day, noon
from tests.story import PDF

NOW = noon("2026-05-04")
OURS = ("kernel", "candidates", "catalog", "payments", "exams", "emeritus", "credits")
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
LISTS = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in MODELS]
# What staff write by forms; everything else is read, and changed by services only.
WRITTEN_BY_STAFF = {
    "candidates.user",
    "candidates.track",
    "candidates.agreement",
    "catalog.provider",
    "catalog.providermember",
    "catalog.item",
    "exams.exam",
    "exams.site",
    "exams.sitemember",
}
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


def somebody(member: ProviderMember) -> Candidate:
    """A candidate with rows in nearly every table: enrolled, claimed, approved, reported, paid, refunded."""
    candidate = factories.CandidateFactory.create(login=True)
    track = factories.TrackFactory.create()
    people.import_certification(
        candidate_id=candidate.id, track_code=track.code, certified_on=day("2025-01-01"), now=NOW
    )
    enrollment.enroll(candidate_id=candidate.id, accept_terms=True, ip_address="192.0.2.1", now=NOW)
    for outcome in ("approve", "return"):
        run = factories.DeliveryFactory.create(provider=member.provider, ends_on=day("2026-04-01"))
        form = claims.ClaimForm(
            item_id=run.item_id, provider_id=run.provider_id, delivery_id=run.id, completed_on=run.ends_on
        )
        claim = claims.save_draft(candidate_id=candidate.id, form_key=uuid4(), form=form, now=NOW)
        claims.attach_evidence(candidate_id=candidate.id, claim_id=claim.id, name="c.pdf", content=PDF, now=NOW)
        claims.submit_claim(candidate_id=candidate.id, claim_id=claim.id, now=NOW)
        reviews.decide_claim(claim_id=claim.id, member_id=member.id, outcome=outcome, reason="So be it.", now=NOW)
    reported = factories.listed_item(provider=member.provider, credits=8)
    reports.report_completion(
        provider_id=member.provider_id,
        candidate_id=candidate.id,
        item_code=reported.code,
        completed_on=day("2026-04-02"),
        member_id=member.id,
        now=NOW,
    )
    exam = factories.ExamFactory.create(number="300-415", kind="concentration")
    record_attempt(
        candidate_id=candidate.id, exam_number=exam.number, taken_on=day("2025-01-02"), result="fail", now=NOW
    )
    people.write_notice(
        candidate=candidate, kind="test", key=f"test:{candidate.id}", subject="A word", body="To you.", now=NOW
    )
    paid_and_refunded(candidate)
    in_emeritus = factories.CandidateFactory.create()
    import_emeritus(
        candidate_id=in_emeritus.id,
        track_code=track.code,
        certified_on=day("2010-01-01"),
        until=day("2026-12-01"),
        now=NOW,
    )
    return candidate


def paid_and_refunded(candidate: Candidate) -> Order:
    order = paid_order(candidate)
    Refund.objects.create(
        payment=order.payments.get(), amount_cents=12100, reason="Because.", requested_at=NOW, next_check_at=NOW
    )
    AdministrativeFee.objects.create(cycle=candidate.cycles.get(), order=order, paid_on=NOW.date())
    Invoice.objects.create(
        order=order,
        candidate=candidate,
        year=2026,
        sequence=candidate.id,
        number=f"2026-{candidate.id:06}",
        content={"total": "121.00"},
        issued_on=NOW.date(),
        issued_at=NOW,
    )
    StripeEvent.objects.create(
        stripe_id=f"evt_{candidate.id}", kind="charge.refunded", body="{}", received_at=NOW, due_at=NOW
    )
    return order


def paid_order(candidate: Candidate) -> Order:
    order = Order.objects.create(
        candidate=candidate,
        number=f"O-{candidate.id}",
        purpose=Order.Purpose.ADMIN_FEE,
        reference=f"cycle:{candidate.id}",
        status=Order.Status.PAID,
        currency="USD",
        net_cents=10000,
        tax_cents=2100,
        total_cents=12100,
        decision=[],
        created_at=NOW,
        paid_at=NOW,
    )
    OrderLine.objects.create(
        order=order,
        position=1,
        description="Fee",
        net_cents=10000,
        tax_country="BE",
        tax_percent=21,
        tax_cents=2100,
    )
    Payment.objects.create(
        order=order,
        status=Payment.Status.SUCCEEDED,
        amount_cents=12100,
        session_id=f"cs_{candidate.id}",
        created_at=NOW,
        expires_at=NOW,
        next_check_at=NOW,
        paid_at=NOW,
    )
    return order


# ── Who gets in ───────────────────────────────────────────────────────────────────────────────────
def test_every_model_is_registered() -> None:
    assert [model for model in MODELS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("name", ["admin:index", *LISTS])
def test_nobody_but_staff_opens_a_list(
    name: str, client: Client, alice: Candidate, bob: ProviderMember, proctor: SiteMember
) -> None:
    strangers = client.get(reverse(name))
    assert strangers.status_code == HTTPStatus.FOUND
    assert "/login/" in strangers["Location"]
    for user in (alice.user, bob.user, proctor.user):
        assert user is not None
        client.force_login(user)
        assert client.get(reverse(name)).status_code in {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}


def test_staff_sign_in_where_everybody_does(client: Client) -> None:
    found = client.get("/admin/login/?next=/admin/")
    assert found["Location"].startswith("/accounts/login/")


def test_an_act_needs_the_permission_to_change(client: Client, alice: Candidate) -> None:
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_candidate"))
    client.force_login(clerk)
    act = f"/admin/candidates/candidate/{alice.id}/change-contact/"

    assert client.get(f"/admin/candidates/candidate/{alice.id}/change/").status_code == HTTPStatus.OK
    assert client.post(act, {"email": "x@example.org", "time_zone": "UTC"}).status_code == HTTPStatus.FORBIDDEN
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────
def test_every_list_and_every_record_opens_and_asks_the_same_whatever_the_length(
    desk: Client, bob: ProviderMember, proctor: SiteMember
) -> None:
    factories.AgreementFactory.create()

    def asked() -> dict[str, int]:
        counts = {}
        for name in LISTS:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert desk.get(reverse(name)).status_code == HTTPStatus.OK, name
            counts[name] = len(queries)
        return counts

    somebody(bob)
    asked()  # the first time, content types are read
    few = asked()
    for _each in range(3):
        somebody(bob)
    many = asked()

    assert {name: (few[name], many[name]) for name in LISTS if many[name] > few[name]} == {}
    assert max(many.values()) <= 16
    empty = {model._meta.label_lower for model in MODELS if not model._default_manager.exists()}
    assert empty <= {"kernel.nightlyrun", "kernel.clockshift", "credits.recertification", "payments.invoiceseries"}
    for model in MODELS:
        for row in model._default_manager.order_by("pk")[:1]:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
            assert desk.get(reverse(name, args=[row.pk])).status_code == HTTPStatus.OK, name


def test_a_decision_is_told_in_words(desk: Client, bob: ProviderMember) -> None:
    factories.AgreementFactory.create()
    somebody(bob)
    claim = Claim.objects.get(status=Claim.Status.APPROVED)

    page = desk.get(f"/admin/credits/claim/{claim.id}/change/").content.decode()

    assert "You act for the provider that delivered the training." in page
    assert "Filed in time: days since completion 33, limit 90." in page
    assert "&quot;met&quot;" not in page


def test_only_eval_is_added_to_the_policy_and_only_here(desk: Client) -> None:
    policy = desk.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "style-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in desk.get("/catalog/")["Content-Security-Policy"]


@pytest.mark.parametrize("url", ["/admin/", "/admin/credits/claim/", "/admin/catalog/item/add/"])
def test_no_page_holds_what_the_policy_refuses(url: str, desk: Client) -> None:
    page = desk.get(url).content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


def test_the_dashboard_says_what_needs_a_person(desk: Client, bob: ProviderMember) -> None:
    factories.AgreementFactory.create()
    candidate = somebody(bob)
    Claim.objects.filter(status=Claim.Status.RETURNED).update(
        status=Claim.Status.SUBMITTED, answer_due_on=day("2026-05-03")
    )
    Delivery.objects.filter(receiver="mail").update(status=Delivery.Status.FAILED)
    Notice.objects.filter(candidate=candidate).update(status=Notice.Status.BOUNCED, sent_at=NOW)
    StripeEvent.objects.update(received_at=NOW - timedelta(hours=1))
    Refund.objects.update(status=Refund.Status.FAILED, done_at=NOW)

    with CaptureQueriesContext(connection) as queries:
        page = desk.get("/admin/")

    waiting = {task.title: task.count for task in page.context["tasks"]}
    assert waiting["claims past the promised day"] == 1
    assert waiting["notices that came back"] == candidate.notices.count()
    assert waiting["messages of the card service not followed up"] == 1
    assert waiting["refunds that failed"] == 1
    assert waiting["deliveries that failed for good"] >= 1
    assert page.context["revenue"][-1].amount == 12100  # the refund failed, so the money is still here
    assert [bar.amount for bar in page.context["claims"]] == [1, 0, 0, 0]
    assert len(queries) <= 16
    for task in page.context["tasks"]:
        assert desk.get(task.url).status_code == HTTPStatus.OK, task.url


def test_the_dashboard_of_an_empty_portal(desk: Client) -> None:
    page = desk.get("/admin/")
    assert page.context["tasks"] == []
    assert "Nothing: no claim is late" in page.content.decode()


# ── What stays as it is ───────────────────────────────────────────────────────────────────────────
def test_records_are_neither_added_nor_changed_nor_deleted(desk: Client, bob: ProviderMember) -> None:
    factories.AgreementFactory.create()
    somebody(bob)
    for model in MODELS:
        label = model._meta.label_lower
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        if row is None:
            continue
        delete = reverse(f"{base}_delete", args=[row.pk])
        assert desk.post(delete, {"post": "yes"}).status_code == HTTPStatus.FORBIDDEN, label
        assert model._default_manager.filter(pk=row.pk).exists()
        if label not in WRITTEN_BY_STAFF:
            change = reverse(f"{base}_change", args=[row.pk])
            assert desk.post(change, {}).status_code == HTTPStatus.FORBIDDEN, label


@pytest.mark.parametrize("model", [Entry, Event, Attempt, Invoice, Payment, Refund, Claim, Listing, BoardDecision])
def test_there_is_no_form_that_adds_a_record(model: Any, desk: Client) -> None:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    assert desk.get(url).status_code == HTTPStatus.FORBIDDEN


def test_bulk_deletion_is_not_offered(desk: Client, bob: ProviderMember) -> None:
    factories.AgreementFactory.create()
    somebody(bob)
    entries = list(Entry.objects.values_list("id", flat=True))

    desk.post("/admin/credits/entry/", {"action": "delete_selected", "_selected_action": entries, "post": "yes"})

    assert Entry.objects.count() == len(entries)


def test_a_version_in_force_is_not_rewritten(desk: Client) -> None:
    running = factories.AgreementFactory.create()
    coming = factories.AgreementFactory.create(version="2.0", effective_on=day("2027-01-01"))

    def rewrite(agreement: Any) -> int:
        values = {
            "kind": "terms",
            "version": agreement.version,
            "title": "T",
            "text": "New",
            "effective_on": "2027-01-01",
        }
        return desk.post(f"/admin/candidates/agreement/{agreement.id}/change/", values).status_code

    assert rewrite(running) == HTTPStatus.FORBIDDEN
    assert rewrite(coming) == HTTPStatus.FOUND


# ── Acts ──────────────────────────────────────────────────────────────────────────────────────────
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


def test_a_refund_is_requested_once_and_refused_where_an_invoice_stands(desk: Client, alice: Candidate) -> None:
    order = paid_order(alice)
    url = f"/admin/payments/order/{order.id}/refund/"

    assert "USD" in desk.get(url).content.decode()
    for _time in range(2):
        assert desk.post(url, {"reason": "Paid twice elsewhere."}).status_code == HTTPStatus.FOUND
    assert Refund.objects.get().amount_cents == 12100
    assert desk.post(f"/admin/payments/order/{order.id}/cancel/").status_code == HTTPStatus.CONFLICT


def test_a_silent_card_service_changes_nothing(desk: Client, alice: Candidate) -> None:
    order = paid_order(alice)
    payment = order.payments.get()
    Payment.objects.filter(pk=payment.pk).update(status=Payment.Status.OPEN, paid_at=None)

    page = desk.post(f"/admin/payments/payment/{payment.id}/refresh/", {"go": "1"})

    assert "The card service does not answer." in page.content.decode()
    payment.refresh_from_db()
    assert payment.status == Payment.Status.OPEN


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
