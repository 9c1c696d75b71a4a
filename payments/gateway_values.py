"""What the gateway says and is told: frozen values, in the words of the card service, and the two ways a call fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class GatewayUnavailable(Exception):  # noqa: N818 - it says what happened, as Refused does
    """Stripe could not be reached, failed, asked us to wait or does not take our API key: whether the call took
    effect is not known.

    The same call with the same key may be repeated later.
    """


class GatewayRefused(Exception):  # noqa: N818 - it says what happened, as Refused does
    """Stripe understood the call and said no; repeating it gives the same answer.

    `code` is Stripe's error code, or the kind of error where it has none; `message` is for the log and for
    staff.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class InvalidSignature(Exception):  # noqa: N818 - it says what happened, as Refused does
    """What claims to be an event was not signed by Stripe with our secret, or is too old."""


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A line of what is paid: `amount_cents` is the price of one."""

    name: str
    amount_cents: int
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Charge:
    """A successful charge: `created` is the moment of payment, `receipt` the address of Stripe's receipt."""

    id: str
    created: datetime
    cardholder_name: str
    card_brand: str
    card_last4: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Decline:
    """Why the last attempt failed: `code` is the bank's reason where there is one, `message` is for the
    payer.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A hosted checkout. `status` is open, complete or expired, `payment_status` paid or unpaid.

    `url` is empty once it is not open; `charge` is known once it is paid, and only `fetch_checkout` asks for
    it; `last_decline` stands until an attempt succeeds.
    """

    id: str
    url: str
    status: str
    payment_status: str
    payment_intent_id: str
    amount_total_cents: int
    expires_at: datetime
    charge: Charge | None = None
    last_decline: Decline | None = None


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund: `status` is pending, succeeded, failed, requires_action or canceled; `known_by` is its metadata."""

    id: str
    status: str
    amount_cents: int
    known_by: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayDispute:
    """A dispute: what the cardholder asked the bank to take back, and why, in Stripe's words.

    `status` is needs_response, under_review, won, lost, warning_needs_response, warning_under_review or
    warning_closed; `known_by` is the metadata of the payment that it is about. `taken_cents` is what the bank has of
    the money today, `moved` when it last took or gave back some.
    """

    id: str
    status: str
    reason: str
    amount_cents: int
    payment_intent_id: str
    known_by: dict[str, str]
    created: datetime
    respond_by: datetime | None
    taken_cents: int = 0
    moved: datetime | None = None


@dataclass(frozen=True, slots=True)
class BalanceEntry:
    """A movement of Stripe's balance, before the fee that Stripe keeps of it; below zero the money went.

    `kind` is Stripe's word (charge, refund, refund_failure, adjustment, payout ...), `source_id` what it is about,
    `source_type` what that is, `payment_intent_id` and `known_by` what that names as its payment and ours.
    `fees_told_cents` is what Stripe says the fee is made of.
    """

    id: str
    kind: str
    amount_cents: int
    fee_cents: int
    fees_told_cents: int
    currency: str
    created: datetime
    source_id: str = ""
    source_type: str = ""
    payment_intent_id: str = ""
    known_by: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A signed event: `payload` is all of it, `object_id` and `object_type` say what it is about."""

    id: str
    type: str
    object_id: str
    object_type: str
    created: datetime
    payload: dict[str, Any]
