"""How fast the ledger is, measured side by side: `make bench`. Nothing in the portal depends on it."""
