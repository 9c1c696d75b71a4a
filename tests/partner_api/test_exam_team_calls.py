"""The exam team's programs report accepted items and workshops and read them; nobody else's do (XDEV-01 to XDEV-03)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates.models import Candidate, StaffAccess, User
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import scopes
from credits.exam_team import EXAM_TEAM
from credits.models import AuthoredItems, Grant, Workshop
from tests import factories
from tests.credits.live_world import holder
from tests.factories import noon
from tests.partner_api.world import program, registered
from tests.reference_data import load_reference

pytestmark = pytest.mark.django_db
NOW = noon("2026-03-20")
ITEMS, WORKSHOPS, EVENTS = "/api/v1/authored-items", "/api/v1/workshops", "/api/v1/events"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    load_reference()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def editor() -> User:
    """A member of the exam team."""
    user = factories.UserFactory.create(is_staff=True)
    user.groups.add(Group.objects.get(name="Exam team"))
    return user


@pytest.fixture
def caller(editor: User) -> Client:
    return program(registered(scopes.ORGANISER, EXAM_TEAM, responsible=editor))


@pytest.fixture
def author() -> Candidate:
    return holder().candidate


def items(author: Candidate, **changed: Any) -> dict[str, Any]:
    report = {"reference": "X-1", "kind": "core", "accepted": 5, "accepted_on": "2026-03-02", "direct": True}
    return {"candidate": author.number, **report, **changed}


def days(author: Candidate, **changed: Any) -> dict[str, Any]:
    report = {"reference": "W-1", "kind": "jta", "level": "professional", "days": 2, "held_on": "2026-03-18"}
    return {"candidate": author.number, **report, **changed}


def post(caller: Client, address: str, body: Any, *, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or str(uuid4())}
    return caller.post(address, json.dumps(body), content_type="application/json", headers=headers)


def unmet(answer: Any) -> list[str]:
    assert answer.status_code == HTTPStatus.CONFLICT
    return [each["clause"] for each in answer.json()["decision"]["findings"] if not each["met"]]


@pytest.mark.parametrize(
    ("address", "report", "model", "topic", "other", "clause", "refused"),
    [
        (ITEMS, items, AuthoredItems, "items_authored", {"accepted": 6}, "XDEV-01", {"direct": False}),
        (WORKSHOPS, days, Workshop, "workshop_recorded", {"days": 1}, "XDEV-03", {"held_on": "2026-03-21"}),
    ],
)
def test_a_report_earns_once_and_what_the_page_would_refuse_is_refused(
    caller: Client,
    author: Candidate,
    editor: User,
    *,
    address: str,
    report: Any,
    model: Any,
    topic: str,
    other: dict[str, Any],
    clause: str,
    refused: dict[str, Any],
) -> None:
    tried = post(caller, f"{address}?dry_run=true", report(author))
    assert (tried.status_code, tried["Dry-Run"]) == (HTTPStatus.CREATED, "true")
    assert unmet(post(caller, address, report(author, **refused)))
    assert not model.objects.exists()

    first, again = (post(caller, address, report(author)) for _time in range(2))
    replayed = [post(caller, address, report(author), key="one") for _time in range(2)][1]

    assert (first.status_code, first.json()) == (HTTPStatus.CREATED, again.json())
    assert (replayed.json(), replayed["Idempotency-Replayed"]) == (first.json(), "true")
    record = model.objects.get()
    assert (record.reported_by, record.credits) == (editor, first.json()["credits"])
    assert {name: first.json()[name] for name in report(author) if name != "direct"} == {
        name: value for name, value in report(author).items() if name != "direct"
    }
    assert first.json()["decision"]["granted"]
    assert caller.get(first["Location"]).json() == first.json()
    assert Grant.objects.get().amount == record.credits
    assert Event.objects.filter(topic=f"credits.{topic}").count() == 1

    assert unmet(post(caller, address, report(author, **other))) == [clause]
    assert unmet(post(caller, address, report(factories.CandidateFactory.create(), reference="new")))[0] == "CE-05"
    misshapen = post(caller, address, {"candidate": "CSCO0", "reference": "x" * 61, "kind": "essay"}).json()["errors"]
    assert {"candidate", "reference", "kind"} < set(misshapen)
    assert caller.get(f"{address}/{record.pk + 1}").status_code == HTTPStatus.NOT_FOUND
    assert caller.patch(f"{address}/{record.pk}").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert (model.objects.count(), Grant.objects.count()) == (1, 1)


def test_nobody_reports_for_themselves(caller: Client, author: Candidate, editor: User) -> None:
    """CE-10: whoever answers for the program is who reports."""
    Candidate.objects.filter(pk=author.pk).update(user=editor)

    assert unmet(post(caller, ITEMS, items(author))) == unmet(post(caller, WORKSHOPS, days(author))) == ["CE-10"]
    assert not Grant.objects.exists()


def test_only_the_exam_teams_program_gets_in_and_as_long_as_its_member_may(
    caller: Client, author: Candidate, editor: User
) -> None:
    outsider = factories.UserFactory.create()
    events_team = factories.UserFactory.create(is_staff=True)
    events_team.groups.add(Group.objects.get(name="Events team"))
    strangers = [
        program(registered(scopes.ORGANISER, tenant, responsible=person))
        for tenant, person in (("live", editor), (EXAM_TEAM, outsider), (EXAM_TEAM, events_team))
    ]
    for stranger in strangers:
        assert [stranger.get(address).status_code for address in (ITEMS, WORKSHOPS)] == [HTTPStatus.FORBIDDEN] * 2
        assert post(stranger, ITEMS, items(author)).status_code == HTTPStatus.FORBIDDEN
        assert post(stranger, WORKSHOPS, days(author)).status_code == HTTPStatus.FORBIDDEN

    group = Group.objects.get(name="Exam team")
    group.permissions.remove(group.permissions.get(codename="add_authoreditems"))
    assert caller.get(ITEMS).status_code == HTTPStatus.OK
    assert post(caller, ITEMS, items(author)).status_code == HTTPStatus.FORBIDDEN
    made = post(caller, WORKSHOPS, days(author))
    assert made.status_code == HTTPStatus.CREATED

    (told,) = caller.get(EVENTS).json()["events"]
    assert (told["type"], told["subject"]) == ("credits.workshop_recorded", str(made.json()["id"]))
    assert told["data"]["reference"] == "W-1"
    seen = StaffAccess.objects.get(user=editor, page=EVENTS)
    assert (seen.candidate_ids, seen.record_ids) == ([author.pk], [told["id"]])
    live, *without = strangers
    assert live.get(EVENTS).json()["events"] == [], "of another organiser, whoever answers for it"
    assert [each.get(EVENTS).status_code for each in without] == [HTTPStatus.FORBIDDEN] * 2

    editor.groups.clear()
    assert caller.get(EVENTS).status_code == HTTPStatus.FORBIDDEN
    refused = caller.get(ITEMS)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "does not belong to it any more" in refused.json()["detail"]
    assert not AuthoredItems.objects.exists()


def test_what_is_on_record_is_narrowed_and_what_is_seen_is_written_down(
    caller: Client, author: Candidate, editor: User
) -> None:
    """CAND-09: as what the team sees in the administration."""
    second = holder().candidate
    made = [
        post(caller, ITEMS, items(author)).json(),
        post(caller, ITEMS, items(second, reference="X-2", kind="associate", accepted_on="2026-03-05")).json(),
    ]
    with CaptureQueriesContext(connection) as few:
        assert caller.get(ITEMS).json()["results"] == made[::-1]
    for asked, found in (
        ({"candidate": author.number}, made[:1]),
        ({"reference": "X-2"}, made[1:]),
        ({"kind": "core"}, made[:1]),
        ({"accepted_from": "2026-03-05"}, made[1:]),
        ({"reported_since": "2026-03-21T00:00:00Z"}, []),
    ):
        assert caller.get(ITEMS, asked).json()["results"] == found
    first_page = caller.get(ITEMS, {"page_size": 1, "fields": "reference"}).json()
    assert first_page["results"] == [{"reference": "X-2"}]
    assert caller.get(first_page["next"]).json()["results"] == [{"reference": "X-1"}]
    assert set(caller.get(ITEMS, {"kind": "essay", "accepted_from": "then"}).json()["errors"]) == {
        "kind",
        "accepted_from",
    }

    for made_up in ("p=abc", "p=%00", "r=1&p=%ED%A0%80"):
        answer = caller.get(ITEMS, {"cursor": b64encode(made_up.encode()).decode()})
        assert (answer.status_code, answer.json()["detail"]) == (HTTPStatus.NOT_FOUND, "Invalid cursor"), made_up

    seen = StaffAccess.objects.filter(user=editor, record_type="credits.authoreditems").order_by("id")
    everybody = sorted((author.pk, second.pk))
    assert (seen[0].candidate_ids, seen[0].page) == (everybody, ITEMS)
    assert seen.last() is not None
    assert seen.last().record_ids == [made[0]["id"]]  # type: ignore[union-attr]  # as was just said

    for number in range(3, 8):
        post(caller, ITEMS, items(author, reference=f"X-{number}"))
    with CaptureQueriesContext(connection) as many:
        assert len(caller.get(ITEMS).json()["results"]) == 7
    assert len(many) == len(few)

    post(caller, WORKSHOPS, days(author))
    for asked, count in (({"level": "professional", "held_from": "2026-03-18"}, 1), ({"level": "expert"}, 0)):
        assert len(caller.get(WORKSHOPS, asked).json()["results"]) == count
