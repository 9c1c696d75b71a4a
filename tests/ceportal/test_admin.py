"""The administration: who gets in, that every page opens without asking too much, what stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates.models import Candidate, Notice, User
from catalog.models import (
    BoardDecision,
    Listing,
    ProviderMember,
)
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery, Event
from credits.models import Claim, Entry
from exams.models import Attempt, SiteMember
from payments.models import Invoice, Payment, Refund, StripeEvent
from tests import factories
from tests.ceportal.staff_world import NOW, somebody
from tests.factories import day

OURS = ("kernel", "candidates", "catalog", "payments", "exams", "emeritus", "credits")
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
LISTS = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in MODELS]
# What staff write by forms; everything else is read, and changed by services only.
WRITTEN_BY_STAFF = {
    "candidates.user",
    "candidates.track",
    "candidates.agreement",
    "candidates.channelpartner",
    "candidates.partnermember",
    "catalog.provider",
    "catalog.providermember",
    "catalog.item",
    "exams.exam",
    "exams.site",
    "exams.sitemember",
    "exams.sittingpattern",
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


# ── Who gets in ───────────────────────────────────────────────────────────────────────────────────
def test_every_model_is_registered() -> None:
    assert [model for model in MODELS if not admin.site.is_registered(model)] == []


def test_nobody_but_staff_opens_a_list(
    client: Client, alice: Candidate, bob: ProviderMember, proctor: SiteMember
) -> None:
    pages = [reverse(name) for name in ("admin:index", *LISTS)]
    to_login = [client.get(page) for page in pages]
    assert {(each.status_code, each["Location"].split("?")[0]) for each in to_login} == {
        (HTTPStatus.FOUND, reverse("admin:login"))
    }
    for user in (alice.user, bob.user, proctor.user):
        assert user is not None
        client.force_login(user)
        opened = {page: client.get(page).status_code for page in pages}
        assert set(opened.values()) <= {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}, (user, opened)


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
    desk.get(reverse(LISTS[0]))
    ContentType.objects.get_for_models(*MODELS)  # read once in a process, by whoever asks first
    few = asked()
    for _each in range(3):
        somebody(bob)
    many = asked()

    assert {name: (few[name], many[name]) for name in LISTS if many[name] > few[name]} == {}
    assert max(many.values()) <= 16
    empty = {model._meta.label_lower for model in MODELS if not model._default_manager.exists()}
    series = {"payments.invoiceseries", "payments.creditnoteseries"}
    assert empty <= {
        "kernel.nightlyrun",
        "kernel.clockshift",
        "kernel.filetoremove",
        "candidates.staffaccess",
        "credits.recertification",
        *series,
    }
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
    directives = policy.split("; ")
    assert "script-src 'self' 'unsafe-eval'" in directives
    assert "style-src 'self'" in directives
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

    offered = {item["link"] for area in page.context["sidebar_navigation"] for item in area["items"]}
    assert {reverse("admin:candidates_candidate_changelist"), reverse("admin:kernel_nightlyrun_changelist")} <= offered
    waiting = {task.title: task.count for task in page.context["tasks"]}
    assert waiting["claim past the promised day"] == 1
    assert waiting["address that mail comes back from"] == 1
    assert waiting["message of the card service not followed up"] == 1
    assert waiting["refund that failed"] == 1
    assert waiting["deliveries that failed for good"] >= 1
    assert page.context["revenue"][-1].amount == 12100  # the refund failed, so the money is still here
    assert [bar.amount for bar in page.context["claims"]] == [1, 0, 0, 0]
    assert len(queries) <= 25
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


def test_a_published_version_is_not_rewritten(desk: Client) -> None:
    running = factories.AgreementFactory.create()
    coming = factories.AgreementFactory.create(version="2.0", effective_on=day("2027-01-01"), published_at=None)

    def rewrite(agreement: Any) -> int:
        values = {
            "kind": "terms",
            "version": agreement.version,
            "title": "T",
            "text": "New",
            "effective_on": "2027-01-01",
            "translations-TOTAL_FORMS": "0",
            "translations-INITIAL_FORMS": "0",
        }
        return desk.post(f"/admin/candidates/agreement/{agreement.id}/change/", values).status_code

    assert rewrite(running) == HTTPStatus.FORBIDDEN
    assert rewrite(coming) == HTTPStatus.FOUND
