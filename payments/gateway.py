"""The only module that speaks Stripe; everything else sees the values of payments.gateway_values.

Money leaves or arrives at most once (PAY-04): the idempotency keys are built from our own primary keys, so a
call that is repeated, because its answer was lost or its task ran twice, meets what the first one did. Stripe
keeps a key for a day and refuses it with other parameters, so a caller must repeat a call with exactly the
values it stored, and look for what it already has before it repeats one that is older.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import stripe
from django.conf import settings

from payments.gateway_values import (
    BalanceEntry,
    Charge,
    CheckoutLine,
    CheckoutSession,
    Decline,
    GatewayDispute,
    GatewayEvent,
    GatewayRefund,
    GatewayRefused,
    GatewayUnavailable,
    InvalidSignature,
)

__all__ = [
    "BalanceEntry",
    "Charge",
    "CheckoutLine",
    "CheckoutSession",
    "Decline",
    "GatewayDispute",
    "GatewayEvent",
    "GatewayRefund",
    "GatewayRefused",
    "GatewayUnavailable",
    "InvalidSignature",
    "balance_of",
    "create_checkout",
    "create_refund",
    "expire_checkout",
    "fetch_checkout",
    "fetch_dispute",
    "fetch_refund",
    "list_balance",
    "list_events",
    "list_refunds",
    "parse_event",
]

# The SDK would otherwise write an identifier into the home folder and report timings of earlier calls.
stripe.enable_telemetry = False

CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
NETWORK_RETRIES = 2
PAGE = 100  # the most that Stripe lists at once
PAID = "paid"
# The events that the webhook is subscribed to, and that the sweep asks for.
FOLLOWED = (
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
)


def create_checkout(
    *,
    payment_key: str,
    order_number: str,
    lines: Sequence[CheckoutLine],
    currency: str,
    email: str,
    success_url: str,
    cancel_url: str,
    metadata: Mapping[str, str],
    expires_at: datetime | None,
) -> CheckoutSession:
    """Open a hosted checkout for one payment; the same `payment_key` always gives the same one.

    `success_url` may hold {CHECKOUT_SESSION_ID}. `expires_at` is 30 minutes to 24 hours ahead, 24 hours when
    None; it is part of what must be repeated unchanged. The metadata, with the order's number, is kept on the
    session and on its payment, so that every movement can be matched (PAY-04).
    """
    known_by = {**metadata, "order_number": order_number}
    params: dict[str, Any] = {
        "mode": "payment",
        "submit_type": "pay",
        "line_items": [_line_item(line, currency) for line in lines],
        "client_reference_id": order_number,
        "customer_email": email,
        "success_url": success_url,
        "cancel_url": cancel_url,
        "metadata": known_by,
        "payment_intent_data": {"metadata": known_by},
    }
    if expires_at is not None:
        params["expires_at"] = int(expires_at.timestamp())
    with _stripe() as client:
        session = client.v1.checkout.sessions.create(
            params,  # type: ignore[arg-type]  # the SDK's TypedDict cannot be built with a condition
            {"idempotency_key": f"checkout:{payment_key}"},
        )
        return _checkout(session)


def fetch_checkout(session_id: str) -> CheckoutSession:
    """The checkout as it is now, with its charge when it is paid and the last decline when it is not."""
    with _stripe() as client:
        session = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent.latest_charge"]})
        return _checkout(session)


def expire_checkout(session_id: str) -> CheckoutSession:
    """Close an open checkout so that nobody can pay it any more. GatewayRefused when it is not open."""
    with _stripe() as client:
        return _checkout(client.v1.checkout.sessions.expire(session_id))


def create_refund(
    *, refund_key: str, payment_intent_id: str, amount_cents: int, metadata: Mapping[str, str]
) -> GatewayRefund:
    """Give back part or all of a payment; the same `refund_key` gives it back once.

    GatewayRefused when more would be given back than was paid, or the balance does not cover it; after a refusal
    only another key can succeed.
    """
    with _stripe() as client:
        refund = client.v1.refunds.create(
            {"payment_intent": payment_intent_id, "amount": amount_cents, "metadata": dict(metadata)},
            {"idempotency_key": f"refund:{refund_key}"},
        )
        return _refund(refund)


def fetch_refund(refund_id: str) -> GatewayRefund:
    """The refund as it is now."""
    with _stripe() as client:
        return _refund(client.v1.refunds.retrieve(refund_id))


def list_refunds(*, payment_intent_id: str) -> list[GatewayRefund]:
    """Everything given back of a payment, by whomever, newest first."""
    with _stripe() as client:
        found = client.v1.refunds.list({"payment_intent": payment_intent_id, "limit": PAGE})
        return [_refund(refund) for refund in found.auto_paging_iter()]


def fetch_dispute(dispute_id: str) -> GatewayDispute:
    """The dispute as it is now."""
    with _stripe() as client:
        dispute = client.v1.disputes.retrieve(dispute_id, {"expand": ["charge"]})
        charge = dispute.charge
        details, moves = dispute.evidence_details, dispute.balance_transactions
        return GatewayDispute(
            id=dispute.id,
            status=dispute.status,
            reason=dispute.reason,
            amount_cents=dispute.amount,
            payment_intent_id=_key_of(dispute.payment_intent),
            known_by=charge.to_dict()["metadata"] if isinstance(charge, stripe.Charge) else {},
            created=_moment(dispute.created),
            respond_by=_moment(details.due_by) if details.due_by else None,
            taken_cents=max(0, -sum(move.amount for move in moves)),
            moved=_moment(max(move.created for move in moves)) if moves else None,
        )


def list_events(*, since: datetime) -> list[GatewayEvent]:
    """What happened since a moment, of the kinds that the portal follows; Stripe keeps events for thirty days."""
    with _stripe() as client:
        found = client.v1.events.list(
            {"types": list(FOLLOWED), "created": {"gte": int(since.timestamp())}, "limit": PAGE}
        )
        return [_event(event.to_dict()) for event in found.auto_paging_iter()]


def list_balance(*, since: datetime, before: datetime, kind: str | None = None) -> list[BalanceEntry]:
    """Every movement of the balance created from a moment until before another, newest first; of one kind if asked."""
    window = {"gte": _second_from(since), "lt": _second_from(before)}
    return _balance({"created": window, **({"type": kind} if kind else {})})


def balance_of(source_id: str) -> list[BalanceEntry]:
    """Every movement of the balance because of one charge, refund or dispute, whenever it was."""
    return _balance({"source": source_id})


def parse_event(*, body: bytes, signature: str) -> GatewayEvent:
    """The event in a webhook's body, once its signature has been verified. Raises InvalidSignature."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        # Anybody can sign with an empty secret.
        raise InvalidSignature("STRIPE_WEBHOOK_SECRET is not set.")
    try:
        stripe.WebhookSignature.verify_header(
            body.decode(), signature, settings.STRIPE_WEBHOOK_SECRET, stripe.Webhook.DEFAULT_TOLERANCE
        )
        return _event(json.loads(body))
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
        raise InvalidSignature(str(error)) from error


