"""Checkout sessions: opened by the portal, paid on the hosted page, complete or expired once and for all."""

from __future__ import annotations

from typing import Any

from ceportal.devstack.cards.errors import invalid, refused
from ceportal.devstack.cards.money import LEAST_AMOUNT, WHOLE_UNITS, written
from ceportal.devstack.cards.payments import OPEN, attempt, cancel_intent, create_intent
from ceportal.devstack.cards.store import Document, Transaction, new_id
from ceportal.devstack.cards.webhooks import record_event

SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 24 * 3600


def create_session(tx: Transaction, values: dict[str, Any]) -> Document:
    """Open a checkout. Its payment intent is made when somebody first tries to pay."""
    lines = values.get("line_items") or []
    if not lines or not all(line.get("price_data") for line in lines):
        raise invalid(
            "`line_items` with `price_data` are required in `payment` mode.",
            param="line_items",
            code="parameter_missing",
        )
    currencies = {line["price_data"]["currency"] for line in lines}
    if len(currencies) > 1:
        raise invalid("All line items must have the same currency.", param="line_items")
    currency = currencies.pop()
    total = sum(line["price_data"]["unit_amount"] * line["quantity"] for line in lines)
    if total < LEAST_AMOUNT and currency not in WHOLE_UNITS:
        raise invalid(
            "The Checkout Session's total amount due must add up to at least "
            f"{written(LEAST_AMOUNT, currency)} {currency}",
            code="amount_too_small",
        )
    if any("product_data" not in line["price_data"] for line in lines):
        raise invalid("Missing required param: line_items[0][price_data][product_data].", code="parameter_missing")
    identifier = new_id("cs_test", 58)
    return tx.add(
        {
            "id": identifier,
            "object": "checkout.session",
            "amount_subtotal": total,
            "amount_total": total,
            "billing_address_collection": values.get("billing_address_collection"),
            "cancel_url": values.get("cancel_url"),
            "client_reference_id": values.get("client_reference_id"),
            "created": tx.now,
            "currency": currency,
            "customer": None,
            "customer_details": None,
            "customer_email": values.get("customer_email"),
            "expires_at": _expiry(tx, values.get("expires_at")),
            "livemode": False,
            "locale": values.get("locale"),
            "metadata": values.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "status": "open",
            "submit_type": values.get("submit_type"),
            "success_url": values["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": f"{tx.base_url}/c/pay/{identifier}",
            "_lines": [_line(line) for line in lines],
            "_intent": values.get("payment_intent_data", {}),
            "_typed": {},
        }
    )


def _expiry(tx: Transaction, wanted: int | None) -> int:
    if wanted is None:
        return tx.now + LONGEST_SECONDS
    if wanted < tx.now + SHORTEST_SECONDS:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid(message, param="expires_at")
    if wanted > tx.now + LONGEST_SECONDS:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise invalid(message, param="expires_at")
    return wanted


def _line(line: dict[str, Any]) -> dict[str, Any]:
    price = line["price_data"]
    total = price["unit_amount"] * line["quantity"]
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": price["product_data"]["name"],
        "quantity": line["quantity"],
    }


def pay(tx: Transaction, session: Document, method: Document) -> Document:
    """Try to pay an open session with a card; the intent says how it went."""
    if session["payment_intent"] is None:
        data = session["_intent"]
        intent = create_intent(
            tx,
            amount=session["amount_total"],
            currency=session["currency"],
            metadata=data.get("metadata", {}),
            session_id=session["id"],
            description=data.get("description"),
            receipt_email=data.get("receipt_email"),
        )
        session["payment_intent"] = intent["id"]
    else:
        intent = tx.get("payment_intent", session["payment_intent"])
    tx.save(session)
    return attempt(tx, intent, method)


def complete_if_paid(tx: Transaction, session: Document, intent: Document) -> None:
    """Close the session once its payment has succeeded."""
    if session["status"] != "open" or intent["status"] != "succeeded":
        return
    charge = tx.get("charge", intent["latest_charge"])
    billing = charge["billing_details"]
    session |= {
        "customer_details": {**billing, "tax_exempt": "none", "tax_ids": []},
        "payment_status": "paid",
        "status": "complete",
        "url": None,
    }
    tx.save(session)
    record_event(tx, "checkout.session.completed", session)


def expire_session(tx: Transaction, session: Document) -> Document:
    """Close an open session unpaid; nobody can pay it from now on."""
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of {session['status']}."
        )
    if session["payment_intent"]:
        intent = tx.get("payment_intent", session["payment_intent"])
        if intent["status"] in OPEN:
            cancel_intent(tx, intent, reason="abandoned")
    session |= {"status": "expired", "url": None}
    tx.save(session)
    record_event(tx, "checkout.session.expired", session)
    return session


def expire_due(tx: Transaction) -> int:
    """Close every session whose time is over; how many there were."""
    due = [session for session in tx.select("checkout.session", status="open") if session["expires_at"] <= tx.now]
    for session in due:
        expire_session(tx, session)
    return len(due)
