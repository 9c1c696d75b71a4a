"""What changes money: orders, vouchers, payments, refunds, invoices and the messages of the card service.

Nothing here speaks to the card service while it holds locks on orders: a service that must ask writes what it
is about to do, asks, and writes the answer (PAY-04).
"""

from payments.services.code_attempts import counting_codes
from payments.services.details import give_invoice_details
from payments.services.disputes import follow_dispute
from payments.services.inbox import collect_events, process_event, store_event
from payments.services.invoices import issue_invoice, send_credit_note_again, send_invoice_again
from payments.services.orders import cancel_order, open_order, price_order
from payments.services.paying import (
    CardServiceUnavailable,
    follow_payment,
    record_checkout,
    refresh_order,
    refresh_payment,
    start_payment,
    stop_payment,
)
from payments.services.pricing import LineRequest
from payments.services.reconciliation import reconcile_day
from payments.services.refunds import execute_refund, follow_refund, repeat_refund, request_refund
from payments.services.transfers import forfeit_fee, restore_fee
from payments.services.voucher_batches import issue_vouchers, look_at_vouchers
from payments.services.vouchers import (
    find_voucher,
    issue_voucher,
    redeem_voucher,
    use_voucher,
)

__all__ = [
    "CardServiceUnavailable",
    "LineRequest",
    "cancel_order",
    "collect_events",
    "counting_codes",
    "execute_refund",
    "find_voucher",
    "follow_dispute",
    "follow_payment",
    "follow_refund",
    "forfeit_fee",
    "give_invoice_details",
    "issue_invoice",
    "issue_voucher",
    "issue_vouchers",
    "look_at_vouchers",
    "open_order",
    "price_order",
    "process_event",
    "reconcile_day",
    "record_checkout",
    "redeem_voucher",
    "refresh_order",
    "refresh_payment",
    "repeat_refund",
    "request_refund",
    "restore_fee",
    "send_credit_note_again",
    "send_invoice_again",
    "start_payment",
    "stop_payment",
    "store_event",
    "use_voucher",
]
