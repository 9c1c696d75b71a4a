"""Audits, appeals and reminders in the administration: staff act by services, and only those who may."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from candidates.models import Case
from ceportal.kernel import clock
from credits.models import Appeal, Audit
from credits.services import appeals, audits
from tests import factories
from tests.credits.dispute_world import World, make_world, topics
from tests.factories import noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> Iterator[World]:
    world = make_world(settings, tmp_path)
    with clock.standing_at(noon("2021-04-13")):
        yield world


@pytest.fixture
def desk(client: Client, world: World) -> Client:
    client.force_login(world.dan)
    return client


def test_an_audit_is_opened_asked_for_and_failed(desk: Client, world: World) -> None:
    """CE-12: every act is one service call; a case is opened where staff tick it."""
    claim = world.approved()
    page = f"/admin/credits/claim/{claim.id}"
    for _time in range(2):
        assert desk.post(f"{page}/audit/").status_code == HTTPStatus.FOUND
    audit = Audit.objects.get()
    own = f"/admin/credits/audit/{audit.id}"

    assert desk.post(f"{own}/ask/", {"words": "The roster."}).status_code == HTTPStatus.FOUND
    empty = desk.post(f"{own}/fail/", {"reason": ""})
    assert (empty.status_code, world.claim().status) == (HTTPStatus.OK, "approved")
    assert desk.post(f"{own}/fail/", {"reason": "No such person.", "with_case": "on"}).status_code == HTTPStatus.FOUND

    audit.refresh_from_db()
    assert (audit.status, audit.asked, audit.decided_by) == ("failed", "The roster.", world.dan)
    assert world.claim().status == "voided"
    assert Case.objects.get().clause == "CE-12"
    shown = desk.get(f"{own}/change/").content.decode()
    assert "It is said what was found." in shown
    assert "certificate.pdf" in shown
    assert "audit: failed" in desk.get(f"{page}/change/").content.decode()
    refused = desk.post(f"{page}/audit/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "only approved claims are audited" in refused.content.decode()


def test_an_audit_is_passed(desk: Client, world: World) -> None:
    claim = world.approved()
    audit = audits.open_audit(claim_id=claim.id, staff_id=None, now=world.story.now)
    assert desk.post(f"/admin/credits/audit/{audit.id}/pass/", {"reason": ""}).status_code == HTTPStatus.FOUND
    audit.refresh_from_db()
    assert (audit.status, world.claim().status) == ("passed", "approved")


@pytest.mark.parametrize(
    ("act", "status", "claim"), [("uphold", "upheld", "submitted"), ("dismiss", "dismissed", "rejected")]
)
def test_an_appeal_is_decided(desk: Client, world: World, act: str, status: str, claim: str) -> None:
    rejected = world.rejected()
    appeal = appeals.file_appeal(
        candidate_id=world.story.candidate.id, claim_id=rejected.id, words="It is wrong.", now=world.story.now
    )
    own = f"/admin/credits/appeal/{appeal.id}"
    shown = desk.get(f"{own}/change/").content.decode()
    assert "It is wrong." in shown
    assert "as the roster says" in shown

    assert desk.post(f"{own}/{act}/", {"reason": "So it is."}).status_code == HTTPStatus.FOUND
    appeal.refresh_from_db()
    assert (appeal.status, appeal.decided_by, world.claim().status) == (status, world.dan, claim)
    other = "dismiss" if act == "uphold" else "uphold"
    assert desk.post(f"{own}/{other}/", {"reason": "No."}).status_code == HTTPStatus.CONFLICT


def test_a_provider_is_reminded_from_a_late_claim(desk: Client, world: World) -> None:
    claim = world.story.to("2021-04-12").claim("ilt-40", "2021-04-10")
    url = f"/admin/credits/claim/{claim.id}/remind/"
    assert desk.post(url).status_code == HTTPStatus.CONFLICT
    with clock.standing_at(noon("2021-04-24")):
        for _time in range(2):
            assert desk.post(url).status_code == HTTPStatus.FOUND
    assert topics("credits.provider_reminded") == ["credits.provider_reminded"]


def test_who_may_only_look_does_nothing(client: Client, world: World) -> None:
    """Permissions: acts need those to change audits and appeals, or to add an audit; the candidate gets nowhere."""
    claim = world.approved()
    audit = audits.open_audit(claim_id=claim.id, staff_id=None, now=world.story.now)
    world.rejected("ilt-30", "other")
    appeal = appeals.file_appeal(
        candidate_id=world.story.candidate.id, claim_id=world.claim("other").id, words="No.", now=world.story.now
    )
    acts = [
        (f"/admin/credits/audit/{audit.id}/{act}/", {"reason": "x", "words": "x"}) for act in ("ask", "pass", "fail")
    ]
    acts += [(f"/admin/credits/appeal/{appeal.id}/{act}/", {"reason": "x"}) for act in ("uphold", "dismiss")]
    acts += [(f"/admin/credits/claim/{claim.id}/{act}/", {}) for act in ("audit", "remind")]
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    names = ["view_audit", "view_appeal", "view_claim"]
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=names))

    for user, answers in (
        (clerk, {HTTPStatus.FORBIDDEN}),
        (world.story.candidate.user, {HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}),
    ):
        assert user is not None
        client.force_login(user)
        for url, values in acts:
            found = client.post(url, values)
            assert found.status_code in answers, url
            assert found.status_code != HTTPStatus.FOUND or "/login/" in found["Location"]
    assert (Audit.objects.get().status, Audit.objects.get().asked, Appeal.objects.get().status) == ("open", "", "open")


def test_staff_who_are_the_candidate_are_refused(desk: Client, world: World) -> None:
    """CE-10, CE-12, CAND-02: the refusal is shown with its reasons."""
    claim = world.approved()
    world.story.candidate.user = world.dan
    world.story.candidate.save()
    refused = desk.post(f"/admin/credits/claim/{claim.id}/audit/")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Nobody decides about a claim of their own." in refused.content.decode()
    assert not Audit.objects.exists()
