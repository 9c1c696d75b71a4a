"""The API under /v1: authentication, idempotency, the calls, lists and expansion.

Idempotency as Stripe documents it: the first answer to a key is given again, a card's refusal included, with
`Idempotent-Replayed: true`; the same key with other parameters is an error, and with the first call still
under way a conflict; what never began to execute is not kept. Keys are forgotten after a day.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ceportal.devstack.cards import calls, shapes
from ceportal.devstack.cards.errors import ApiError, invalid
from ceportal.devstack.cards.faults import Gate, fail_after, fail_before, refusal, take_fault
from ceportal.devstack.cards.lists import expand
from ceportal.devstack.cards.params import Shape, decode, validate
from ceportal.devstack.cards.payments import fail_due_refunds
from ceportal.devstack.cards.sessions import expire_due
from ceportal.devstack.cards.store import Request, Store, Transaction, new_id

KEY_LIVES_SECONDS = 24 * 3600
KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to the API."""

    method: str
    path: str
    pairs: list[tuple[str, str]]
    authorization: str = ""
    idempotency_key: str | None = None
    request_id: str = field(default_factory=lambda: new_id("req", 14))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class Endpoint(NamedTuple):
    """A call: its method, address, parameters and what it does with them."""

    method: str
    path: re.Pattern[str]
    shape: Shape
    run: Callable[..., dict[str, Any]]


def _endpoint(method: str, path: str, shape: Shape, run: Callable[..., dict[str, Any]]) -> Endpoint:
    return Endpoint(method, re.compile("/v1" + path.replace("{id}", "(?P<identifier>[A-Za-z0-9_]+)")), shape, run)


ENDPOINTS = (
    _endpoint("POST", "/checkout/sessions", shapes.CREATE_SESSION, calls.create_session),
    _endpoint("GET", "/checkout/sessions", shapes.LIST_SESSIONS, calls.list_sessions),
    _endpoint("GET", "/checkout/sessions/{id}", shapes.RETRIEVE, calls.retrieve("checkout.session")),
    _endpoint("POST", "/checkout/sessions/{id}/expire", shapes.EXPAND, calls.expire_session),
    _endpoint("GET", "/checkout/sessions/{id}/line_items", shapes.PAGE, calls.list_lines),
    _endpoint("POST", "/payment_intents", shapes.CREATE_INTENT, calls.create_intent),
    _endpoint("GET", "/payment_intents", shapes.LIST_INTENTS, calls.list_of("payment_intent")),
    _endpoint("GET", "/payment_intents/{id}", shapes.RETRIEVE, calls.retrieve("payment_intent", param="intent")),
    _endpoint("POST", "/payment_intents/{id}/confirm", shapes.CONFIRM_INTENT, calls.confirm_intent),
    _endpoint("POST", "/payment_intents/{id}/cancel", shapes.CANCEL_INTENT, calls.cancel_intent),
    _endpoint("POST", "/refunds", shapes.CREATE_REFUND, calls.create_refund),
    _endpoint("GET", "/refunds", shapes.LIST_REFUNDS, calls.list_of("refund")),
    _endpoint("GET", "/refunds/{id}", shapes.RETRIEVE, calls.retrieve("refund")),
    _endpoint("GET", "/disputes", shapes.LIST_CHARGES, calls.list_of("dispute")),
    _endpoint("GET", "/disputes/{id}", shapes.RETRIEVE, calls.retrieve("dispute", param="dispute")),
    _endpoint("POST", "/disputes/{id}", shapes.UPDATE_DISPUTE, calls.answer_dispute),
    _endpoint("GET", "/charges", shapes.LIST_CHARGES, calls.list_of("charge")),
    _endpoint("GET", "/charges/{id}", shapes.RETRIEVE, calls.retrieve("charge")),
    _endpoint("GET", "/balance_transactions", shapes.LIST_MOVEMENTS, calls.list_movements),
    _endpoint("GET", "/balance_transactions/{id}", shapes.RETRIEVE, calls.retrieve("balance_transaction")),
    _endpoint("GET", "/events", shapes.LIST_EVENTS, calls.list_events),
    _endpoint("GET", "/events/{id}", shapes.RETRIEVE, calls.retrieve("event")),
)


