"""What changes money: orders, payments, refunds, invoices and the messages of the card service.

Nothing here speaks to the card service while it holds locks on orders: a service that must ask writes what it
is about to do, asks, and writes the answer (PAY-04).
"""

from payments.services.inbox import process_event, store_event
from payments.services.invoices import issue_invoice
from payments.services.orders import LineRequest, cancel_order, open_order
from payments.services.paying import (
    CardServiceUnavailable,
    follow_payment,
    record_checkout,
    refresh_order,
    refresh_payment,
    start_payment,
)
from payments.services.refunds import execute_refund, follow_refund, request_refund

__all__ = [
    "CardServiceUnavailable",
    "LineRequest",
    "cancel_order",
    "execute_refund",
    "follow_payment",
    "follow_refund",
    "issue_invoice",
    "open_order",
    "process_event",
    "record_checkout",
    "refresh_order",
    "refresh_payment",
    "request_refund",
    "start_payment",
    "store_event",
]
