"""What this app holds about a person who also acts for a provider (CAND-09)."""

from __future__ import annotations

from ceportal.kernel.personal_data import Area, Part

EXPORTED = (Area("provider", (Part("catalog.ProviderMember", "user__candidate"),)),)
