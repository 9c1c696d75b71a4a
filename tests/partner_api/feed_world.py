"""Who is shown the events of the feed's own tests."""

from __future__ import annotations

from collections.abc import Sequence

from ceportal.kernel.models import Event
from ceportal.partner_api.feed import Audience, to_candidate


def shown(events: Sequence[Event]) -> list[Audience]:
    """Each event to the provider it names, and to the candidate, where it has one."""
    to_providers = [
        Audience(event, "provider", event.payload["provider"], "claims:read", str(event.subject_id)) for event in events
    ]
    to_candidates = [
        to_candidate(event, event.candidate_id, scope="me:claims", subject=str(event.subject_id))
        for event in events
        if event.candidate_id
    ]
    return to_providers + to_candidates


told: list[int] = []


def follow() -> None:
    """A follower: notes that it was told."""
    told.append(1)
