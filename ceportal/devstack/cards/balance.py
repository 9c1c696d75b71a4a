"""The balance: every movement of it, with the fee that Stripe keeps, as its balance transactions tell them.

Charges and refunds, refunds that a bank sent back, and what a dispute withdraws and gives back. The fees are those of
Stripe's price list in the United States; payouts are not played.
"""

from __future__ import annotations

from typing import Any

from ceportal.devstack.cards.store import Document, Transaction, new_id, public

# 2.9 % and 30 cents of a charge, 15 dollars of a dispute; nothing of a refund, and nothing comes back.
CHARGE_PER_MILLE, CHARGE_CENTS, DISPUTE_CENTS = 29, 30, 1500
AVAILABLE_AFTER_SECONDS = 2 * 24 * 3600
# Stripe's word for a movement, and the heading under which its reports sum it.
CHARGE, REFUND, RETURNED = ("charge", "charge"), ("refund", "refund"), ("refund_failure", "refund_failure")
WITHDRAWN, REINSTATED = ("adjustment", "dispute"), ("adjustment", "dispute_reversal")


def charge_fee(cents: int) -> int:
    """What Stripe keeps of a charge of so many cents, rounded half up."""
    return (cents * CHARGE_PER_MILLE + 500) // 1000 + CHARGE_CENTS


def record_movement(
    tx: Transaction, word: tuple[str, str], source: Document, cents: int, *, fee: int = 0, description: str = ""
) -> Document:
    """Keep that so many cents came to the balance, below zero: went from it, because of a charge, refund or dispute."""
    kind, category = word
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": source["currency"],
            "description": "Dispute fee" if category == "dispute" else "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return tx.add(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": cents,
            "available_on": tx.now + AVAILABLE_AFTER_SECONDS,
            "balance_type": "payments",
            "created": tx.now,
            "currency": source["currency"],
            "description": description or None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": cents - fee,
            "reporting_category": category,
            "source": source["id"],
            "status": "pending",
            "type": kind,
        }
    )


def told(movement: Document) -> dict[str, Any]:
    """A movement as disputes show it, whole."""
    return public(movement)
