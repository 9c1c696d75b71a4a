"""What each call of the API does: look up, ask the domain, answer with the public form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceportal.devstack.cards import payments, sessions
from ceportal.devstack.cards.disputes import move_dispute
from ceportal.devstack.cards.errors import card_declined, invalid, refused
from ceportal.devstack.cards.lists import line_items, page
from ceportal.devstack.cards.money import LEAST_AMOUNT, WHOLE_UNITS, written
from ceportal.devstack.cards.store import Document, Transaction, public
from ceportal.devstack.cards.testcards import BY_METHOD

Body = dict[str, Any]
Values = dict[str, Any]


def retrieve(kind: str, *, param: str = "id") -> Callable[..., Body]:
    """A call that gives one object."""

    def run(tx: Transaction, _values: Values, identifier: str) -> Body:
        return public(tx.get(kind, identifier, param=param))

    return run


def list_of(kind: str) -> Callable[..., Body]:
    """A call that lists objects, of one payment or charge where asked."""

    def run(tx: Transaction, values: Values) -> Body:
        equal = {name: values[name] for name in ("payment_intent", "charge", "status") if name in values}
        return page(tx.select(kind, **equal), values, url=f"/v1/{kind}s")

    return run


def list_sessions(tx: Transaction, values: Values) -> Body:
    """Sessions, by payment intent or by status."""
    equal = {name: values[name] for name in ("payment_intent", "status") if name in values}
    return page(tx.select("checkout.session", **equal), values, url="/v1/checkout/sessions")


def answer_dispute(tx: Transaction, values: Values, identifier: str) -> Body:
    """Hand in evidence: Stripe's test words win the dispute or lose it, whatever else is looked at."""
    dispute = tx.get("dispute", identifier, param="dispute")
    words = values.get("evidence", {}).get("uncategorized_text", "")
    status = {"winning_evidence": "won", "losing_evidence": "lost"}.get(words, "under_review")
    return public(move_dispute(tx, dispute, status=status))


def list_movements(tx: Transaction, values: Values) -> Body:
    """Movements of the balance, of one source, type or currency where asked."""
    equal = {name: values[name] for name in ("source", "type", "currency") if name in values}
    return page(tx.select("balance_transaction", **equal), values, url="/v1/balance_transactions")


def list_events(tx: Transaction, values: Values) -> Body:
    """Events, of some types where asked."""
    types = set(values.get("types", [])) | ({values["type"]} if "type" in values else set())
    events = [event for event in tx.select("event") if not types or event["type"] in types]
    return page(events, values, url="/v1/events")


def list_lines(tx: Transaction, _values: Values, identifier: str) -> Body:
    """The lines of one session."""
    return line_items(tx, identifier)


def create_session(tx: Transaction, values: Values) -> Body:
    """Open a checkout."""
    return public(sessions.create_session(tx, values))


def expire_session(tx: Transaction, _values: Values, identifier: str) -> Body:
    """Close a checkout unpaid."""
    return public(sessions.expire_session(tx, tx.get("checkout.session", identifier)))


def create_intent(tx: Transaction, values: Values) -> Body:
    """Begin a payment, and make it where `confirm` asks for that."""
    amount, currency = values["amount"], values["currency"]
    if amount < LEAST_AMOUNT and currency not in WHOLE_UNITS:
        least = written(LEAST_AMOUNT, currency)
        raise invalid(f"Amount must be at least {least} {currency}", param="amount", code="amount_too_small")
    confirm = values.get("confirm", False)
    if confirm and "payment_method" not in values:
        raise _no_method()
    method = payments.method_named(tx, values["payment_method"]) if "payment_method" in values else None
    intent = payments.create_intent(
        tx,
        amount=amount,
        currency=currency,
        metadata=values.get("metadata", {}),
        description=values.get("description"),
        receipt_email=values.get("receipt_email"),
    )
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        tx.save(intent)
    if confirm and method:
        return _confirm(tx, intent, method, values)
    return public(intent)


def confirm_intent(tx: Transaction, values: Values, identifier: str) -> Body:
    """Make a payment with a test card."""
    intent = _own_intent(tx, identifier, "confirm")
    name = values.get("payment_method") or intent["payment_method"]
    if not name:
        raise _no_method()
    if intent["status"] not in payments.OPEN:
        raise payments.unexpected_state(intent, "confirm")
    return _confirm(tx, intent, payments.method_named(tx, name), values)


def _confirm(tx: Transaction, intent: Document, method: Document, values: Values) -> Body:
    if values.get("off_session") and BY_METHOD[method["_card"]].authenticate:
        intent["status"] = "requires_payment_method"
        tx.save(intent)
        error = {
            "code": "authentication_required",
            "decline_code": "authentication_required",
            "message": "Your card was declined. This transaction requires authentication.",
        }
        raise card_declined(error, payment_intent=public(intent))
    intent = payments.attempt(tx, intent, method, return_url=values.get("return_url"))
    if error := intent["last_payment_error"]:
        raise card_declined(error, payment_intent=public(intent))
    return public(intent)


def cancel_intent(tx: Transaction, values: Values, identifier: str) -> Body:
    """Give up a payment that has not been made."""
    intent = _own_intent(tx, identifier, "cancel")
    return public(payments.cancel_intent(tx, intent, reason=values.get("cancellation_reason")))


def _own_intent(tx: Transaction, identifier: str, verb: str) -> Document:
    intent = tx.get("payment_intent", identifier, param="intent")
    if intent["_session"]:
        raise refused(
            f"You cannot {verb} this PaymentIntent because it was created by a Checkout Session. Expire the "
            "Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    return intent


def _no_method() -> Exception:
    return invalid(
        "You cannot confirm this PaymentIntent because it's missing a payment method. Provide a `payment_method`.",
        param="payment_method",
        code="parameter_missing",
    )


def create_refund(tx: Transaction, values: Values) -> Body:
    """Give money back for a charge, or for the charge of a payment."""
    if "charge" in values:
        charge = tx.get("charge", values["charge"], param="charge")
    elif "payment_intent" in values:
        intent = tx.get("payment_intent", values["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise refused(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        charge = tx.get("charge", intent["latest_charge"])
    else:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if not charge["paid"]:
        raise refused(f"Charge {charge['id']} failed and cannot be refunded.", param="charge")
    refund = payments.create_refund(
        tx,
        charge=charge,
        amount=values.get("amount"),
        reason=values.get("reason"),
        metadata=values.get("metadata", {}),
    )
    return public(refund)
