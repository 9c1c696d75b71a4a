"""What this app holds about a person who also acts for a provider (CAND-09)."""

from __future__ import annotations

from datetime import datetime

from candidates.models import Candidate
from catalog.erasure_rules import assess_erasure
from catalog.models import ProviderMember
from ceportal.kernel.decisions import Decision
from ceportal.kernel.personal_data import Area, Part

EXPORTED = (Area("provider", (Part("catalog.ProviderMember", "user__candidate"),)),)


def holds(candidate: Candidate, now: datetime) -> Decision:  # noqa: ARG001 - as every app's
    """Whether the person acts for a provider."""
    acts = ProviderMember.objects.filter(user__candidate=candidate, active=True).exists()
    return assess_erasure(acts_for_provider=acts)
