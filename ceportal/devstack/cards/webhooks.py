"""Events and their deliveries: signed as Stripe signs them, repeated until the receiver says 2xx.

`record_event` belongs to the transaction that changed something: the event and its deliveries are rows, so a
restart goes on where it was. The courier is a thread that takes the rows that are due, one after the other.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ceportal.devstack.cards.faults import webhook_switches
from ceportal.devstack.cards.store import Document, Store, Transaction, new_id, public

logger = logging.getLogger(__name__)

API_VERSION = "2026-10-28.endive"
# What the webhook is subscribed to; the other types are recorded and can be listed, but not sent.
SENT = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }
)
ANSWER_WITHIN_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 300.0
GIVE_UP_AFTER_SECONDS = 3 * 24 * 3600
TICK_SECONDS = 1.0


def record_event(tx: Transaction, kind: str, subject: Document) -> Document:
    """Write the event and, where the webhook wants it, its deliveries as the switches say."""
    event = tx.add(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": tx.now,
            "data": {"object": public(subject)},
            "livemode": False,
            "pending_webhooks": 1 if kind in SENT else 0,
            "request": {"id": tx.request.id, "idempotency_key": tx.request.idempotency_key},
            "type": kind,
        }
    )
    if kind in SENT:
        switches = webhook_switches(tx)
        dropped = switches["drop"] != 0
        if switches["drop"] > 0:
            tx.set_switch("webhooks", {**switches, "drop": switches["drop"] - 1})
        for _copy in range(1 if dropped else switches["repeat"]):
            add_delivery(tx, event["id"], state="dropped" if dropped else "waiting", delay=switches["delay_seconds"])
    return event


def add_delivery(
    tx: Transaction, event_id: str, *, state: str = "waiting", delay: float = 0.0, forced: bool = False
) -> None:
    """One more delivery of an event; a forced one goes out even while webhooks are paused."""
    now = time.time()
    tx.execute(
        "INSERT INTO deliveries (event, state, forced, created, due) VALUES (?, ?, ?, ?, ?)",
        event_id,
        state,
        int(forced),
        now,
        now + delay,
    )


def signature(body: bytes, *, secret: str, timestamp: int) -> str:
    """The value of `Stripe-Signature`. The time is the real one: the receiver compares it with its own."""
    signed = f"{timestamp}.".encode() + body
    return f"t={timestamp},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where deliveries go. `url` may be empty: then nothing is sent, and deliveries wait."""

    url: str
    secret: str
    first_wait_seconds: float = 1.0

    def post(self, body: bytes) -> str:
        """Deliver once; "200" or another status, or what went wrong on the way."""
        address = urlsplit(self.url)
        connect = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = connect(address.hostname or "", address.port, timeout=ANSWER_WITHIN_SECONDS)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (card sandbox)",
            "Stripe-Signature": signature(body, secret=self.secret, timestamp=int(time.time())),
        }
        path = address.path or "/"
        try:
            connection.request("POST", f"{path}?{address.query}" if address.query else path, body, headers)
            response = connection.getresponse()
            response.read()
            return str(response.status)
        except (OSError, http.client.HTTPException) as problem:
            return f"{type(problem).__name__}: {problem}"
        finally:
            connection.close()


class Courier(threading.Thread):
    """Brings what is due; sleeps until the next is, or until `wake` is set. `tick` runs once a second."""

    def __init__(self, store: Store, receiver: Receiver, *, tick: Callable[[], None]) -> None:
        super().__init__(name="courier", daemon=True)
        self._store = store
        self._receiver = receiver
        self._tick = tick
        self._stopping = False
        self._delivering = threading.Lock()
        self.wake = threading.Event()

    def stop(self) -> None:
        """End after the delivery under way."""
        self._stopping = True
        self.wake.set()
        self.join()

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Between two deliveries: what was under way has ended, nothing new begins inside the block."""
        with self._delivering:
            yield

    def run(self) -> None:
        """The thread's life."""
        while not self._stopping:
            self.wake.clear()
            try:
                self._tick()
                while not self._stopping and self._deliver_next():
                    continue
            except Exception:
                # The thread is all there is to bring events; one bad row must not end it.
                logger.exception("The courier stumbled and goes on.")
            self.wake.wait(self._pause_seconds())

    def _deliver_next(self) -> bool:
        with self._delivering:
            return self._deliver_one()

    def _deliver_one(self) -> bool:
        with self._store.transaction() as tx:
            row = self._next_due(tx)
            if row is None:
                return False
            seq, event_id, attempts, created = row
            event = tx.find(event_id)
        answer = self._receiver.post(json.dumps(event, indent=2).encode())
        with self._store.transaction() as tx:
            self._note(tx, seq, answer=answer, attempts=attempts + 1, created=created)
        return True

    def _next_due(self, tx: Transaction) -> Any:
        if not self._receiver.url:
            return None
        switches = webhook_switches(tx)
        # Reordered is newest first among those that wait; a forced delivery goes before them all.
        direction = -1 if switches["reorder"] else 1
        return tx.execute(
            "SELECT seq, event, attempts, created FROM deliveries WHERE state = 'waiting' AND due <= ?"
            " AND (forced = 1 OR ? = 0) ORDER BY forced DESC, seq * ? LIMIT 1",
            time.time(),
            int(switches["paused"]),
            direction,
        ).fetchone()

    def _note(self, tx: Transaction, seq: int, *, answer: str, attempts: int, created: float) -> None:
        now = time.time()
        if len(answer) == 3 and answer.startswith("2"):
            state = "delivered"
        elif now - created > GIVE_UP_AFTER_SECONDS:
            state = "given_up"
        else:
            state = "waiting"
        wait = min(self._receiver.first_wait_seconds * 2 ** min(attempts - 1, 20), LONGEST_WAIT_SECONDS)
        tx.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, answer = ?, due = ? WHERE seq = ?",
            state,
            attempts,
            answer,
            now + wait,
            seq,
        )

    def _pause_seconds(self) -> float:
        with self._store.transaction() as tx:
            (due,) = tx.execute(
                "SELECT min(due) FROM deliveries WHERE state = 'waiting' AND due > ?", time.time()
            ).fetchone()
        return TICK_SECONDS if due is None else min(max(due - time.time(), 0.0), TICK_SECONDS)
