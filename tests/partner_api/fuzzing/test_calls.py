"""Every operation of the API is called by schemathesis with each caller's token, over HTTP and a real database.

`make test` goes the same way each time and takes seconds; `make fuzz` goes on for minutes, with a seed that it prints.
"""

from __future__ import annotations

import base64
import copy
import logging
import os
import random
import runpy
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import yaml
from django.core.management import call_command
from requests.adapters import HTTPAdapter
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import scopes
from ceportal.partner_api.models import Job, WebhookAttempt
from tests.credits.provider_world import TODAY
from tests.environment import PROJECT
from tests.partner_api.fuzzing import run
from tests.partner_api.fuzzing.server import serving
from tests.partner_api.fuzzing.world import MARKED, Side, own_address, populate

SCHEMA: dict[str, Any] = yaml.safe_load((PROJECT / "docs/api/openapi.yaml").read_text())
ROLES = ("provider", "test partner", "organiser", "exam team", "verifier", "candidate")
MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))
EXAMPLES = 3
OF_ONE_TEAM = ("/api/v1/authored-items", "/api/v1/workshops")
# What several may call is tried by each of them; where time is short, with every wrong shape by one: who reads the
# shape is the same code for all.
SHAPES_BY = {
    "/api/v1/webhooks": "verifier",
    "/api/v1/events": "verifier",
    "/api/v1/gatherings": "organiser",
    "/api/v1/authored-items": "exam team",
    "/api/v1/workshops": "exam team",
}
# Exams are everybody's, a balance is a number, and events are tried topic by topic (test_feed_topics.py).
OF_NOBODY = {"my_open_exams", "my_credits", "my_results", "events", "my_events", "gathering_attendances"}


@dataclass(frozen=True, slots=True)
class Live:
    """The running portal, and who calls it."""

    address: str
    ours: Side
    theirs: Side


@pytest.fixture(scope="module")
def live(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Live]:
    """The portal with its two sides, for the whole file."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr("django.conf.settings.MEDIA_ROOT", str(tmp_path_factory.mktemp("media")))
        try:
            patch.setattr("ceportal.partner_api.limits.PEOPLE_PER_MINUTE", 1_000_000)  # programs have their own
            patch.setattr("ceportal.partner_api.webhooks.services.MOST", 1_000_000)
            logging.disable(logging.WARNING)  # refusals are what is tried; they cost time to write down
            with clock.standing_at(TODAY):
                ours, theirs = populate()
            with serving(at=TODAY) as address:
                yield Live(address, ours, theirs)
        finally:
            logging.disable(logging.NOTSET)
            # The ids go on, as after any test: what other tests, and the counters of calls, know them by stays apart.
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def of_role(role: str) -> dict[str, Any]:
    """The schema, with the operations that a role's scopes open, and the provider's with those open to everybody."""
    allowed = allowed_to(role)
    raw = copy.deepcopy(SCHEMA)
    for path, methods in list(raw["paths"].items()):
        for method, operation in list(methods.items()):
            needed = needed_by(operation)
            if not needed <= allowed or (not needed and role != "provider"):
                del methods[method]
        if not methods:
            del raw["paths"][path]
    _limit_lists(raw)
    return raw


def allowed_to(role: str) -> frozenset[str]:
    kind = "organiser" if role == "exam team" else role.replace(" ", "_")
    return frozenset(scopes.OF_CANDIDATES) if role == "candidate" else scopes.of_kind(kind)


def needed_by(operation: Mapping[str, Any]) -> set[str]:
    """The scopes that open an operation; none for what is open to everybody."""
    return {scope for way in operation["security"] for scopes_ in way.values() for scope in scopes_}


def shaped_by_another(raw: Mapping[str, Any], role: str) -> list[str]:
    """The operations of a role that another role's token tries with every wrong shape."""
    others = tuple(start for start, by in SHAPES_BY.items() if by != role)
    return [
        operation["operationId"]
        for path, methods in raw["paths"].items()
        for operation in methods.values()
        if path.startswith(others)
    ]


def _limit_lists(part: Any) -> None:
    """Let bulks and choices be small: ten thousand rows, or all countries, find no more faults, and take minutes."""
    if isinstance(part, dict) and "maxItems" in part:
        part["maxItems"] = min(part["maxItems"], 3)
    if isinstance(part, dict) and len(part.get("enum", ())) > 100:
        part["enum"] = part["enum"][::100]
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _limit_lists(each)


def operations_of(raw: Mapping[str, Any]) -> set[str]:
    return {operation["operationId"] for methods in raw["paths"].values() for operation in methods.values()}


def test_every_operation_is_some_roles() -> None:
    raws = {role: of_role(role) for role in ROLES}

    assert set().union(*map(operations_of, raws.values())) == operations_of(SCHEMA)
    wholly = (operations_of(raw) - set(shaped_by_another(raw, role)) for role, raw in raws.items())
    assert set().union(*wholly) == operations_of(SCHEMA)


def test_exactly_what_gives_a_job_leads_to_one() -> None:
    gives, leads = set(), set()
    for methods in SCHEMA["paths"].values():
        for operation in methods.values():
            accepted = operation["responses"].get("202", {"content": {}})
            if operation["operationId"] != "job" and "schemas/Job'" in str(accepted["content"]):
                gives.add(operation["operationId"])
            if "job" in accepted.get("links", {}):
                leads.add(operation["operationId"])

    assert gives == leads and len(gives) == 3


