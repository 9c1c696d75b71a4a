"""The HTTP server: one thread a request, bound to the loopback, state closed in order when it stops."""

from __future__ import annotations

import json
import logging
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ceportal.devstack.cards import pages
from ceportal.devstack.cards.api import Answer, Api, Call
from ceportal.devstack.cards.checkout import Checkout, Page
from ceportal.devstack.cards.control import Control, read_json
from ceportal.devstack.cards.errors import ApiError
from ceportal.devstack.cards.faults import AnswerLost, Gate
from ceportal.devstack.cards.params import decode
from ceportal.devstack.cards.sessions import expire_due
from ceportal.devstack.cards.store import Store
from ceportal.devstack.cards.webhooks import Courier, Receiver

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
LONGEST_BODY = 1_000_000
READ_WITHIN_SECONDS = 30
HTML = "text/html; charset=utf-8"


class CardServer(ThreadingHTTPServer):
    """The sandbox as a whole."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, port: int, data: Path, receiver: Receiver, merchant: str, secret_key: str = "") -> None:
        super().__init__((HOST, port), Handler)
        self.base_url = f"http://{HOST}:{self.server_port}"
        self.store = Store(data / "cards.sqlite3")
        self.store.base_url = self.base_url
        self.gate = Gate()
        self.stopping = threading.Event()
        self.courier = Courier(self.store, receiver, tick=self._expire)
        self.api = Api(self.store, self.gate, secret_key=secret_key)
        self.checkout = Checkout(self.store, merchant=merchant)
        self.control = Control(self.store, self.gate, self.courier)

    def run(self) -> None:
        """Serve until `shutdown` is called from another thread, then close everything."""
        self.courier.start()
        try:
            self.serve_forever(poll_interval=0.05)
        finally:
            self.stopping.set()
            self.gate.close()
            self.courier.stop()
            self.server_close()
            self.store.close()

    def _expire(self) -> None:
        with self.store.transaction() as tx:
            expire_due(tx)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on the wire."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    """Parses a request, gives it to the part it is for, and writes the answer."""

    server: CardServer
    server_version = "card-sandbox"
    sys_version = ""
    timeout = READ_WITHIN_SECONDS

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """The request line and the status, for the log; never a body."""
        logger.info(format, *args)

    def _serve(self) -> None:
        address = urlsplit(self.path)
        try:
            reply = self._local_only() or self._route(address.path, address.query)
        except AnswerLost as lost:
            self.server.stopping.wait(lost.seconds)
            return
        except ApiError as error:
            reply = _json(error.status, error.body)
        except Exception:
            logger.exception("A request failed: %s %s", self.command, address.path)
            message = "The card sandbox failed; its log says why."
            reply = _json(500, {"error": {"type": "api_error", "message": message}})
        self._write(reply)

    def _local_only(self) -> Reply | None:
        """Nothing is served under another name, nor to a form on somebody else's page."""
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        origin = self.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc != self.headers.get("Host")
        if host not in LOCAL_NAMES or (self.command == "POST" and foreign and origin != "null"):
            return _json(403, {"error": {"type": "invalid_request_error", "message": "Local requests only."}})
        return None

    def _route(self, path: str, query: str) -> Reply:
        if path.startswith("/v1/"):
            return self._api(path, query)
        if path == "/_control":
            return self._control()
        if self.command == "GET" and path == "/":
            return _page(Page(200, self.server.control.page()))
        if self.command == "GET" and path == "/c/style.css":
            return Reply(200, pages.STYLE, {"Content-Type": "text/css", "Cache-Control": "no-cache"})
        match = re.fullmatch(r"/c/(pay|auth|receipt)/([A-Za-z0-9_]+)", path)
        if match:
            return _page(self._checkout(match[1], match[2]))
        return _json(404, {"error": {"type": "invalid_request_error", "message": f"Nothing is at {path}."}})

    def _api(self, path: str, query: str) -> Reply:
        source = self._body().decode() if self.command == "POST" else query
        call = Call(
            method=self.command,
            path=path,
            pairs=parse_qsl(source, keep_blank_values=True),
            authorization=self.headers.get("Authorization", ""),
            idempotency_key=self.headers.get("Idempotency-Key"),
        )
        answer: Answer = self.server.api.answer(call)
        self.server.courier.wake.set()
        headers = {"Request-Id": call.request_id, **answer.headers}
        if call.idempotency_key and self.command == "POST":
            headers["Idempotency-Key"] = call.idempotency_key
        if version := self.headers.get("Stripe-Version"):
            headers["Stripe-Version"] = version
        return _json(answer.status, answer.body, headers)

    def _checkout(self, what: str, identifier: str) -> Page:
        checkout = self.server.checkout
        if what == "receipt":
            return checkout.receipt(identifier)
        if self.command == "GET":
            return checkout.show(identifier) if what == "pay" else checkout.show_authentication(identifier)
        form = dict(parse_qsl(self._body().decode(), keep_blank_values=True))
        decide = checkout.submit if what == "pay" else checkout.decide_authentication
        page = decide(identifier, form)
        self.server.courier.wake.set()
        return page

    def _control(self) -> Reply:
        if self.command == "GET":
            return _json(200, self.server.control.state())
        body = self._body()
        if "json" in self.headers.get("Content-Type", ""):
            try:
                params = read_json(json.loads(body))
            except ValueError:
                params = read_json(None)
        else:
            params = decode(parse_qsl(body.decode(), keep_blank_values=True))
        state = self.server.control.turn(params)
        if "text/html" in self.headers.get("Accept", ""):
            return Reply(303, headers={"Location": "/"})
        return _json(200, state)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            raise ApiError(413, {"type": "invalid_request_error", "message": "The request is too large."})
        return self.rfile.read(int(length))

    def _write(self, reply: Reply) -> None:
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, _one_line(value))
            self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(reply.body)
        except OSError:
            logger.info("The caller had gone before the answer was written: %s", self.path)


def _one_line(value: str) -> str:
    return re.sub(r"[\r\n]", "", value)


def _json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Reply:
    encoded = json.dumps(body, indent=2).encode()
    return Reply(status, encoded, {"Content-Type": "application/json", **(headers or {})})


def _page(page: Page) -> Reply:
    if page.location:
        return Reply(page.status, headers={"Location": page.location, "Cache-Control": "no-store"})
    # Browsers hold the redirect that follows a form against form-action, so the way back must be named there.
    origins = sorted({f"{part.scheme}://{part.netloc}" for part in map(urlsplit, page.leads_to)})
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {' '.join(origins)}"
    )
    headers = {
        "Content-Type": HTML,
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
    }
    return Reply(page.status, page.html.encode(), headers)
