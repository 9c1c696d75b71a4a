"""Intents, charges and refunds: what a bank and Stripe do with them, one transaction at a time."""

from __future__ import annotations

import secrets
from typing import Any

from ceportal.devstack.cards.balance import CHARGE, REFUND, RETURNED, charge_fee, record_movement
from ceportal.devstack.cards.disputes import bars_refund, open_dispute
from ceportal.devstack.cards.errors import invalid, refused
from ceportal.devstack.cards.money import written
from ceportal.devstack.cards.store import Document, Transaction, new_id, public
from ceportal.devstack.cards.testcards import AUTHENTICATION_FAILED, BY_METHOD, Card, Decline
from ceportal.devstack.cards.webhooks import record_event

OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
FAILS_AFTER_SECONDS = 1
EXPIRES = {"exp_month": 12, "exp_year": 2034}


def create_intent(
    tx: Transaction,
    *,
    amount: int,
    currency: str,
    metadata: dict[str, str],
    session_id: str | None = None,
    **more: Any,
) -> Document:
    """A payment that nobody has tried to make yet."""
    identifier = new_id("pi")
    return tx.add(
        {
            "id": identifier,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": f"{identifier}_secret_{secrets.token_hex(12)}",
            "confirmation_method": "automatic",
            "created": tx.now,
            "currency": currency,
            "customer": None,
            "description": more.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": metadata,
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card"],
            "receipt_email": more.get("receipt_email"),
            "status": "requires_payment_method",
            "_session": session_id,
        }
    )


def add_method(tx: Transaction, card: Card, *, billing: dict[str, Any], expiry: dict[str, int]) -> Document:
    """A payment method: all that is kept of a card is its brand, its last four digits and its expiry."""
    return tx.add(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing,
            "card": {
                "brand": card.brand,
                "country": "US",
                **expiry,
                "funding": "credit",
                "last4": card.last4,
                "networks": {"available": [card.brand], "preferred": None},
            },
            "created": tx.now,
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_card": card.method,
        }
    )


def method_named(tx: Transaction, name: str) -> Document:
    """The payment method of that id; a `pm_card_*` test name makes a new one, as at Stripe."""
    if card := BY_METHOD.get(name):
        billing = {"address": no_address(), "email": None, "name": None, "phone": None}
        return add_method(tx, card, billing=billing, expiry=EXPIRES)
    return tx.get("payment_method", name, param="payment_method")


def no_address() -> dict[str, str | None]:
    """An address of which nothing is known."""
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def attempt(tx: Transaction, intent: Document, method: Document, *, return_url: str | None = None) -> Document:
    """Try to take the money: it succeeds, it is declined, or the bank wants to see the person first."""
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    if BY_METHOD[method["_card"]].authenticate:
        intent["status"] = "requires_action"
        intent["_return_url"] = return_url
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"{tx.base_url}/c/auth/{intent['id']}", "return_url": return_url},
        }
        tx.save(intent)
        record_event(tx, "payment_intent.requires_action", intent)
        return intent
    return _ask_bank(tx, intent, method)


def authenticate(tx: Transaction, intent: Document, *, passed: bool) -> Document:
    """The person has passed 3-D Secure or failed it; the first answer counts, later ones change nothing."""
    if intent["status"] != "requires_action":
        return intent
    method = tx.get("payment_method", intent["payment_method"])
    if passed:
        return _ask_bank(tx, intent, method)
    return _decline(tx, intent, method, AUTHENTICATION_FAILED, charge=None)


def _ask_bank(tx: Transaction, intent: Document, method: Document) -> Document:
    decline = BY_METHOD[method["_card"]].decline
    charge = _add_charge(tx, intent, method, decline)
    intent["latest_charge"] = charge["id"]
    if decline:
        return _decline(tx, intent, method, decline, charge=charge)
    cents = charge["amount"]
    charge["balance_transaction"] = record_movement(tx, CHARGE, charge, cents, fee=charge_fee(cents))["id"]
    tx.save(charge)
    intent |= {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "next_action": None,
        "status": "succeeded",
    }
    tx.save(intent)
    record_event(tx, "charge.succeeded", charge)
    record_event(tx, "payment_intent.succeeded", intent)
    if reason := BY_METHOD[method["_card"]].dispute:
        open_dispute(tx, charge, reason=reason)
    return intent


