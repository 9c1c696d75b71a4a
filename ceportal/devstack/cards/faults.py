"""The switches: how the sandbox is made to misbehave as a network and a payment service do.

They are rows like everything else, so they hold over a restart, except for calls being held: those are
threads.

Ways a call can fail: `error` (500 before anything is executed), `rate_limit` (429), `refuse` (the balance
does not cover a refund), `hold` (waits, with its key in flight, until released), `lose_answer` (executed,
then the connection closes without a word), `stall` (executed, then silence for some seconds, then the same).
"""

from __future__ import annotations

import threading
from typing import Any

from ceportal.devstack.cards.errors import ApiError, refused
from ceportal.devstack.cards.store import Transaction

WEBHOOK_DEFAULTS: dict[str, Any] = {
    "delay_seconds": 0.0,
    "repeat": 1,
    "reorder": False,
    "paused": False,
    "drop": 0,
}
STALL_SECONDS = 60.0


class AnswerLost(Exception):  # noqa: N818 - it says what happened, as Refused does
    """The call was executed, but the caller never hears; after `seconds` the connection closes."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def webhook_switches(tx: Transaction) -> dict[str, Any]:
    """How events are delivered now. `drop` counts the events still to be dropped; below zero it is all."""
    return {**WEBHOOK_DEFAULTS, **tx.switch("webhooks", {})}


def take_fault(tx: Transaction, *, method: str, path: str) -> dict[str, Any] | None:
    """The fault meant for this call, used up by one."""
    faults: list[dict[str, Any]] = tx.switch("calls", [])
    for fault in faults:
        if path.startswith(fault["path"]) and fault.get("method", method) == method:
            fault["times"] = fault.get("times", 1) - 1
            tx.set_switch("calls", [other for other in faults if other.get("times", 1) > 0])
            return fault
    return None


def fail_before(fault: dict[str, Any]) -> ApiError | None:
    """The error with which a call ends before it is executed, for the modes that do so."""
    if fault["mode"] == "error":
        message = "An unknown error occurred in the card sandbox, as its switches ask."
        return ApiError(500, {"type": "api_error", "message": message})
    if fault["mode"] == "rate_limit":
        message = "Request rate limit exceeded."
        return ApiError(429, {"type": "invalid_request_error", "code": "rate_limit", "message": message})
    return None


def refusal(fault: dict[str, Any] | None) -> ApiError | None:
    """The refusal in which the execution of a call ends, and which its key then repeats."""
    if fault is None or fault["mode"] != "refuse":
        return None
    return refused("Insufficient funds in your Stripe balance to refund this amount.", code="balance_insufficient")


def fail_after(fault: dict[str, Any]) -> AnswerLost | None:
    """How the answer is lost, for the modes that lose it."""
    if fault["mode"] == "lose_answer":
        return AnswerLost(0.0)
    if fault["mode"] == "stall":
        return AnswerLost(fault.get("seconds", STALL_SECONDS))
    return None


class Gate:
    """Calls held back until someone lets them go."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._round = 0
        self._open = True
        self.held = 0

    def wait(self) -> None:
        """Hold this thread until the next release."""
        with self._changed:
            own = self._round
            self.held += 1
            self._changed.wait_for(lambda: self._round != own or not self._open)
            self.held -= 1

    def release(self) -> None:
        """Let go whatever is held now."""
        with self._changed:
            self._round += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let go everything, from now on: the process is ending."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
