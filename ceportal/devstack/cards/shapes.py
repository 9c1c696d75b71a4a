"""What each call accepts: the parameters the portal uses and a few neighbours; nothing else is known."""

from __future__ import annotations

from typing import Any

from ceportal.devstack.cards.params import (
    CURRENCY,
    DECIMAL,
    EMAIL,
    FLAG,
    INTEGER,
    METADATA,
    TEXT,
    TEXTS,
    URL,
    Kind,
    Shape,
    one_of,
    positive,
    required,
    validate,
)

EXPAND: Shape = {"expand": TEXTS}
RETRIEVE = EXPAND


def _created(value: Any, name: str) -> Any:
    bounds = {"gt": INTEGER, "gte": INTEGER, "lt": INTEGER, "lte": INTEGER}
    if isinstance(value, dict):
        return validate(value, bounds, inside=name)
    moment = INTEGER.read(value, name)
    return {"gte": moment, "lte": moment}


PAGE: Shape = {
    **EXPAND,
    "limit": positive(),
    "starting_after": TEXT,
    "ending_before": TEXT,
    "created": Kind(_created),
}

CREATE_SESSION: Shape = {
    **EXPAND,
    "mode": required(one_of("payment")),
    "line_items": [
        {
            "price_data": {
                "currency": required(CURRENCY),
                "unit_amount": required(INTEGER),
                "product_data": {"name": required(TEXT), "description": TEXT, "metadata": METADATA},
            },
            "quantity": required(positive()),
        }
    ],
    "success_url": required(URL),
    "cancel_url": URL,
    "client_reference_id": TEXT,
    "customer_email": EMAIL,
    "metadata": METADATA,
    "payment_intent_data": {"metadata": METADATA, "description": TEXT, "receipt_email": EMAIL},
    "payment_method_types": TEXTS,
    "expires_at": INTEGER,
    "locale": TEXT,
    "submit_type": one_of("auto", "book", "donate", "pay"),
    "billing_address_collection": one_of("auto", "required"),
}
LIST_SESSIONS: Shape = {**PAGE, "payment_intent": TEXT, "status": one_of("complete", "expired", "open")}

CREATE_INTENT: Shape = {
    **EXPAND,
    "amount": required(positive()),
    "currency": required(CURRENCY),
    "payment_method": TEXT,
    "payment_method_types": TEXTS,
    "automatic_payment_methods": {"enabled": required(FLAG), "allow_redirects": one_of("always", "never")},
    "confirm": FLAG,
    "off_session": FLAG,
    "return_url": URL,
    "description": TEXT,
    "receipt_email": EMAIL,
    "metadata": METADATA,
}
CONFIRM_INTENT: Shape = {
    **EXPAND,
    "payment_method": TEXT,
    "off_session": FLAG,
    "return_url": URL,
    "receipt_email": EMAIL,
}
CANCEL_INTENT: Shape = {
    **EXPAND,
    "cancellation_reason": one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
}
LIST_INTENTS = PAGE

CREATE_REFUND: Shape = {
    **EXPAND,
    "payment_intent": TEXT,
    "charge": TEXT,
    "amount": positive(),
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": METADATA,
}
UPDATE_DISPUTE: Shape = {**EXPAND, "evidence": {"uncategorized_text": TEXT}, "submit": FLAG}
LIST_REFUNDS: Shape = {**PAGE, "payment_intent": TEXT, "charge": TEXT}
LIST_CHARGES: Shape = {**PAGE, "payment_intent": TEXT}
LIST_MOVEMENTS: Shape = {**PAGE, "source": TEXT, "type": TEXT, "currency": CURRENCY}
LIST_EVENTS: Shape = {**PAGE, "type": TEXT, "types": TEXTS}

CONTROL: Shape = {
    "webhooks": {
        "delay_seconds": DECIMAL,
        "repeat": positive(),
        "reorder": FLAG,
        "paused": FLAG,
        "drop": INTEGER,
    },
    "calls": [
        {
            "path": required(TEXT),
            "method": one_of("GET", "POST"),
            "mode": required(one_of("error", "rate_limit", "refuse", "hold", "lose_answer", "stall")),
            "times": positive(),
            "seconds": DECIMAL,
        }
    ],
    "release": FLAG,
    "redeliver": TEXT,
    "refund": {
        "id": required(TEXT),
        "status": required(one_of("succeeded", "failed")),
    },
    "dispute": {
        "charge": TEXT,
        "reason": one_of("duplicate", "fraudulent", "general", "product_not_received", "unrecognized"),
        "id": TEXT,
        "status": one_of("under_review", "won", "lost", "warning_closed"),
    },
    "clock": {"offset_seconds": required(INTEGER)},
    "reset": one_of("all", "switches"),
}
