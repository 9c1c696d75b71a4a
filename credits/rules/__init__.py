"""Deciding: pure functions on frozen values (see each module)."""
