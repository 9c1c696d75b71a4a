"""Every operation of the API is tried by every kind of caller; one that is not in the table fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.db import connection, transaction
from django.test import Client

from candidates.models import ChannelPartner, PartnerMember, User
from candidates.services import request_affiliation, share_certifications
from catalog.models import ProviderMember
from catalog.services import propose_item, register_gathering
from catalog.services.proposals import ProposalForm
from ceportal.kernel import clock
from ceportal.partner_api import jobs, scopes, services
from ceportal.partner_api.callers import Caller
from ceportal.partner_api.models import Job, KeptAnswer
from ceportal.partner_api.webhooks.services import send_test, subscribe
from credits.exam_team import EXAM_TEAM
from credits.services.development import record_authored_items, record_workshop
from credits.services.roster_bulks import hand_in_roster
from exams.services import record_attempt
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.environment import PROJECT
from tests.factories import day
from tests.partner_api.roles import ROLES, ROWS, Row
from tests.partner_api.world import program, registered, with_token

Callers = Mapping[str, Client]
SCHEMA = yaml.safe_load((PROJECT / "docs/api/openapi.yaml").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[tuple[Callers, Mapping[str, Any]]]:
    """The callers, and what stands in the addresses; once for the whole table, as no row leaves anything behind."""
    with (
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        clock.standing_at(TODAY),
        transaction.atomic(),
    ):
        patch.setattr("django.conf.settings.MEDIA_ROOT", str(tmp_path_factory.mktemp("media")))
        yield _populated()
        transaction.set_rollback(True)


def _populated() -> tuple[Callers, Mapping[str, Any]]:
    factories.AgreementFactory.create()
    acme, globex = (
        factories.ProviderMemberFactory.create(provider=factories.ProviderFactory.create(code=code))
        for code in ("acme", "globex")
    )
    item = factories.listed_item(code="ilt-64", provider=acme.provider, sample=True)
    delivery = factories.DeliveryFactory.create(item=item, provider=acme.provider, ends_on=day("2026-06-05"))
    candidate, other = (
        enrolled(factories.CandidateFactory.create(login=True, number=number))
        for number in ("CSCO70000002", "CSCO70000003")
    )
    ProviderMember.objects.filter(pk=acme.pk).update(role=ProviderMember.Role.MANAGER)
    training = ProposalForm(code="workshop-1", title="A workshop", kind="workshop", credits=8)
    proposal = propose_item(member_id=acme.pk, form_key=uuid4(), form=training, now=TODAY)
    roster, _lines = hand_in_roster(
        member_id=acme.pk, delivery_id=delivery.pk, rows=[{"candidate": "CSCO70000001"}], now=TODAY
    )
    claim = handed_in(candidate, item)
    factories.ExamFactory.create(number="350-401")
    factories.CandidateFactory.create(number="CSCO70000001", born=day("1985-04-09"))
    attempt = record_attempt(
        candidate_id=candidate.pk,
        exam_number="350-401",
        taken_on=day("2026-05-01"),
        result="pass",
        reported_by="tests-inc",
        now=TODAY,
    )
    gathering = register_gathering(
        code="live-2026",
        name="Live",
        organiser="live",
        place="Brussels",
        time_zone="Europe/Brussels",
        starts_on=day("2026-06-01"),
        ends_on=day("2026-06-04"),
        now=TODAY,
    )
    report = {"candidate_id": candidate.pk, "staff_id": None, "now": TODAY}
    items = record_authored_items(
        reference="X-1", kind="core", accepted=1, direct=True, accepted_on=day("2026-05-01"), **report
    )
    workshop = record_workshop(reference="W-1", kind="mqc", level="expert", days=1, held_on=day("2026-05-01"), **report)
    expert = candidate.certifications.get()
    link = share_certifications(candidate_id=candidate.pk, certification_ids=[expert.pk], form_key=uuid4(), now=TODAY)
    reseller = PartnerMember.objects.create(
        partner=ChannelPartner.objects.create(code="reseller", name="Reseller"), user=factories.UserFactory.create()
    )
    affiliation = request_affiliation(
        candidate_id=candidate.pk, partner_code="reseller", country=candidate.country, full_time=True, now=TODAY
    )
    editor = factories.UserFactory.create(staff=True)
    provider = registered(scopes.PROVIDER, "acme", responsible=acme.user)
    webhook, _secret = subscribe(
        application_id=provider.credential.application_id,
        url="https://example.org/ce",
        topics=[],
        description="",
        now=TODAY,
    )
    message = send_test(webhook_id=webhook.pk, now=TODAY)
    callers = {
        "stranger": Client(),
        "provider": program(provider),
        "other provider": program(registered(scopes.PROVIDER, "globex", responsible=globex.user)),
        "test partner": program(registered(scopes.TEST_PARTNER, "tests-inc")),
        "organiser": program(registered(scopes.ORGANISER, "live")),
        "exam team": program(registered(scopes.ORGANISER, EXAM_TEAM, responsible=editor)),
        "verifier": program(registered(scopes.VERIFIER, "reseller", responsible=reseller.user)),
        "candidate": _own(candidate.user),
        "other candidate": _own(other.user),
        "staff": Client(),
    }
    callers["staff"].force_login(factories.UserFactory.create(staff=True, second_factor=True))
    return callers, {
        "affiliation": affiliation.pk,
        "certification": expert.number,
        "claim": claim.number,
        "delivery": delivery.pk,
        "evidence": claim.evidence.get().pk,
        "gathering": gathering.code,
        "holder": candidate.name,
        "items": items.pk,
        "job": _job(provider),
        "link": link.token,
        "proposal": proposal.pk,
        "result": attempt.pk,
        "message": message.pk,
        "webhook": message.webhook_id,
        "workshop": workshop.pk,
        "roster": roster.form_key,
    }


def _own(user: User | None) -> Client:
    """Somebody with a token of their own that is allowed everything."""
    assert user is not None
    _token, secret = services.create_personal_token(
        user_id=user.pk, name="all", allowed=list(scopes.OF_CANDIDATES), days=9, now=TODAY
    )
    return with_token(secret)


def _job(issued: services.Issued) -> int:
    application = issued.credential.application
    caller = Caller(f"application:{application.pk}", frozenset(application.scopes), application)
    return jobs.start_job(caller=caller, kind="results", rows=[{}], now=TODAY).pk


def test_every_operation_has_its_row() -> None:
    assert set(ROWS) == set(OPERATIONS)
    for name, row in ROWS.items():
        assert row.method == OPERATIONS[name][0], name
        assert len(row.statuses.split()) == len(ROLES), name


def test_every_scope_opens_something() -> None:
    needed = {
        scope
        for methods in SCHEMA["paths"].values()
        for operation in methods.values()
        for way in operation["security"]
        for scope in way.get("application", []) + way.get("personalToken", [])
    }
    assert needed == set(scopes.ALL)


@pytest.mark.django_db
@pytest.mark.parametrize("operation", ROWS)
def test_each_caller_is_answered_as_the_table_says(operation: str, world: tuple[Callers, Mapping[str, Any]]) -> None:
    callers, things = world
    row = ROWS[operation]

    answered = {role: _status(callers[role], row, things) for role in (*ROLES, "exam team")}

    expected = dict(zip(ROLES, map(int, row.statuses.split()), strict=True))
    assert answered == {**expected, "exam team": row.exam_team or expected["organiser"]}


@pytest.mark.django_db
def test_a_method_that_there_is_not_is_told_so_and_options_are_for_those_who_may_call(
    world: tuple[Callers, Mapping[str, Any]],
) -> None:
    callers, things = world
    roles_of: dict[str, list[dict[str, str]]] = {}
    for row in ROWS.values():
        statuses = dict(zip(ROLES, row.statuses.split(), strict=True))
        roles_of.setdefault(row.address.format(**things), []).append(statuses)

    for address, rows in roles_of.items():
        for role in ("stranger", "verifier", "candidate"):
            no = {row[role] for row in rows} & {"401", "403"}
            expected = int(no.pop()) if no else 200
            assert callers[role].options(address).status_code == expected, (role, address)
        assert callers["stranger"].generic("TRACE", address).status_code == 405, address


@pytest.mark.django_db
def test_a_write_that_is_only_tried_leaves_nothing_behind_but_its_job(
    world: tuple[Callers, Mapping[str, Any]],
) -> None:
    callers, things = world
    before = _written()

    for name, row in ROWS.items():
        if row.method != "GET":
            allowed = [role for role, status in zip(ROLES, row.statuses.split(), strict=True) if status[0] == "2"]
            assert _status(callers[(*allowed, "exam team")[0]], row, things) < 300, name

    changed = {table for table, rows in _written().items() if rows != before[table]}
    of_bulks = {"partner_api_job", "partner_api_jobchunk", "partner_api_keptanswer"}
    assert changed == {"partner_api_call", *of_bulks}
    assert KeptAnswer.objects.count() == Job.objects.filter(dry_run=True).count()


def _written() -> dict[str, str]:
    """What stands in each table, as a number that changes with it."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        asked = (f"SELECT '{name}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" t" for name in tables)
        cursor.execute(" UNION ALL ".join(asked))
        return dict(cursor.fetchall())


def _status(caller: Client, row: Row, things: Mapping[str, Any]) -> int:
    address = row.address.format(**things)
    if row.method == "GET":
        answer = caller.get(address, row.query)
        if answer.streaming:
            assert b"".join(answer.streaming_content)  # read to its end, a file is closed
        return answer.status_code
    headers = {"If-Match": "*", "Idempotency-Key": str(uuid4())}
    return caller.generic(
        row.method,
        f"{address}?dry_run=true",
        json.dumps(row.body),
        content_type="application/json",
        headers=headers,
    ).status_code
