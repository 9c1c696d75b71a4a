"""Servers for a machine that has none (PostgreSQL, Valkey, a card sandbox) and what starts and stops them."""
