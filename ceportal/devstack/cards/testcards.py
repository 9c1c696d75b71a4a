"""Stripe's documented test cards: what each does, and the checks made on what a person types.

Source: https://docs.stripe.com/testing (numbers, `pm_card_*` names, error and decline codes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a bank says no: `code` and `decline_code` as in the API, `message` as shown to the payer."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `authenticate` asks for 3-D Secure first; `refund` is the first status of its refunds,
    `refund_fails` sends them back some moments later.

    `dispute` is the reason for which its charges are disputed as soon as they are made.
    """

    number: str
    method: str
    does: str
    brand: str = "visa"
    decline: Decline | None = None
    authenticate: bool = False
    refund: str = "succeeded"
    refund_fails: bool = False
    dispute: str = ""

    @property
    def last4(self) -> str:
        """All that is ever kept of a number."""
        return self.number[-4:]


def _declined(decline_code: str, message: str = "Your card was declined.") -> Decline:
    return Decline("card_declined", decline_code, message)


CARDS = (
    Card("4242424242424242", "pm_card_visa", "The payment succeeds"),
    Card("5555555555554444", "pm_card_mastercard", "The payment succeeds", brand="mastercard"),
    Card("378282246310005", "pm_card_amex", "The payment succeeds", brand="amex"),
    Card("4000000000000002", "pm_card_visa_chargeDeclined", "Declined", decline=_declined("generic_decline")),
    Card(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "Declined: insufficient funds",
        decline=_declined("insufficient_funds", "Your card has insufficient funds."),
    ),
    Card(
        "4000000000009987",
        "pm_card_visa_chargeDeclinedLostCard",
        "Declined: lost card",
        decline=_declined("lost_card"),
    ),
    Card(
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        "Declined: expired card",
        decline=Decline("expired_card", None, "Your card has expired."),
    ),
    Card(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        "Declined: incorrect CVC",
        decline=Decline("incorrect_cvc", None, "Your card's security code is incorrect."),
    ),
    Card(
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        "Declined: processing error",
        decline=Decline(
            "processing_error",
            None,
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    Card(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        "3-D Secure, then success",
        authenticate=True,
    ),
    Card("4000002760003184", "pm_card_authenticationRequired", "3-D Secure, then success", authenticate=True),
    Card(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        "3-D Secure, then declined",
        decline=_declined("generic_decline"),
        authenticate=True,
    ),
    Card("4000000000007726", "pm_card_pendingRefund", "Its refunds stay pending at first", refund="pending"),
    Card("4000000000005126", "pm_card_refundFail", "Its refunds succeed, then fail", refund_fails=True),
    Card("4000000000000259", "pm_card_createDispute", "Paid, then disputed as fraudulent", dispute="fraudulent"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_METHOD = {card.method: card for card in CARDS}
# Older names that Stripe still accepts for the same cards.
BY_METHOD |= {
    "pm_card_chargeDeclined": BY_NUMBER["4000000000000002"],
    "pm_card_chargeDeclinedInsufficientFunds": BY_NUMBER["4000000000009995"],
}

AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    None,
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
    "PaymentMethod to attempt to fulfill this PaymentIntent again.",
)
MOST_YEARS_AHEAD = 50


def digits_of(typed: str) -> str:
    """The number without the spaces and dashes people type."""
    return re.sub(r"[\s-]", "", typed)


def passes_luhn(digits: str) -> bool:
    """The checksum that catches a mistyped digit."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def looks_real(digits: str) -> bool:
    """Whether this could be somebody's card number: the right length and checksum."""
    return re.fullmatch(r"[0-9]{13,19}", digits) is not None and passes_luhn(digits)


def number_problem(typed: str) -> str | None:
    """What is wrong with a card number, in a sentence, or None."""
    digits = digits_of(typed)
    if not digits:
        return "Enter the card number."
    if not re.fullmatch(r"[0-9]+", digits):
        return "A card number has digits only."
    if len(digits) < 13:
        return "The card number is incomplete."
    if not looks_real(digits):
        return "The card number is not valid. Check each digit."
    if digits not in BY_NUMBER:
        return "Only test cards work here. Do not enter a real card."
    return None


def parse_expiry(typed: str) -> tuple[int, int] | None:
    """(month, year) from "12/34", "12 / 2034" or "1234"; None when it is none of these."""
    match = re.fullmatch(r"\s*([0-9]{1,2})\s*[/.-]?\s*((?:20)?[0-9]{2})\s*", typed)
    if not match:
        return None
    month, year = int(match[1]), int(match[2]) % 100 + 2000
    return (month, year) if 1 <= month <= 12 else None


def expiry_problem(typed: str, *, year: int, month: int) -> str | None:
    """What is wrong with an expiry date in the given month of the given year, or None."""
    if not typed.strip():
        return "Enter the expiry date."
    expiry = parse_expiry(typed)
    if expiry is None:
        return "Write the expiry date as month and year, such as 12 / 34."
    if (expiry[1], expiry[0]) < (year, month):
        return "The expiry date is in the past."
    if expiry[1] > year + MOST_YEARS_AHEAD:
        return "The expiry year is too far ahead."
    return None


def cvc_problem(typed: str, *, number: str) -> str | None:
    """What is wrong with a security code for that number, or None."""
    length = 4 if digits_of(number)[:2] in {"34", "37"} else 3
    if not typed.strip():
        return "Enter the security code."
    if not re.fullmatch(rf"[0-9]{{{length}}}", typed.strip()):
        return f"The security code has {length} digits."
    return None
