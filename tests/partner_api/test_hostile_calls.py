"""What nobody means well by: keys, tags, bodies and names that no honest program sends are answered, never a fault."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ceportal.kernel import clock
from ceportal.partner_api import parsing, scopes, services
from ceportal.partner_api.models import KeptAnswer, Webhook
from tests import factories
from tests.partner_api.world import program, registered

pytestmark = pytest.mark.django_db
WEBHOOKS = "/api/v1/webhooks"
BODY = {"url": "https://hooks.example.org/ce"}


@pytest.fixture
def issued() -> services.Issued:
    return registered(scopes.TEST_PARTNER, "tests-inc")


@pytest.fixture
def caller(issued: services.Issued) -> Client:
    return quiet(program(issued))


def quiet(caller: Client) -> Client:
    """A client that shows faults as they are shown to strangers."""
    caller.raise_request_exception = False
    return caller


def send(caller: Client, method: str = "POST", address: str = WEBHOOKS, body: Any = BODY, **more: Any) -> Any:
    """A request; `type_` is what the body is said to be, the rest are headers."""
    kind = more.pop("type_", "application/json")
    headers = {"Idempotency-Key": uuid4().hex, **{name.replace("_", "-"): value for name, value in more.items()}}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return caller.generic(method, address, raw, content_type=kind, headers=headers)


def statuses(answers: Iterable[Any]) -> list[int]:
    answers = list(answers)
    assert all("problem" in each["Content-Type"] for each in answers if each.status_code >= 400)
    return [each.status_code for each in answers]


# ── Keys ──────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb", "\x7f", "\xad"])
def test_what_can_be_no_key_is_refused(key: str, caller: Client) -> None:
    answer = send(caller, Idempotency_Key=key)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])
    assert not Webhook.objects.exists()


def test_a_key_is_good_for_one_request_of_one_program_and_for_every_token_of_it(
    caller: Client, issued: services.Issued
) -> None:
    key = {"Idempotency_Key": "é, " + "x" * 252}
    made = send(caller, **key)
    webhook = f"{WEBHOOKS}/{made.json()['id']}"
    new = services.rotate_credentials(application_id=issued.credential.application_id, now=clock.now())
    rotated, other = program(new), program(registered(scopes.TEST_PARTNER, "tests-inc"))

    again = send(rotated, **key)
    spaced = send(caller, body=b'{ "url":  "https://hooks.example.org/ce" }', **key)
    elsewhere = [
        send(caller, address=f"{webhook}/secret", **key),
        send(caller, address=f"{WEBHOOKS}?dry_run=false", **key),
        send(caller, body={**BODY, "description": "x"}, **key),
    ]
    of_another = send(other, **key)

    assert statuses([made, again, spaced, *elsewhere, of_another]) == [201, 201, 201, 422, 422, 422, 201]
    assert again.json() == spaced.json() == made.json()
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in of_another
    assert Webhook.objects.count() == 2


def test_a_kept_answer_is_not_given_to_a_program_that_lost_the_scope_meanwhile(
    caller: Client, issued: services.Issued
) -> None:
    key = {"Idempotency_Key": "one"}
    assert send(caller, **key).status_code == 201
    services.allow(application_id=issued.credential.application_id, allowed=["webhooks:read"], now=clock.now())

    refused = send(caller, **key)

    assert refused.status_code == 403
    assert "secret" not in refused.json()


# ── Tags ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_tag_is_compared_as_it_is_and_a_weak_one_is_none(caller: Client) -> None:
    made = send(caller)
    address, tag = f"{WEBHOOKS}/{made.json()['id']}", made["ETag"]

    def change(said: str) -> int:
        return int(send(caller, "PATCH", f"{address}?dry_run=true", {"description": "x"}, If_Match=said).status_code)

    no = {said: change(said) for said in (f"W/{tag}", tag.strip('"'), tag.upper(), '""', '*, "x"', "x" * 9000, "\xff")}
    yes = {said: change(said) for said in (tag, f' "x" , {tag}', "*", " * ")}

    assert set(no.values()) == {412}, no
    assert set(yes.values()) == {200}, yes
    assert change("") == 428


# ── Bodies ────────────────────────────────────────────────────────────────────────────────────────
UNREADABLE = {
    "nested": b"[" * 100_000,
    "nested and closed": b'{"url":' * 900 + b"1" + b"}" * 900,
    "a little too deep": b'{"url":' + b"[" * 40 + b"]" * 40 + b"}",
    "cut off": b'{"url"',
    "not a number": b'{"url": NaN}',
    "a number without end": b'{"url": ' + b"9" * 9000 + b"}",
    "not UTF-8": b'{"url": "\xff"}',
    "UTF-16": json.dumps(BODY).encode("utf-16"),
    "half a character": b'{"url": "\\ud800"}',
    "half a character as a choice": b'{"url": "https://hooks.example.org/", "topics": ["\\uDFFF"]}',
    "a NUL": b'{"url": "https://hooks.example.org/\\u0000"}',
    "a NUL in words": b'{"url": "https://hooks.example.org/", "description": "a\\u0000b"}',
    "a list": b"[1]",
    "nothing": b"null",
    "empty": b"",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read_is_a_problem(body: bytes, caller: Client) -> None:
    assert statuses([send(caller, body=body)]) == [400]
    assert not Webhook.objects.exists() and not KeptAnswer.objects.exists()


def test_what_is_no_json_is_told_so_and_another_method_is_not_meant(
    caller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    multipart, form = "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"
    kinds = ["", "text/plain", multipart, "multipart/form-data; boundary=y", form, "application/json/x", ";;;"]
    assert statuses(send(caller, type_=kind) for kind in kinds) == [415] * len(kinds)
    assert statuses([send(caller, X_HTTP_Method_Override="DELETE", body={**BODY, "_method": "DELETE"})]) == [201]
    monkeypatch.setattr(parsing, "MOST_BYTES", 1000)
    assert statuses([send(caller, body={**BODY, "description": "x" * 1000})]) == [413]
    assert Webhook.objects.count() == 1


# ── What is asked for ─────────────────────────────────────────────────────────────────────────────
def cursor(of: str) -> str:
    return b64encode(of.encode()).decode()


QUERIES = {
    "page_size=0": 200, "page_size=-1": 200, "page_size=1" + "0" * 30: 200, "page_size=%00": 200,
    "nonsense=%00": 200, "%ff=%ff": 200,
    "status=%00": 400, "status=nope": 400, "dry_run=perhaps": 200,
    "format=html": 404, "cursor=%00": 200, "cursor=x": 404, f"cursor={cursor('o=-1')}": 404,
    f"cursor={cursor('p=%00')}": 404, f"cursor={cursor('p=x')}": 404, f"cursor={cursor('r=1&p=1' + '0' * 40)}": 200,
}  # fmt: skip


def test_lists_are_asked_for_in_their_own_words(caller: Client) -> None:
    address = f"{WEBHOOKS}/{send(caller).json()['id']}/deliveries"

    answered = {query: caller.get(f"{address}?{query}") for query in QUERIES}

    assert {query: answer.status_code for query, answer in answered.items()} == QUERIES
    statuses(answered.values())
    accepts = {"text/html": 406, "garbage": 406, "application/json;version=9": 200, "*/*": 200}
    assert {each: caller.get(address, headers={"Accept": each}).status_code for each in accepts} == accepts
    assert statuses([caller.get(f"{address}/"), caller.get(f"{WEBHOOKS}/1" + "0" * 30), caller.head(address)]) == [
        404, 404, 200,
    ]  # fmt: skip


def test_a_name_that_the_database_cannot_be_asked_for_is_nobodys() -> None:
    member = factories.ProviderMemberFactory.create(provider__code="acme")
    provider = quiet(program(registered(scopes.PROVIDER, "acme", responsible=member.user)))

    asked = [
        caller.get(f"/api/v1/claims/{name}") for caller in (provider, quiet(Client())) for name in ("%00", "a%00b")
    ]

    assert statuses(asked) == [404, 404, 401, 401]
    secrets = [f"{each}:x".encode() for each in ("\0", "a\0b")]
    for address in ("/oauth/token", "/oauth/revoke"):
        stranger = quiet(Client(REMOTE_ADDR="192.0.2.44"))
        form = stranger.post(address, {"grant_type": "client_credentials", "client_id": "a\0", "token": "\0"})
        basic = [
            stranger.post(
                address,
                {"grant_type": "client_credentials", "token": "x"},
                headers={"Authorization": f"Basic {b64encode(each).decode()}"},
            )
            for each in secrets
        ]
        assert {(each.status_code, each.json()["error"]) for each in (form, *basic)} == {(400, "invalid_request")}


TOKENS = ["", "x y", "a, Bearer b", "cep_", "cep_\xff", "\xff", "x" * 9000]


def test_what_is_no_token_opens_nothing() -> None:
    stranger = quiet(Client())

    for said in [*(f"Bearer {each}" for each in TOKENS), "Bearer", "Basic eDp5", "Token x"]:
        answer = stranger.get(WEBHOOKS, headers={"Authorization": said})
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"'), said