class Api:
    """The API on one store. Without a `secret_key` any test key opens it."""

    def __init__(self, store: Store, gate: Gate, *, secret_key: str = "") -> None:
        self._store = store
        self._gate = gate
        self._secret_key = secret_key

    def answer(self, call: Call) -> Answer:
        """Execute a call. Raises AnswerLost where the switches say that its answer gets lost."""
        lost = None
        try:
            self._authenticate(call.authorization)
            with self._store.transaction() as tx:
                fault = take_fault(tx, method=call.method, path=call.path)
            if fault and (error := fail_before(fault)):
                raise error
            lost = fail_after(fault) if fault else None
            answer = self._answer(call, fault)
        except ApiError as error:
            answer = Answer(error.status, error.body)
        if lost:
            raise lost
        return answer

    def _authenticate(self, authorization: str) -> None:
        scheme, _space, key = authorization.partition(" ")
        if scheme != "Bearer" or not key:
            message = (
                "You did not provide an API key. You need to provide your API key in the Authorization "
                "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            )
            raise invalid(message, status=401)
        known = hmac.compare_digest(key.encode(), self._secret_key.encode()) if self._secret_key else True
        if not known or not key.startswith("sk_test_"):
            shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else "*" * len(key)
            raise invalid(f"Invalid API Key provided: {shown}", status=401)

    def _answer(self, call: Call, fault: dict[str, Any] | None) -> Answer:
        endpoint, arguments = _find(call)
        values = validate(decode(call.pairs), endpoint.shape)
        if call.method != "POST" or call.idempotency_key is None:
            if fault and fault["mode"] == "hold":
                self._gate.wait()
            with self._store.transaction(Request(call.request_id)) as tx:
                return _execute(tx, endpoint, values, arguments, fault)
        replay = self._reserve(call)
        if replay:
            return replay
        try:
            if fault and fault["mode"] == "hold":
                self._gate.wait()
            return self._execute_once(call, endpoint, values, arguments, fault)
        except BaseException:
            with self._store.transaction() as tx:
                tx.execute("DELETE FROM answers WHERE key = ? AND status IS NULL", call.idempotency_key)
            raise

    def _reserve(self, call: Call) -> Answer | None:
        """Take the key for this call, or give the answer it already has."""
        key = call.idempotency_key or ""
        if len(key) > KEY_LENGTH:
            raise invalid(f"Idempotency keys can have up to {KEY_LENGTH} characters.")
        fingerprint = hashlib.sha256(json.dumps([call.path, sorted(call.pairs)]).encode()).hexdigest()
        with self._store.transaction() as tx:
            tx.execute("DELETE FROM answers WHERE created < ?", tx.now - KEY_LIVES_SECONDS)
            found = tx.execute(
                "SELECT fingerprint, request_id, status, body FROM answers WHERE key = ?", key
            ).fetchone()
            if found is None:
                tx.execute(
                    "INSERT INTO answers (key, fingerprint, created, request_id) VALUES (?, ?, ?, ?)",
                    key,
                    fingerprint,
                    tx.now,
                    call.request_id,
                )
                return None
        known, request_id, status, body = found
        if known != fingerprint:
            raise _other_parameters(key)
        if status is None:
            raise _in_flight(key)
        return Answer(status, json.loads(body), {"Idempotent-Replayed": "true", "Original-Request": request_id})

    def _execute_once(
        self,
        call: Call,
        endpoint: Endpoint,
        values: dict[str, Any],
        arguments: dict[str, str],
        fault: dict[str, Any] | None,
    ) -> Answer:
        """What is done and the answer to it are written together, so that no crash comes between them."""
        with self._store.transaction(Request(call.request_id, call.idempotency_key)) as tx:
            answer = _execute(tx, endpoint, values, arguments, fault)
            tx.execute(
                "UPDATE answers SET status = ?, body = ? WHERE key = ?",
                answer.status,
                json.dumps(answer.body),
                call.idempotency_key,
            )
        return answer


def _find(call: Call) -> tuple[Endpoint, dict[str, str]]:
    for endpoint in ENDPOINTS:
        match = endpoint.path.fullmatch(call.path)
        if match and endpoint.method == call.method:
            return endpoint, match.groupdict()
    message = (
        f"Unrecognized request URL ({call.method}: {call.path}). The card sandbox speaks only the part of "
        "Stripe's API that the portal uses."
    )
    raise invalid(message, status=404)


def _execute(
    tx: Transaction,
    endpoint: Endpoint,
    values: dict[str, Any],
    arguments: dict[str, str],
    fault: dict[str, Any] | None,
) -> Answer:
    expire_due(tx)
    fail_due_refunds(tx)
    paths = values.pop("expand", [])
    try:
        if refused := refusal(fault):
            raise refused
        return Answer(200, expand(tx, endpoint.run(tx, values, **arguments), paths))
    except ApiError as error:
        if not error.kept:
            raise
        # A refusal is an outcome: what led to it, such as a declined charge, is committed with it.
        return Answer(error.status, error.body)


def _other_parameters(key: str) -> ApiError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, {"type": "idempotency_error", "message": message})


def _in_flight(key: str) -> ApiError:
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably means you "
        f"submitted twice, and the other request is still going through): {key}. Please try again later."
    )
    error = {"type": "invalid_request_error", "code": "idempotency_key_in_use", "message": message}
    return ApiError(409, error)
