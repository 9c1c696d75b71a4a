"""A running card sandbox for tests (a pytest plugin, named in tests/conftest.py), and what tests do with it.

`cards` is the sandbox, empty and with its switches at rest; `webhook` receives what it delivers; `stripe_client`
is the official SDK; `payments_gateway` is ours, both pointed at it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

PROJECT = Path(__file__).resolve().parents[2]
KEY = "sk_test_cards"
SECRET = "whsec_cards"
PATIENCE_SECONDS = 20.0

CARD_FORM = {
    "email": "ada@example.org",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Ada Lovelace",
    "country": "GB",
}


@dataclass(frozen=True)
class Response:
    """An HTTP answer, redirects not followed."""

    status: int
    headers: Any
    text: str

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    def json(self) -> Any:
        return json.loads(self.text)


def fetch(method: str, url: str, *, body: str = "", headers: dict[str, str] | None = None) -> Response:
    """One HTTP request, as plain as it gets."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body.encode(), headers or {})
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


def post_form(url: str, fields: dict[str, str], *, headers: dict[str, str] | None = None) -> Response:
    """Send a form as a browser does."""
    form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return fetch("POST", url, body=urlencode(fields), headers=form)


@dataclass
class Delivery:
    """What the webhook received."""

    body: bytes
    signature: str

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def type(self) -> str:
        return str(self.event["type"])


@dataclass
class Webhook:
    """An endpoint that keeps what it receives; it answers `statuses` first, then 200."""

    url: str = ""
    received: list[Delivery] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, delivery: Delivery) -> int:
        with self.changed:
            self.received.append(delivery)
            self.changed.notify_all()
            return self.statuses.pop(0) if self.statuses else 200

    def wait_for(self, condition: Callable[[list[Delivery]], bool]) -> list[Delivery]:
        """What has been received once the condition holds; fails after a while."""
        with self.changed:
            done = self.changed.wait_for(lambda: condition(self.received), PATIENCE_SECONDS)
            assert done, f"Only these were delivered: {[item.type for item in self.received]}"
            return list(self.received)

    def wait_for_types(self, *types: str) -> list[Delivery]:
        """What has been received once exactly these types, repetitions included, are there in any order."""
        return self.wait_for(lambda received: sorted(item.type for item in received) == sorted(types))

    def clear(self) -> None:
        with self.changed:
            self.received.clear()
            self.statuses.clear()


@contextmanager
def running_webhook() -> Iterator[Webhook]:
    webhook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(webhook.take(Delivery(body, self.headers["Stripe-Signature"])))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        webhook.url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield webhook
        server.shutdown()
        thread.join()


def command(data: Path, *, port: int = 0, webhook_url: str = "") -> list[str]:
    """How the sandbox is started."""
    options = {
        "--port": str(port),
        "--data": str(data),
        "--webhook": webhook_url,
        "--webhook-secret": SECRET,
        "--secret-key": KEY,
        "--first-wait": "0.05",
        "--merchant": "Example Academy",
    }
    return [sys.executable, "-m", "ceportal.devstack.cards", *(part for pair in options.items() for part in pair)]


@dataclass
class Sandbox:
    """A card sandbox that runs somewhere."""

    url: str

    def state(self) -> dict[str, Any]:
        """Switches, objects, events and deliveries."""
        return dict(fetch("GET", f"{self.url}/_control").json())

    def turn(self, **params: Any) -> dict[str, Any]:
        """Turn switches."""
        body = json.dumps(params)
        answer = fetch("POST", f"{self.url}/_control", body=body, headers={"Content-Type": "application/json"})
        assert answer.status == 200, answer.text
        return dict(answer.json())

    def wait_until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The state once the condition holds; fails after a while."""
        tick = threading.Event()
        for _attempt in range(int(PATIENCE_SECONDS / 0.02)):
            state = self.state()
            if condition(state):
                return state
            tick.wait(0.02)
        raise AssertionError("The sandbox never came to the state the test waits for.")

    def pay(self, page_url: str, **fields: str) -> Response:
        """Open a payment page and send its form."""
        return post_form(page_url, {**CARD_FORM, "token": token_on(fetch("GET", page_url)), **fields})

    def authenticate(self, location: str, decision: str) -> Response:
        """Answer the bank's question."""
        url = f"{self.url}{location}"
        asked = fetch("GET", url)
        assert "Complete authentication" in asked.text
        return post_form(url, {"method": hidden(asked, "method"), "decision": decision})


@dataclass
class Cards(Sandbox):
    """A sandbox process of the tests' own."""

    process: subprocess.Popen[str]
    data: Path


def hidden(page: Response, name: str) -> str:
    """The value of a hidden field."""
    match = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert match, page.text
    return match[1]


def token_on(page: Response) -> str:
    """The token of this copy of the payment form."""
    return hidden(page, "token")


@contextmanager
def running_cards(data: Path, *, port: int = 0, webhook_url: str = "") -> Iterator[Cards]:
    """A sandbox process for as long as the block lasts."""
    with (data / "log").open("a") as log:
        process = subprocess.Popen(
            command(data, port=port, webhook_url=webhook_url),
            cwd=PROJECT,
            env={**os.environ, "DEBUG": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("Card sandbox at http://"), line
            yield Cards(line.split()[-1], process, data)
        finally:
            process.terminate()


@contextmanager
def client_of(cards: Cards, *, key: str = KEY, retries: int = 0, timeout: float = 20) -> Iterator[stripe.StripeClient]:
    """The official SDK on a sandbox."""
    transport = stripe.RequestsClient(timeout=timeout)
    try:
        yield stripe.StripeClient(
            key, base_addresses={"api": cards.url}, max_network_retries=retries, http_client=transport
        )
    finally:
        transport.close()


@pytest.fixture(scope="session")
def _webhook() -> Iterator[Webhook]:
    with running_webhook() as webhook:
        yield webhook


@pytest.fixture(scope="session")
def _cards(tmp_path_factory: pytest.TempPathFactory, _webhook: Webhook) -> Iterator[Cards]:
    with running_cards(tmp_path_factory.mktemp("cards"), webhook_url=_webhook.url) as cards:
        yield cards


@pytest.fixture
def cards(_cards: Cards, _webhook: Webhook) -> Cards:
    """An empty sandbox."""
    _cards.turn(reset="all")
    _webhook.clear()
    return _cards


@pytest.fixture
def webhook(_webhook: Webhook) -> Webhook:
    """Where the sandbox delivers to."""
    return _webhook


@pytest.fixture
def stripe_client(cards: Cards) -> Iterator[stripe.StripeClient]:
    """The official SDK on the sandbox, without retries of its own."""
    with client_of(cards) as client:
        yield client


@pytest.fixture
def payments_gateway(cards: Cards, settings: Any) -> ModuleType:
    """`payments.gateway` on the sandbox."""
    from payments import gateway

    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_BASE = cards.url
    return gateway


def checkout_params(**more: Any) -> dict[str, Any]:
    """What opens a checkout of 300 dollars."""
    line = {
        "price_data": {
            "currency": "usd",
            "unit_amount": 30000,
            "product_data": {"name": "Administrative fee"},
        },
        "quantity": 1,
    }
    return {
        "mode": "payment",
        "line_items": [line],
        "success_url": "http://portal.test/paid/?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://portal.test/cancelled/",
        "client_reference_id": "O-1001",
        "customer_email": "ada@example.org",
        "metadata": {"order": "1001"},
        "payment_intent_data": {"metadata": {"order": "1001"}},
        "submit_type": "pay",
        **more,
    }
