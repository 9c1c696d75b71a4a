"""Disputes: a cardholder asks the bank to take a charge back, and the bank decides."""

from __future__ import annotations

from ceportal.devstack.cards.balance import DISPUTE_CENTS, REINSTATED, WITHDRAWN, record_movement, told
from ceportal.devstack.cards.errors import invalid
from ceportal.devstack.cards.store import Document, Transaction, new_id
from ceportal.devstack.cards.webhooks import record_event

ANSWER_WITHIN_SECONDS = 7 * 24 * 3600
CLOSED = frozenset({"won", "lost", "warning_closed"})
FOR_THE_PAYEE = frozenset({"won", "warning_closed"})


def open_dispute(tx: Transaction, charge: Document, *, reason: str) -> Document:
    """Take a charge into dispute; one that is disputed is not disputed again."""
    if not charge["paid"] or charge["disputed"]:
        raise invalid(f"Charge {charge['id']} cannot be disputed.", param="dispute[charge]")
    charge["disputed"] = True
    tx.save(charge)
    dispute = tx.add(
        {
            "id": new_id("du"),
            "object": "dispute",
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": tx.now,
            "currency": charge["currency"],
            "evidence_details": {
                "due_by": tx.now + ANSWER_WITHIN_SECONDS,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "needs_response",
        }
    )
    _move(tx, dispute, WITHDRAWN, -dispute["amount"], fee=DISPUTE_CENTS)
    record_event(tx, "charge.dispute.created", dispute)
    record_event(tx, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def move_dispute(tx: Transaction, dispute: Document, *, status: str) -> Document:
    """The bank looks at it, or has decided; what it decided stays."""
    if dispute["status"] in CLOSED:
        raise invalid("A dispute that was decided stays decided.", param="dispute[id]")
    dispute["status"] = status
    tx.save(dispute)
    if status in FOR_THE_PAYEE:
        _move(tx, dispute, REINSTATED, dispute["amount"])
        record_event(tx, "charge.dispute.funds_reinstated", dispute)
    record_event(tx, "charge.dispute.closed" if status in CLOSED else "charge.dispute.updated", dispute)
    return dispute


def _move(tx: Transaction, dispute: Document, word: tuple[str, str], cents: int, *, fee: int = 0) -> None:
    """Take the disputed money from the balance, or give it back; the dispute tells both."""
    movement = record_movement(tx, word, dispute, cents, fee=fee, description=f"Dispute of {dispute['charge']}")
    dispute["balance_transactions"].append(told(movement))
    tx.save(dispute)


def bars_refund(tx: Transaction, charge: Document) -> bool:
    """Whether the bank holds or has taken back the money of a charge, so that it cannot be refunded beside that."""
    return any(dispute["status"] not in FOR_THE_PAYEE for dispute in tx.select("dispute", charge=charge["id"]))
