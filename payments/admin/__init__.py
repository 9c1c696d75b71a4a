"""Money in the administration: read, and moved by services only."""

from payments.admin import orders, papers, reconciliation, transfers, vouchers

__all__ = ["orders", "papers", "reconciliation", "transfers", "vouchers"]