@contextmanager
def _stripe() -> Iterator[stripe.StripeClient]:
    """A client for one call, closed after it, with the SDK's errors in our two kinds.

    Calls are few and far between: keeping connections would save little and tie them to threads.
    """
    base = settings.STRIPE_API_BASE
    transport = stripe.RequestsClient(
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        # A sandbox on this machine is not behind the proxy that the way to Stripe may need.
        proxy={"http": None, "https": None} if base else None,
    )
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": base} if base else None,
        max_network_retries=NETWORK_RETRIES,
        http_client=transport,
    )
    try:
        yield client
    except stripe.StripeError as error:
        raise _translated(error) from error
    finally:
        transport.close()  # type: ignore[no-untyped-call]  # the SDK has no types here


def _translated(error: stripe.StripeError) -> GatewayUnavailable | GatewayRefused:
    status = error.http_status
    message = error.user_message or str(error)
    # 401 and 403 are about our API key and not about what was asked; 409 is our own earlier call with the same
    # idempotency key, still under way.
    if status is None or status in {401, 403, 409, 429} or status >= 500 or isinstance(error, stripe.RateLimitError):
        return GatewayUnavailable(message)
    body = error.json_body if isinstance(error.json_body, dict) else {}
    kind = body.get("error", {}).get("type", "")
    return GatewayRefused(message, code=error.code or kind or f"http_{status}")