def _decline(
    tx: Transaction, intent: Document, method: Document, decline: Decline, *, charge: Document | None
) -> Document:
    error: dict[str, Any] = {
        "type": "card_error" if charge else "invalid_request_error",
        "code": decline.code,
        "message": decline.message,
        "payment_method": public(method),
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    if charge:
        error["charge"] = charge["id"]
        record_event(tx, "charge.failed", charge)
    intent |= {
        "last_payment_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    tx.save(intent)
    record_event(tx, "payment_intent.payment_failed", intent)
    return intent


def _add_charge(tx: Transaction, intent: Document, method: Document, decline: Decline | None) -> Document:
    card = method["card"]
    identifier = new_id("ch")
    authenticated = BY_METHOD[method["_card"]].authenticate
    return tx.add(
        {
            "id": identifier,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0 if decline else intent["amount"],
            "amount_refunded": 0,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "captured": decline is None,
            "created": tx.now,
            "currency": intent["currency"],
            "customer": None,
            "description": intent["description"],
            "disputed": False,
            "failure_code": decline.code if decline else None,
            "failure_message": decline.message if decline else None,
            "livemode": False,
            "metadata": intent["metadata"],
            "outcome": {
                "network_status": "declined_by_network" if decline else "approved_by_network",
                "reason": decline.decline_code or decline.code if decline else None,
                "risk_level": "normal",
                "seller_message": "The bank declined the payment." if decline else "Payment complete.",
                "type": "issuer_declined" if decline else "authorized",
            },
            "paid": decline is None,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {
                "card": {
                    "amount_authorized": intent["amount"],
                    "brand": card["brand"],
                    "country": card["country"],
                    "exp_month": card["exp_month"],
                    "exp_year": card["exp_year"],
                    "funding": card["funding"],
                    "last4": card["last4"],
                    "network": card["brand"],
                    "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if authenticated else None,
                },
                "type": "card",
            },
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": None if decline else f"{tx.base_url}/c/receipt/{identifier}",
            "refunded": False,
            "status": "failed" if decline else "succeeded",
        }
    )


def cancel_intent(tx: Transaction, intent: Document, *, reason: str | None) -> Document:
    """Give up a payment that has not been made."""
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "cancel")
    intent |= {
        "canceled_at": tx.now,
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    tx.save(intent)
    record_event(tx, "payment_intent.canceled", intent)
    return intent


def unexpected_state(intent: Document, verb: str) -> Exception:
    """Stripe's error for a payment that is past what is asked of it."""
    return refused(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=public(intent),
    )


def create_refund(
    tx: Transaction, *, charge: Document, amount: int | None, reason: str | None, metadata: dict[str, str]
) -> Document:
    """Give money back, never more in sum than was paid."""
    if bars_refund(tx, charge):
        raise refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount > left:
        rest = "charge amount" if charge["amount_refunded"] == 0 else "unrefunded amount on charge"
        currency = charge["currency"]
        raise refused(
            f"Refund amount ({written(amount, currency)}) is greater than {rest} ({written(left, currency)})",
            param="amount",
        )
    method = tx.get("payment_method", charge["payment_method"])
    refund = tx.add(
        {
            "id": new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": tx.now,
            "currency": charge["currency"],
            "destination_details": {
                "card": {"type": "refund", "reference_status": "pending"},
                "type": "card",
            },
            "metadata": metadata,
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "receipt_number": None,
            "status": BY_METHOD[method["_card"]].refund,
            "_fails_at": tx.now + FAILS_AFTER_SECONDS if BY_METHOD[method["_card"]].refund_fails else None,
        }
    )
    refund["balance_transaction"] = record_movement(tx, REFUND, refund, -amount)["id"]
    tx.save(refund)
    _count_refunds(tx, charge)
    record_event(tx, "charge.refunded", charge)
    record_event(tx, "refund.created", refund)
    return refund


def fail_due_refunds(tx: Transaction) -> None:
    """Send back the refunds of cards that no longer take money, once it is time."""
    for refund in tx.select("refund", status="succeeded"):
        if refund.get("_fails_at") and refund["_fails_at"] <= tx.now:
            settle_refund(tx, refund, status="failed")


def settle_refund(tx: Transaction, refund: Document, *, status: str) -> Document:
    """The bank took the refund or sent it back; a failed one no longer counts against the charge."""
    if refund["status"] == "failed":
        raise invalid("A refund that failed stays failed.", param="refund[id]")
    refund["status"] = status
    if status == "failed":
        refund["failure_reason"] = "lost_or_stolen_card"
        returned = record_movement(tx, RETURNED, refund, refund["amount"])
        refund["failure_balance_transaction"] = returned["id"]
    tx.save(refund)
    _count_refunds(tx, tx.get("charge", refund["charge"]))
    record_event(tx, "refund.updated", refund)
    if status == "failed":
        record_event(tx, "refund.failed", refund)
    return refund


def _count_refunds(tx: Transaction, charge: Document) -> None:
    refunds = tx.select("refund", charge=charge["id"])
    charge["amount_refunded"] = sum(refund["amount"] for refund in refunds if refund["status"] != "failed")
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tx.save(charge)
