"""The wordings of official messages: one template a kind, in each language that messages are written in."""

from __future__ import annotations

LANGUAGES = [("en", "English"), ("ja", "日本語")]  # each by its own name