def _line_item(line: CheckoutLine, currency: str) -> dict[str, Any]:
    price = {
        "currency": currency.lower(),
        "unit_amount": line.amount_cents,
        "product_data": {"name": line.name},
    }
    return {"price_data": price, "quantity": line.quantity}


def _checkout(session: stripe.checkout.Session) -> CheckoutSession:
    intent = session.payment_intent
    expanded = intent if isinstance(intent, stripe.PaymentIntent) else None
    return CheckoutSession(
        id=session.id,
        url=session.url or "",
        status=session.status or "",
        payment_status=session.payment_status,
        payment_intent_id=expanded.id if expanded else str(intent or ""),
        amount_total_cents=session.amount_total or 0,
        expires_at=_moment(session.expires_at),
        charge=_charge(expanded) if expanded and session.payment_status == PAID else None,
        last_decline=_decline(expanded) if expanded else None,
    )


def _charge(intent: stripe.PaymentIntent) -> Charge | None:
    charge = intent.latest_charge
    if not isinstance(charge, stripe.Charge):
        return None
    details = charge.payment_method_details
    card = details.card if details else None
    return Charge(
        id=charge.id,
        created=_moment(charge.created),
        cardholder_name=charge.billing_details.name or "",
        card_brand=(card.brand if card else None) or "",
        card_last4=(card.last4 if card else None) or "",
        receipt=charge.receipt_url or "",
    )


def _decline(intent: stripe.PaymentIntent) -> Decline | None:
    error = intent.last_payment_error
    if error is None:
        return None
    code = getattr(error, "decline_code", None) or getattr(error, "code", None)
    return Decline(code=code or error.type, message=getattr(error, "message", None) or "")


def _refund(refund: stripe.Refund) -> GatewayRefund:
    known_by = refund.to_dict().get("metadata") or {}
    return GatewayRefund(refund.id, status=refund.status or "", amount_cents=refund.amount, known_by=known_by)


def _event(payload: dict[str, Any]) -> GatewayEvent:
    subject = payload["data"]["object"]
    return GatewayEvent(
        id=payload["id"],
        type=payload["type"],
        object_id=subject.get("id", ""),
        object_type=subject["object"],
        created=_moment(payload["created"]),
        payload=payload,
    )


def _balance(asked: dict[str, Any]) -> list[BalanceEntry]:
    with _stripe() as client:
        found = client.v1.balance_transactions.list(
            {**asked, "limit": PAGE, "expand": ["data.source"]}  # type: ignore[arg-type]  # put together above
        )
        return [_balance_entry(entry) for entry in found.auto_paging_iter()]


def _balance_entry(entry: stripe.BalanceTransaction) -> BalanceEntry:
    source = entry.source.to_dict() if isinstance(entry.source, stripe.StripeObject) else {}
    return BalanceEntry(
        id=entry.id,
        kind=entry.type,
        amount_cents=entry.amount,
        fee_cents=entry.fee,
        fees_told_cents=sum(part.amount for part in entry.fee_details),
        currency=entry.currency.upper(),
        created=_moment(entry.created),
        source_id=_key_of(entry.source),
        source_type=source.get("object", ""),
        payment_intent_id=str(source.get("payment_intent") or ""),
        known_by=dict(source.get("metadata") or {}),
    )


def _second_from(moment: datetime) -> int:
    """The first whole second that is not before a moment: Stripe's moments are whole seconds."""
    return math.ceil(moment.timestamp())


def _key_of(reference: object) -> str:
    """The id of something that Stripe names, or gives whole."""
    return str(getattr(reference, "id", reference) or "")


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