@pytest.mark.django_db
def test_what_belongs_to_the_other_can_be_told(live: Live) -> None:
    """Wherever the second of each reads something of their own, it is marked: so nothing of it goes by unseen."""
    unmarked = set()
    for role, token in live.theirs.tokens.items():
        for path, methods in of_role(role)["paths"].items():
            operation = methods.get("get")
            if operation is None or operation["security"] == [{}] or path.startswith(OF_ONE_TEAM):
                continue
            if any(each.get("required") and each["in"] == "query" for each in operation["parameters"]):
                continue
            answer = requests.get(
                live.address + own_address(path, live.theirs.of(role)),
                headers={"Authorization": f"Bearer {token}"},
                timeout=10,
            )
            if answer.status_code == 200 and not MARKED.search(f"{answer.headers} {answer.text}"):
                unmarked.add(operation["operationId"])

    assert unmarked <= OF_NOBODY, unmarked - OF_NOBODY


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_calls_are_answered_as_the_schema_says(role: str, live: Live) -> None:
    raw = of_role(role)

    seed = int(os.environ.get("FUZZ_SEED") or (random.getrandbits(32) if MINUTES else 1))
    print(f"{role}: seed {seed}")
    began, attempts = time.process_time(), WebhookAttempt.objects.count()
    found = run.fuzz(
        raw,
        address=live.address,
        token=live.ours.tokens[role],
        ours=live.ours.of(role),
        theirs=live.theirs.of(role),
        sees_all=role == "exam team",  # there is one, and what it reads is everybody's
        well_shaped=[] if MINUTES else shaped_by_another(raw, role),
        examples=EXAMPLES,
        seed=seed,
        seconds=int(60 * MINUTES / len(ROLES)) or None,
    )

    print(f"{role}: {found.calls} calls, {time.process_time() - began:.1f} s of CPU, {found.answers}")
    assert not found.wrong, "\n\n".join(f"{where}: {what}" for where, what in found.wrong.items())
    assert set(found.answers) == operations_of(raw)
    assert list(Job.objects.exclude(last_error="").values_list("kind", "last_error")) == []
    assert WebhookAttempt.objects.count() == attempts, "the portal has sent a message itself"


@pytest.mark.django_db
def test_a_token_that_may_not_is_refused_and_nothing_is_done(live: Live) -> None:
    events = Event.objects.count()
    answered = {
        role: set(_refusals(live, token, may=allowed_to(role) if role in ROLES else frozenset()))
        for role, token in {**live.ours.tokens, "nobody": "cep_nobodys"}.items()
    }

    assert answered.pop("nobody") == {(401, run.PROBLEM)}
    assert answered == {role: {(403, run.PROBLEM)} for role in ROLES}
    assert Event.objects.count() == events


def _refusals(live: Live, token: str, *, may: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The answers to each operation that the scopes of a token do not open."""
    headers = {"Authorization": f"Bearer {token}", run.KEY: "may-not", run.MATCH: "*"}
    for path, methods in SCHEMA["paths"].items():
        for method, operation in methods.items():
            if needed_by(operation) <= may:
                continue
            assert "default" in operation["responses"], "the problem that says no is not in the schema"
            address = live.address + own_address(path, live.ours.of("provider"))
            told = requests.request(method, address, headers=headers, json={}, timeout=10)
            yield told.status_code, told.headers["content-type"]


class LosesAnswers(HTTPAdapter):
    """A line on which the answer to the first POST of each address is lost, and the second GET is asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send(request, *args, **kwargs)
        if "/api/" not in (request.url or ""):
            return answer
        self.seen[f"{request.method}"] += 1
        if request.method == "POST" and self.seen["POST"] == 1:
            raise requests.ConnectionError("the answer was lost")
        if request.method == "GET" and self.seen["GET"] == 2:
            answer.status_code = 429
            answer.headers["Retry-After"] = "7"
        return answer


@pytest.mark.django_db
def test_the_example_client_does_what_it_says(live: Live) -> None:
    client = runpy.run_path(str(PROJECT / "docs/examples/ce_portal.py"))
    slept: list[float] = []
    portal = client["Portal"](live.address, *live.ours.credentials, sleep=slept.append)
    portal.session.mount("http://", LosesAnswers())
    run_of = {"item": live.ours.named["item"], "starts_on": "2026-06-01", "ends_on": "2026-06-05", "code": "EX-1"}

    made = portal.post("/api/v1/deliveries", run_of)
    portal._token = "no longer good"  # as after its hour
    codes = [each["code"] for each in portal.pages("/api/v1/deliveries?page_size=1")]
    rows = list(portal.job(f"/api/v1/deliveries/{made.json()['id']}/rosters", [{"candidate": "X"}, {}]))
    first, *_others = told = list(portal.events())

    assert (made.status_code, made.headers["Idempotency-Replayed"]) == (201, "true")
    assert codes.count("EX-1") == 1 and len(codes) > 1
    assert [each["row"] for each in rows] == [1, 2]
    assert 7.0 in slept and len(slept) == 2
    assert "catalog.delivery_scheduled" in {event["type"] for _position, event in told}
    assert list(portal.events(after=first[0])) == told[1:]
    with pytest.raises(client["Problem"], match="404"):
        portal.get(f"/api/v1/claims/{live.theirs.known['claims/{number}']}")


def test_the_example_client_reads_what_the_portal_signed_only() -> None:
    read_webhook = runpy.run_path(str(PROJECT / "docs/examples/ce_portal.py"))["read_webhook"]
    secret, sent_at = "whsec_" + base64.b64encode(b"a secret of both").decode(), clock.now()
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg-1", sent_at, '{"type": "a"}'),
    }

    assert read_webhook(b'{"type": "a"}', headers, secret=secret) == {"type": "a"}
    with pytest.raises(WebhookVerificationError):
        read_webhook(b'{"type": "b"}', headers, secret=secret)
