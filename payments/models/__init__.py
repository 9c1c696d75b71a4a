"""Money: what is owed, what was paid, and the papers about it. Amounts are integer cents.

An *order* asks for money for one purpose; its *lines* carry net and tax. A *voucher* pays the fee of one exam for
the one candidate it was issued to; what it covers of a line is not asked from a card. A *payment* is one attempt to
pay the rest on the card page. A *refund* gives the money of some lines back. An *invoice* follows full payment and
never changes; a *credit note* takes back what it names and was given back since (PAY-02, PAY-03). Whatever moves
is also a *transfer* between two accounts, of which all balances are sums (PAY-04).
"""

from payments.models.cards import Payment, Refund, StripeEvent
from payments.models.disputes import Dispute
from payments.models.orders import Order, OrderLine
from payments.models.papers import CreditNote, CreditNoteSeries, Invoice, InvoiceSeries
from payments.models.reconciliation import Reconciliation, ReconciliationDifference
from payments.models.transfers import Transfer
from payments.models.vouchers import Voucher

__all__ = [
    "CreditNote",
    "CreditNoteSeries",
    "Dispute",
    "Invoice",
    "InvoiceSeries",
    "Order",
    "OrderLine",
    "Payment",
    "Reconciliation",
    "ReconciliationDifference",
    "Refund",
    "StripeEvent",
    "Transfer",
    "Voucher",
]
