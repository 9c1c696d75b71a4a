"""Statements and receipts, signed and set, and the checks that prove the ledger."""
